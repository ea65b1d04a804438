// Checkpoints reach a file, a server and a Git repository, once each, whatever fails on the way; and what
// was published shows a record that was rolled back or cut.
import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { systemClock } from '../../../../proxy/clock.js'
import { silentLog } from '../../../../proxy/log.js'
import { createCheckpointCouriers } from '../../../../proxy/recording/publishing/checkpoint-couriers.js'
import type { PublishSettings } from '../../../../proxy/recording/publishing/checkpoint-couriers.js'
import { publishedAt } from '../../../../proxy/recording/publishing/published.js'
import { createRecorder } from '../../../../proxy/recording/segment-writer.js'
import { notesOf } from '../../../../proxy/recording/signed-note.js'
import { audit } from '../../commands/audit-lab.js'
import { commandRecord, emptyDirectory, recorded } from '../sample-record.js'

const until = async (what: () => boolean): Promise<void> => {
  for (let i = 0; i < 1_500 && !what(); i += 1) await new Promise((done) => setTimeout(done, 20))
  if (!what()) throw new Error('waited in vain')
}
const sizesIn = (text: string): number[] =>
  [...notesOf(text)].map(({ note }) => note?.checkpoint.size ?? -1)

async function run(directory: string, publish: readonly PublishSettings[], commands = 20) {
  const outcomes: string[] = []
  const couriers = createCheckpointCouriers(
    directory,
    { witnesses: { witnesses: [], quorum: 1, requiredMs: undefined }, publish },
    {
      clock: systemClock,
      log: silentLog,
      onConflict: () => undefined,
      onWitness: () => undefined,
      onSent: (_where, outcome) => outcomes.push(outcome),
    },
  )
  const recorder = await createRecorder({
    directory,
    checkpointMs: 20,
    onCheckpoint: couriers.carry,
  })
  for (let n = 1; n <= commands; n += 1) {
    await recorded(recorder, commandRecord(n), 'disk')
    if (n % 5 > 0) continue
    const before = outcomes.length
    for (const end = Date.now() + 5_000; outcomes.length === before && Date.now() < end;)
      await new Promise((done) => setTimeout(done, 10))
  }
  return {
    outcomes,
    couriers,
    async close() {
      await recorder.close()
      await couriers.close()
    },
  }
}

t.test('a file gets each checkpoint once, and tells of a record rolled back', async (t) => {
  const directory = emptyDirectory(t)
  const file = join(emptyDirectory(t), 'deep', 'checkpoints.txt')
  await (await run(directory, [{ kind: 'file', file, everyMs: 0 }])).close()
  const older = join(emptyDirectory(t), 'older')
  cpSync(directory, older, { recursive: true })
  await (await run(directory, [{ kind: 'file', file, everyMs: 0 }])).close()
  const sizes = sizesIn(readFileSync(file, 'utf8'))
  t.ok(sizes.length > 3 && new Set(sizes).size === sizes.length)
  t.match(await audit('/', 'verify', directory, '--against', file), { status: 0 })
  const back = await audit('/', 'verify', older, '--against', file)
  t.match(back, {
    status: 1,
    stdout: /the record ends after \d+ lines, but checkpoint \d+ of .*removed/,
  })
  t.match(await audit('/', 'verify', older), { status: 0 }, 'alone it looks good')
  writeFileSync(file, `${readFileSync(file, 'utf8')}rubbish\n`)
  const rubbish = await audit('/', 'verify', directory, '--against', file)
  t.match(rubbish, { status: 1, stdout: /is not a checkpoint/ })
  t.match(await audit('/', 'verify', directory, '--against', '/none'), { status: 1 })
})

