// Films page by page: a recording is read once for all of its pages, a page has a bound, and deciding anew does
// not take the gateway over.
import t, { type Test } from 'tap'
import type { Policy } from '../../../engine/policy/policy.js'
import type { Frame } from '../../../proxy/recordings/film.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import { createFilmPages } from '../../../proxy/replay/film-pages.js'
import { createFilms } from '../../../proxy/replay/films.js'
import { ALLOW, commandRecord, emptyDirectory, recorded } from '../recording/sample-record.js'
import { OPENED, recordingsOf } from './film-lab.js'

const COMMANDS = 30

async function world(t: Test, named: () => Promise<Policy>, field = 'x', more = '') {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  recorder.session({ session: 's1', ...OPENED })
  const frames: Frame[] = []
  for (let n = 1; n <= COMMANDS; n++) {
    await recorded(recorder, commandRecord(n, { text: `SELECT ${n}${more}` }))
    frames.push({ at: n, kind: 'rows', command: n, rows: [[field], [field]] })
    frames.push({ at: n, kind: 'done', command: n, tag: 'SELECT 2' })
  }
  await recorder.close()
  let readings = 0
  const recordings = recordingsOf(frames)
  const pages = createFilmPages({
    films: createFilms(directory),
    recordings: {
      ...recordings,
      read: (session) => {
        readings += 1
        return recordings.read(session)
      },
    },
    policies: { named, of: () => Promise.resolve(undefined) },
    now: () => performance.now(),
  })
  t.teardown(() => pages.close())
  return { pages, readings: () => readings }
}

const never = (): Promise<Policy> => Promise.reject(new Error('nobody asks'))
const asked = { session: 's1', brief: false } as const

t.test('who reads on is served by the same reading', async (t) => {
  const { pages, readings } = await world(t, never)
  const seen: number[] = []
  for (let from: number | undefined = 1; from !== undefined;) {
    const page = await pages.page({ ...asked, from, limit: 7 })
    for (const { command, frames } of page?.entries ?? []) {
      seen.push(command)
      t.equal(frames[0]?.command, command)
    }
    from = page?.next
  }
  t.same(
    seen,
    Array.from({ length: COMMANDS }, (_, i) => i + 1),
  )
  t.equal(readings(), 1)
  await pages.page({ ...asked, from: 20, limit: 2 })
  t.equal(readings(), 2, 'who jumps is not')
})

t.test('long texts fill a page as answers do; in brief they are cut', async (t) => {
  const { pages } = await world(t, never, 'x', ` -- ${'y'.repeat(200_000)}`)
  const page = await pages.page({ ...asked, from: 1, limit: 500 })
  t.ok((page?.entries.length ?? 0) < COMMANDS, 'no page holds megabytes of texts')
  t.equal(page?.entries[0]?.text.length, 'SELECT 1 -- '.length + 200_000)
  t.equal(page?.next, (page?.entries.length ?? 0) + 1)
  const brief = await pages.page({ ...asked, brief: true, from: 1, limit: 500 })
  t.equal(brief?.entries.length, COMMANDS)
  t.ok(brief?.entries.every(({ text }) => text.length <= 400))
})

t.test('a page that is full ends early, and goes on', async (t) => {
  const { pages } = await world(t, never, 'x'.repeat(30_000))
  const seen: number[] = []
  for (let from: number | undefined = 1; from !== undefined;) {
    const page = await pages.page({ ...asked, from, limit: 500 })
    t.ok(JSON.stringify(page).length < 4 << 20)
    seen.push(...(page?.entries ?? []).map(({ command }) => command))
    from = page?.next
  }
  t.equal(seen.length, COMMANDS)
})

t.test('only so many are decided anew at a time; the others are told to come again', async (t) => {
  const policy: Policy = {
    id: 1,
    revision: '',
    digest: 'sha256:other',
    wasmDigest: '',
    labels: [],
    reads: [],
    decide: () => ALLOW,
    mayApprove: () => ({ allow: false, reason: '' }),
  }
  const { pages } = await world(t, () => Promise.resolve(policy))
  const question = { ...asked, from: 1, limit: 5, under: 'x' }
  const found = await Promise.allSettled([1, 2, 3, 4].map(() => pages.page(question)))
  t.same(
    found.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'rejected'],
  )
  const page = await pages.page(question)
  t.ok(page?.entries.every(({ under }) => under?.parting === 'same'))
  t.equal(page?.parted_at, undefined)
  t.equal(page?.looked_to, undefined)
})
