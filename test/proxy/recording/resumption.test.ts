// A disk that is full or failing: commands are denied at once, nothing acknowledged is lost, the chain
// stays whole, and service resumes by itself.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { RecordLine } from '../../../engine/schemas/record.js'
import { realDisk } from '../../../proxy/recording/disk.js'
import type { Disk } from '../../../proxy/recording/disk.js'
import { outcomesOf } from '../../../proxy/recording/recorded-outcomes.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import { recordLines } from '../../../proxy/recording/read-record.js'
import { segmentNames } from '../../../proxy/recording/segment.js'
import { verifyRecord } from '../../../proxy/recording/verify.js'
import { commandRecord, emptyDirectory, linesIn, recorded } from './sample-record.js'

// A small file system to fill needs root, and a system that lets it mount.
const UNMOUNTABLE =
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
    ? false
    : 'a small file system can only be mounted as root'

const until = async (what: () => boolean): Promise<void> => {
  for (let i = 0; i < 1_500 && !what(); i += 1) await new Promise((done) => setTimeout(done, 20))
  if (!what()) throw new Error('waited in vain')
}

// Fails for as long as it is told to, as a real one would.
function failingDisk() {
  const state = { write: false, sync: false, short: false }
  const disk: Disk = {
    ...realDisk,
    write(fd, bytes, position) {
      if (!state.write) return realDisk.write(fd, bytes, position)
      if (state.short) {
        // Half of it arrives before the disk is full.
        state.short = false
        return realDisk.write(fd, bytes.subarray(0, bytes.length >> 1), position)
      }
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    },
    sync(fd, done) {
      if (!state.sync) return realDisk.sync(fd, done)
      setTimeout(
        () => done(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })),
        1,
      )
    },
  }
  return { state, disk }
}

const accepted = async (directory: string): Promise<readonly RecordLine[]> => {
  const lines: RecordLine[] = []
  for await (const { line } of recordLines(directory)) lines.push(line)
  return lines
}

for (const short of [false, true]) {
  t.test(
    `a failed write ${short ? 'in the middle of a line ' : ''}denies until writing works again`,
    async (t) => {
      const directory = emptyDirectory(t)
      const { state, disk } = failingDisk()
      const health: boolean[] = []
      const recorder = await createRecorder({
        directory,
        disk,
        onHealth: (well) => health.push(well),
      })
      await recorded(recorder, commandRecord(1), 'disk')
      await recorded(recorder, commandRecord(2))
      state.write = true
      state.short = short
      recorder.outcome({ session: 's1', command: 1, result: 'done', rows: 7 })
      await t.rejects(recorded(recorder, commandRecord(3)), {
        code: 'record_failed',
        message: /ENOSPC/,
      })
      t.equal(recorder.healthy(), false)
      const from = Date.now()
      await t.rejects(recorded(recorder, commandRecord(4)), { code: 'record_failed' })
      t.ok(Date.now() - from < 5_000, 'without waiting for the disk')
      recorder.outcome({ session: 's1', command: 2, result: 'failed', sqlstate: '40001' })
      recorder.session({ session: 's2', event: 'closed' })
      await new Promise((done) => setTimeout(done, 600))
      t.equal(recorder.healthy(), false)
      state.write = false
      await until(() => recorder.healthy())
      t.same(health, [false, true])
      await recorded(recorder, commandRecord(5))
      recorder.outcome({ session: 's1', command: 5, result: 'done' })
      await recorder.close()
      const found = await verifyRecord({ directory })
      t.match(found, { ok: true, problem: undefined, notes: [/after a failure/, /resumed/] })
      t.equal(found.segments, 2)
      const lines = await accepted(directory)
      t.match(lines.flatMap(outcomesOf), [
        { command: 1, result: 'done', rows: 7 },
        { command: 2, result: 'failed' },
        { command: 5, result: 'done' },
      ])
      t.match(
        lines.find((line) => line.kind === 'gateway' && line.event === 'resumed'),
        { refused: 2, detail: /ENOSPC/ },
      )
      t.ok(lines.some((line) => line.kind === 'session' && line.session === 's2'))
    },
  )
}

t.test('after a failed sync every accepted line is written again, elsewhere', async (t) => {
  const directory = emptyDirectory(t)
  const { state, disk } = failingDisk()
  const recorder = await createRecorder({ directory, disk, syncMs: 10_000 })
  await recorded(recorder, commandRecord(1), 'disk')
  for (const n of [2, 3, 4]) await recorded(recorder, commandRecord(n))
  state.sync = true
  await t.rejects(recorded(recorder, commandRecord(5), 'disk'), { message: /EIO/ })
  const [first = ''] = segmentNames(directory)
  state.sync = false
  await until(() => recorder.healthy())
  await recorded(recorder, commandRecord(6))
  await recorder.close()
  t.equal((await verifyRecord({ directory })).ok, true)
  // What the failing disk makes of the old segment after its last good sync does not matter.
  const lines = linesIn(join(directory, first))
  const lost = lines.findIndex((line) => line.includes('"SELECT 2"'))
  writeFileSync(join(directory, first), `${lines.slice(0, lost).join('\n')}\nrubbish`)
  const { ok, problem } = await verifyRecord({ directory })
  t.equal(ok, true, problem?.what ?? '')
  const texts = (await accepted(directory)).flatMap((line) =>
    line.kind === 'command' ? [line.text] : [],
  )
  t.same(texts.slice(-5), ['SELECT 2', 'SELECT 3', 'SELECT 4', 'SELECT 5', 'SELECT 6'])
  const five = (await accepted(directory))
    .flatMap(outcomesOf)
    .filter(({ command }) => command === 5)
  t.match(five, [{ result: 'cancelled' }], 'its caller was told that it does not run')
})

