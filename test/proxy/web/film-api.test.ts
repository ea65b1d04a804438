// Films over HTTP: for those whom the policies let watch, page by page, also under another bundle; for everybody
// else the session does not exist.
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { gatewayFilms } from '../../../proxy/gateway-films.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import { BASE, commandRecord, emptyDirectory, recorded } from '../recording/sample-record.js'
import { DENY, OPENED, recordingsOf } from '../replay/film-lab.js'
import { webWorld } from './world.js'

const EVIL = '</script><img src=x onerror=alert(1)>\u001b[2J\u202e'
const COMMANDS = 25

// The agent acts for the engineer, and is the same subject.
async function world(t: Test, subject = 'engineer') {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  const films = gatewayFilms(
    directory,
    recordingsOf([
      { at: 0, kind: 'command', command: 1, text: EVIL },
      { at: 1, kind: 'columns', command: 1, columns: [{ name: EVIL, type: 25 }] },
      { at: 2, kind: 'rows', command: 1, rows: [['x'.repeat(10_000)], [EVIL], [null]] },
      { at: 3, kind: 'done', command: 1, tag: 'SELECT 3' },
    ]),
    5_000_000,
  )
  const web = await webWorld(t, films)
  const identity = { ...BASE.identity, issuer: web.settings.issuer, subject }
  recorder.session({ session: 's1', ...OPENED, identity })
  for (let n = 1; n <= COMMANDS; n++) {
    const changes = n % 5 === 0 ? { go: false, decision: DENY } : {}
    await recorded(recorder, commandRecord(n, { text: EVIL, ...changes }))
    if (n % 5 !== 0) recorder.outcome({ session: 's1', command: n, result: 'done', rows: n })
  }
  await recorder.close()
  web.sessions.session({ session: 's1', ...OPENED, identity }, 0)
  return { ...web, directory }
}

type Page = {
  readonly session: { readonly commands: number }
  readonly entries: readonly {
    readonly command: number
    readonly text: string
    readonly frames: readonly unknown[]
    readonly facts?: object
  }[]
  readonly next?: number
}

t.test('page by page to the end, each command once', async (t) => {
  const { call, tokens } = await world(t)
  const seen: number[] = []
  let from: number | undefined = 1
  while (from !== undefined) {
    const { status, json } = await call(
      `/api/sessions/s1/film?from=${from}&limit=10`,
      tokens.engineer,
    )
    t.equal(status, 200)
    const page = json as unknown as Page
    seen.push(...page.entries.map(({ command }) => command))
    t.ok(page.entries.length <= 10)
    t.equal(page.session.commands, COMMANDS)
    from = page.next
  }
  t.same(
    seen,
    Array.from({ length: COMMANDS }, (_, i) => i + 1),
  )
})

t.test('texts and values go out as JSON and as nothing else', async (t) => {
  const { call, tokens } = await world(t)
  const { headers, json, text } = await call('/api/sessions/s1/film?limit=1', tokens.engineer)
  t.match(headers.get('content-type'), /^application\/json/)
  t.equal(headers.get('x-content-type-options'), 'nosniff')
  t.equal(headers.get('cache-control'), 'no-store')
  const [first] = (json as unknown as Page).entries
  t.equal(first?.text, EVIL)
  t.match(first?.facts, { version: 1 })
  t.match(first?.frames, [{}, {}, { kind: 'rows', rows: [[/^x+$/], [EVIL], [null]] }, {}])
  t.ok(text.length < 100_000)
})

t.test('in brief neither facts nor what was seen', async (t) => {
  const { call, tokens } = await world(t)
  const { json } = await call('/api/sessions/s1/film?brief=true&limit=2000', tokens.engineer)
  const { entries } = json as unknown as Page
  t.equal(entries.length, COMMANDS)
  t.ok(entries.every((entry) => entry.facts === undefined && entry.frames.length === 0))
})

t.test('nobody else’s session: neither to see nor to know of', async (t) => {
  const { call, tokens } = await world(t, 'carol')
  const unknown = await call('/api/sessions/nobody/film', tokens.agent)
  const others = await call('/api/sessions/s1/film', tokens.agent)
  t.equal(unknown.status, 404)
  t.equal(others.status, 404)
  t.same(
    { ...others.json, detail: String(others.json['detail']).replace('s1', 'nobody') },
    unknown.json,
  )
  const reviewer = await call('/api/sessions/s1/film', tokens.approver)
  t.equal(reviewer.status, 403, 'may see that there was one, and not watch it')
  t.equal((await call('/api/sessions/s1/film')).status, 401)
})

t.test('a session that is in no list any more is found in the record, for its owner', async (t) => {
  const { call, tokens, directory, settings } = await world(t)
  const recorder = await createRecorder({ directory })
  const identity = { ...BASE.identity, issuer: settings.issuer, subject: 'engineer' }
  recorder.session({ session: 'old', ...OPENED, identity })
  await recorded(recorder, commandRecord(1, { session: 'old' }))
  await recorder.close()
  t.equal((await call('/api/sessions/old/film', tokens.engineer)).status, 200)
  t.equal((await call('/api/sessions/old/film', tokens.approver)).status, 403)
})

t.test('questions that are none are refused', async (t) => {
  const { call, tokens } = await world(t)
  for (const query of [
    'from=0',
    'from=-1',
    'from=x',
    'from=1e9',
    'limit=0',
    'limit=99999',
    'brief=yes',
    'under=',
    'other=1',
    'from=1&from=2',
    `under=${'x'.repeat(300)}`,
  ]) {
    const { status } = await call(`/api/sessions/s1/film?${query}`, tokens.engineer)
    t.equal(status, 400, query)
  }
  for (const id of ['..%2f..', '%00', 'a'.repeat(65), '%22%7d']) {
    const { status } = await call(`/api/sessions/${id}/film`, tokens.engineer)
    t.ok(status === 400 || status === 404, id)
  }
})

t.test('only bundles kept beside the record can be asked for, by no path', async (t) => {
  const { call, tokens, directory } = await world(t)
  mkdirSync(join(directory, 'bundles'))
  const name = randomBytes(32).toString('hex')
  writeFileSync(join(directory, 'bundles', `${name}.tar.gz`), 'no bundle')
  writeFileSync(join(directory, 'secret.tar.gz'), 'x')
  for (const under of [
    '../secret',
    'secret.tar.gz',
    '/etc/passwd',
    'main:policies',
    'sha256:00',
    'f'.repeat(64),
  ]) {
    const { status } = await call(
      `/api/sessions/s1/film?under=${encodeURIComponent(under)}`,
      tokens.engineer,
    )
    t.equal(status, 404, under)
  }
  const broken = await call(`/api/sessions/s1/film?under=${name}`, tokens.engineer)
  t.ok(broken.status >= 400)
  t.notMatch(broken.text, directory)
})