t.test('a server gets the note itself, signed, the same id at each attempt', async (t) => {
  const directory = emptyDirectory(t)
  const got: { id: string; body: string; good: boolean }[] = []
  let failures = 2
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      if (request.method === 'GET') {
        const bodies = new Set(got.slice(2).map(({ body }) => body))
        response.end([...bodies].map((body) => `${body}\n`).join(''))
        return
      }
      const body = Buffer.concat(pieces).toString()
      const id = String(request.headers['webhook-id'])
      const signed = `${id}.${String(request.headers['webhook-timestamp'])}.${body}`
      const mac = createHmac('sha256', 'of its own').update(signed).digest('base64')
      got.push({ id, body, good: request.headers['webhook-signature'] === `v1,${mac}` })
      response.statusCode = failures > 0 ? 503 : 204
      failures -= 1
      response.end()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/checkpoints`
  const secret = { reveal: () => 'of its own' }
  const gateway = await run(directory, [{ kind: 'http', url, secret, everyMs: 0 }])
  await until(() => gateway.outcomes.filter((one) => one === 'sent').length > 0)
  t.same(gateway.outcomes.slice(0, 2), ['failed', 'failed'])
  await gateway.close()
  t.equal(gateway.couriers.publishLateMs(), 0)
  t.ok(got.every(({ good }) => good))
  const ids = new Map(got.map(({ id, body }) => [body, id]))
  t.ok(got.every(({ id, body }) => ids.get(body) === id))
  t.match(await audit('/', 'verify', directory, '--against', url), { status: 0 })
  t.match(await audit('/', 'verify', directory, '--against', 'http://example.com/x'), { status: 2 })
})

const git = (directory: string, ...args: string[]): string =>
  execFileSync('git', ['-C', directory, '-c', 'user.name=x', '-c', 'user.email=x@x', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString()

t.test('a repository gets commits, pushed; what was taken out of it is still known', async (t) => {
  const directory = emptyDirectory(t)
  const home = emptyDirectory(t)
  const [bare, clone, other] = ['bare.git', 'clone', 'other'].map((name) => join(home, name))
  if (bare === undefined || clone === undefined || other === undefined) throw new Error('no names')
  mkdirSync(bare)
  git(bare, 'init', '-q', '--bare', '-b', 'main')
  execFileSync('git', ['clone', '-q', `file://${bare}`, clone], { stdio: 'ignore' })
  // A hook of the clone does not run.
  writeFileSync(join(clone, '.git', 'hooks', 'pre-commit'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  const place: PublishSettings = {
    kind: 'git',
    directory: clone,
    file: 'records/shop.txt',
    remote: 'origin',
    branch: 'main',
    everyMs: 0,
  }
  await (await run(directory, [place])).close()
  execFileSync('git', ['clone', '-q', `file://${bare}`, other], { stdio: 'ignore' })
  t.match(git(other, 'log', '--format=%s'), /^Checkpoint of \d+ lines\n/)
  // Somebody else pushes meanwhile.
  writeFileSync(join(other, 'README'), 'x\n')
  git(other, 'add', 'README')
  git(other, 'commit', '-q', '-m', 'by hand')
  git(other, 'push', '-q', 'origin', 'HEAD:main')
  const older = join(home, 'older')
  cpSync(directory, older, { recursive: true })
  await (await run(directory, [place])).close()
  git(other, 'pull', '-q')
  t.match(git(other, 'log', '--format=%s'), /by hand/)
  const source = `git:${other}`
  t.match(await audit('/', 'verify', directory, '--against', source), { status: 0 })
  t.match(await audit('/', 'verify', older, '--against', source), { status: 1, stdout: /removed/ })
  // Taken out again by a later commit.
  const published = join(other, 'records', 'shop.txt')
  const first = readFileSync(published, 'utf8').split('\n\n— ')[0] ?? ''
  rmSync(published)
  git(other, 'commit', '-q', '-a', '-m', 'nothing to see')
  t.match((await publishedAt(source)).text.startsWith(first), true)
  t.match(await audit('/', 'verify', older, '--against', source), { status: 1, stdout: /removed/ })
  t.match(await audit('/', 'verify', older, '--against', `git:${other}#none`), { status: 1 })
  t.match(await audit('/', 'verify', older, '--against', `git:${other}#--all`), { status: 2 })
})