t.test('the repeated lines are protected as all others are', async (t) => {
  const directory = emptyDirectory(t)
  const { state, disk } = failingDisk()
  const recorder = await createRecorder({ directory, disk, syncMs: 10_000 })
  await recorded(recorder, commandRecord(1), 'disk')
  for (const n of [2, 3, 4]) await recorded(recorder, commandRecord(n))
  state.sync = true
  await t.rejects(recorded(recorder, commandRecord(5), 'disk'))
  state.sync = false
  await until(() => recorder.healthy())
  await recorder.close()
  const path = join(directory, segmentNames(directory)[1] ?? '')
  const lines = linesIn(path)
  const at = lines.findIndex((line) => line.includes('"SELECT 3"'))
  for (const changed of [
    lines.with(at, (lines[at] ?? '').replace('SELECT', 'DELETE')),
    lines.toSpliced(at, 1),
    lines.toSpliced(at, 2, lines[at + 1] ?? '', lines[at] ?? ''),
    lines.with(0, (lines[0] ?? '').replace(/"restated":\d+/, '"restated":2')),
    lines.with(0, (lines[0] ?? '').replace(/"broken":"[^"]*",/, '')),
  ]) {
    writeFileSync(path, changed.map((line) => `${line}\n`).join(''))
    t.equal((await verifyRecord({ directory })).ok, false)
  }
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''))
  await (await createRecorder({ directory })).close()
  t.equal((await verifyRecord({ directory })).ok, true, 'and the next start goes on from there')
})

t.test('a crash while the disk is failing leaves a record that goes on', async (t) => {
  const directory = emptyDirectory(t)
  const { state, disk } = failingDisk()
  const recorder = await createRecorder({ directory, disk })
  await recorded(recorder, commandRecord(1), 'disk')
  state.write = true
  state.short = true
  await t.rejects(recorded(recorder, commandRecord(2)))
  await t.rejects(recorder.close(), { code: 'record_failed' })
  await (await createRecorder({ directory })).close()
  const { ok, notes } = await verifyRecord({ directory })
  t.equal(ok, true)
  t.match(notes.join(), /torn/)
})

t.test(
  'a full disk: commands are denied within a second, and resume when there is room',
  { skip: UNMOUNTABLE },
  async (t) => {
    const directory = emptyDirectory(t)
    const disk = join(directory, 'small')
    mkdirSync(disk)
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk])
    t.teardown(() => void spawnSync('umount', ['-l', disk]))
    const record = join(disk, 'record')
    const recorder = await createRecorder({
      directory: record,
      segmentBytes: 200_000,
      checkpointMs: 50,
    })
    writeFileSync(join(disk, 'filler'), Buffer.alloc(1_200_000))
    let acknowledged = 0
    let failed = 0
    for (let n = 1; n < 5_000 && failed < 50; n += 1) {
      await recorded(recorder, commandRecord(n)).then(
        () => {
          acknowledged = n
          recorder.outcome({ session: 's1', command: n, result: 'done' })
        },
        () => {
          failed += 1
        },
      )
    }
    t.ok(acknowledged > 100 && failed === 50, `${acknowledged} written, then denied`)
    await new Promise((done) => setTimeout(done, 600))
    t.equal(recorder.healthy(), false)
    rmSync(join(disk, 'filler'))
    await until(() => recorder.healthy())
    await recorded(recorder, commandRecord(9999), 'disk')
    await recorder.close()
    const { ok, problem } = await verifyRecord({ directory: record })
    t.equal(ok, true, JSON.stringify(problem))
    const lines = await accepted(record)
    const commands = new Set(
      lines.flatMap((line) => (line.kind === 'command' ? [line.command] : [])),
    )
    for (let n = 1; n <= acknowledged; n += 1) if (!commands.has(n)) t.fail(`${n} is missing`)
    t.ok(commands.has(9999))
    t.notOk(readdirSync(record).some((name) => name.endsWith('.tmp')))
  },
)

t.test('a limit on the size of files is a failing disk like any other', async (t) => {
  const directory = emptyDirectory(t)
  const script = `
    const { createRecorder } = await import(${JSON.stringify(new URL('../../../proxy/recording/segment-writer.js', import.meta.url).href)})
    const { commandRecord, recorded } = await import(${JSON.stringify(new URL('./sample-record.js', import.meta.url).href)})
    const recorder = await createRecorder({ directory: process.argv[1] })
    let n = 0
    for (;;) {
      n += 1
      try { await recorded(recorder, commandRecord(n)) } catch (problem) { console.log(n, problem.code, problem.message); process.exit(0) }
    }`
  const child = spawn(
    'bash',
    [
      '-c',
      'ulimit -f 600; exec "$0" "$@"',
      process.execPath,
      ...process.execArgv,
      '--input-type=module',
      '-e',
      script,
      directory,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const status = await new Promise((resolve) => child.on('close', resolve))
  t.equal(status, 0)
  t.match(output, /record_failed .*EFBIG/)
  await (await createRecorder({ directory })).close()
  t.equal((await verifyRecord({ directory })).ok, true)
})
