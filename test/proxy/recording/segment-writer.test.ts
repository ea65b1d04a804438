// What may be relied on when the record says that something is written.
import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Disk } from '../../../proxy/recording/disk.js'
import { realDisk } from '../../../proxy/recording/disk.js'
import { outcomesOf } from '../../../proxy/recording/recorded-outcomes.js'
import type { Recorder } from '../../../proxy/recording/recorder.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import { segmentNames } from '../../../proxy/recording/segment.js'
import { verifyRecord } from '../../../proxy/recording/verify.js'
import {
  ALLOW,
  BASE,
  COMMAND,
  commandRecord,
  emptyDirectory,
  linesIn,
  parsed,
  recorded,
  sampleRecord,
} from './sample-record.js'

const allLines = (directory: string) =>
  segmentNames(directory).flatMap((name) => linesIn(join(directory, name)).map(parsed))

t.test('lines of one turn go out in one write and are called back in order', async (t) => {
  const directory = emptyDirectory(t)
  let writes = 0
  const disk: Disk = {
    ...realDisk,
    write: (fd, bytes, position) => {
      writes += 1
      return realDisk.write(fd, bytes, position)
    },
  }
  const recorder = await createRecorder({ directory, disk })
  await recorded(recorder, commandRecord(1))
  writes = 0
  const order: number[] = []
  await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      await recorded(recorder, commandRecord(i + 2))
      order.push(i)
    }),
  )
  t.equal(writes, 1)
  t.same(order, [...order.keys()])
  await recorder.close()
  t.equal((await verifyRecord({ directory })).ok, true)
})

t.test(
  'a line is in the file before its caller is told, and on the disk where asked',
  async (t) => {
    const directory = emptyDirectory(t)
    let syncs = 0
    const disk: Disk = {
      ...realDisk,
      sync: (fd, done) => {
        syncs += 1
        realDisk.sync(fd, done)
      },
    }
    const recorder = await createRecorder({ directory, disk, syncMs: 10_000 })
    const file = join(directory, segmentNames(directory)[0] ?? '')
    await recorded(recorder, commandRecord(1))
    t.match(readFileSync(file, 'utf8'), /"text":"SELECT 1"/)
    t.equal(syncs, 0)
    t.ok(recorder.lag() > 0)
    await Promise.all([2, 3, 4].map((n) => recorded(recorder, commandRecord(n), 'disk')))
    t.ok(syncs === 1 || syncs === 2, 'one sync for a batch')
    t.equal(recorder.lag(), 0)
    await recorder.close()
  },
)

t.test('without being asked, lines reach the disk within the time configured', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory, syncMs: 20 })
  await recorded(recorder, commandRecord(1))
  while (recorder.lag() > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  await recorder.close()
})

t.test('equal parts are written once a segment, whatever object they are', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  await recorded(recorder, commandRecord(1))
  await recorded(recorder, commandRecord(2))
  const copy = { base: structuredClone(BASE), command: structuredClone(COMMAND), overrides: {} }
  await recorded(recorder, commandRecord(3, { facts: copy, decision: structuredClone(ALLOW) }))
  await recorder.close()
  t.equal(allLines(directory).filter((line) => line.kind === 'part').length, 3)
})

t.test('each segment stands for itself, and names the one before', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory)
  for (const name of segmentNames(directory)) {
    const lines = linesIn(join(directory, name)).map(parsed)
    t.match(lines[0], { kind: 'gateway', event: 'segment' })
    const held = new Set(lines.flatMap((line) => (line.kind === 'part' ? [line.digest] : [])))
    for (const line of lines) {
      if (line.kind !== 'command') continue
      t.ok(held.has(line.facts.base) && held.has(line.facts.command) && held.has(line.decision))
    }
  }
})

t.test('text that needs care comes back as it was', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  const texts = [
    'a\nb\u0000\u2028"\\\u007f',
    'ü€😀',
    '\ud800 lone',
    '',
    'x'.repeat(400_000),
    '€'.repeat(400_000),
    'y'.repeat(3_000_000),
  ]
  for (const [i, text] of texts.entries()) {
    await recorded(recorder, commandRecord(i + 1, { text, approval: '"a"', refusal: 'r\n' }))
  }
  await recorder.close()
  const found = allLines(directory).flatMap((line) => (line.kind === 'command' ? [line.text] : []))
  t.ok(found.every((text, i) => text === texts[i]) && found.length === texts.length)
  t.equal((await verifyRecord({ directory })).ok, true)
})

t.test('every kind of line fits the schema', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory, version: '1' })
  const identity = BASE.identity
  recorder.session({ session: 's', event: 'opened', identity, target: 'x', clientAddress: '::1' })
  recorder.session({ session: 's', event: 'refused', reason: 'no' })
  recorder.bundle({ event: 'activated', bundle: 'sha256:1', wasm: 'sha256:2', revision: 'r' })
  recorder.incident({ event: 'pattern', session: 's', command: 1, detail: 'd' })
  recorder.outcome({
    session: 's',
    command: 1,
    result: 'failed',
    tag: '',
    sqlstate: '42601',
    rows: 0,
    bytes: 1,
    durationUs: 12.7,
    masked: 0,
  })
  await new Promise<void>((resolve, reject) => {
    recorder.approval({ approval: 'a', event: 'requested', session: 's', command: 1 }, (failure) =>
      failure === undefined ? resolve() : reject(failure),
    )
  })
  await recorder.close()
  t.match(await verifyRecord({ directory }), { ok: true, problem: undefined })
  t.match(
    allLines(directory).find((line) => line.kind === 'outcome'),
    { duration_us: 13 },
  )
})

t.test(
  'outcomes ride on the next command, and never pass a line that came after them',
  async (t) => {
    const directory = emptyDirectory(t)
    const recorder = await createRecorder({ directory })
    const done = (command: number): void =>
      recorder.outcome({ session: 's1', command, result: 'done', rows: command })
    const command = (number: number): Promise<void> =>
      new Promise((resolve, reject) =>
        recorder.command(commandRecord(number), 'os', (failure) =>
          failure === undefined ? resolve() : reject(failure),
        ),
      )
    await command(1)
    await command(2)
    done(1)
    done(2)
    await command(3)
    done(3)
    recorder.session({ session: 's1', event: 'closed' })
    await command(4)
    await recorder.close()
    const seen = allLines(directory).flatMap((line) =>
      line.kind === 'command'
        ? [`command ${line.command} ${(line.outcomes ?? []).map((one) => one.command).join(' ')}`]
        : line.kind === 'outcome'
          ? [`outcome ${line.command} ${line.result}`]
          : line.kind === 'session'
            ? [line.event]
            : [],
    )
    t.same(seen, [
      'command 1 ',
      'command 2 ',
      'command 3 1 2',
      'outcome 3 done',
      'closed',
      'command 4 ',
      'outcome 4 unknown',
    ])
    t.match(await verifyRecord({ directory }), { ok: true })
  },
)

t.test(
  'a restart continues the chain, and a command without outcome becomes unknown',
  async (t) => {
    const directory = emptyDirectory(t)
    await crashed(directory)
    const recorder = await createRecorder({ directory })
    await recorder.close()
    const outcomes = allLines(directory).flatMap(outcomesOf)
    t.match(outcomes, [
      { command: 1, result: 'done' },
      { command: 2, result: 'unknown' },
    ])
    t.match(await verifyRecord({ directory }), { ok: true, notes: [] })
  },
)

t.test('a command still open when its segment ended is found at the next start', async (t) => {
  const directory = emptyDirectory(t)
  await crashed(directory, { segmentBytes: 3000, commands: 30 })
  t.ok(segmentNames(directory).length > 3)
  await (await createRecorder({ directory })).close()
  const unknown = allLines(directory)
    .flatMap(outcomesOf)
    .filter(({ result }) => result === 'unknown')
  t.equal(unknown.length, 29)
})

t.test('half a line at the end is set aside, visibly, and never dropped', async (t) => {
  const directory = emptyDirectory(t)
  await crashed(directory)
  const file = segmentNames(directory)[0] ?? ''
  appendFileSync(join(directory, file), '{"seq":9,"time":1,"pre')
  await (await createRecorder({ directory })).close()
  t.equal(readFileSync(join(directory, `${file}.torn`), 'utf8'), '{"seq":9,"time":1,"pre')
  const { ok, notes } = await verifyRecord({ directory })
  t.equal(ok, true)
  t.match(notes, [/torn: 22 bytes/])
})

t.test('blocks left empty by a power cut are set aside too', async (t) => {
  const directory = emptyDirectory(t)
  await crashed(directory)
  const file = segmentNames(directory)[0] ?? ''
  appendFileSync(join(directory, file), `${'\0'.repeat(4096)}\n${'\0'.repeat(10)}`)
  await (await createRecorder({ directory })).close()
  t.equal((await verifyRecord({ directory })).ok, true)
  t.equal(statSync(join(directory, `${file}.torn`)).size, 4107)
})

t.test(
  'a segment that a power cut took whole is set aside, and the one before goes on',
  async (t) => {
    for (const left of ['', '{"seq":1,', '\0'.repeat(512)]) {
      const directory = emptyDirectory(t)
      await crashed(directory)
      const next = segmentNames(directory)[0]?.replace('00000001', '00000002') ?? ''
      writeFileSync(join(directory, next), left)
      await (await createRecorder({ directory })).close()
      t.equal(readFileSync(join(directory, `${next}.torn`), 'utf8'), left)
      const { ok, notes, problem } = await verifyRecord({ directory })
      t.equal(ok, true, problem?.what ?? '')
      t.match(notes, [new RegExp(`torn: ${left.length} bytes`)])
    }
  },
)

t.test('a record whose only segment was taken whole begins again', async (t) => {
  const directory = emptyDirectory(t)
  writeFileSync(join(directory, 'segment-00000001.jsonl'), '')
  await (await createRecorder({ directory })).close()
  t.equal((await verifyRecord({ directory })).ok, true)
})

t.test('no gateway starts on a record that was changed or cut back', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory)
  const path = join(directory, segmentNames(directory).at(-1) ?? '')
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.split('\n').slice(0, -2).join('\n') + '\n')
  await t.rejects(createRecorder({ directory }), { code: 'record_damaged', message: /removed/ })
  writeFileSync(
    path,
    text
      .replace('"kind":"gateway","event":"stopped"', '"kind":"gateway","event":"started"')
      .replace('SELECT', 'DELETE') + '{"seq":1}\n',
  )
  await t.rejects(createRecorder({ directory }), { code: 'record_damaged', message: /chain/ })
  writeFileSync(path, text)
  await (await createRecorder({ directory })).close()
})

t.test('a second gateway in the same directory is refused, a dead one’s lock is not', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  await t.rejects(createRecorder({ directory }), { code: 'conflict', message: /in use by process/ })
  await recorder.close()
  t.equal(existsSync(join(directory, 'lock')), false)
  writeFileSync(join(directory, 'lock'), '{"pid":999999999,"started":"1","host":"x"}')
  const dead = { pid: 2 ** 22 + 1, started: '1', host: (await import('node:os')).hostname() }
  writeFileSync(join(directory, 'lock'), JSON.stringify(dead))
  await (await createRecorder({ directory })).close()
})

t.test('the private key is for its owner alone, the public one beside it', async (t) => {
  const directory = emptyDirectory(t)
  await (await createRecorder({ directory })).close()
  t.equal(statSync(join(directory, 'signing-key.pem')).mode & 0o777, 0o600)
  t.equal(statSync(join(directory, segmentNames(directory)[0] ?? '')).mode & 0o777, 0o600)
  t.match(readFileSync(join(directory, 'signing-key.pub'), 'utf8'), /^sallyport-record-\w+\+/)
})

t.test('after closing, commands fail and the record says so', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  await recorder.close()
  t.equal(recorder.healthy(), false)
  await t.rejects(recorded(recorder, commandRecord(1)), { code: 'record_failed' })
})

t.test('a disk slower than the lines makes them wait, and never takes the memory', async (t) => {
  const directory = emptyDirectory(t)
  let release: (() => void)[] = []
  const disk: Disk = { ...realDisk, sync: (_fd, done) => void release.push(() => done(null)) }
  const recorder = await createRecorder({ directory, disk, syncMs: 1, segmentBytes: 1 << 30 })
  let acknowledged = 0
  const text = 'x'.repeat(4 << 20)
  // One after the other, since lines asked for together are written together.
  const all = (async () => {
    for (let n = 1; n <= 24; n += 1) {
      await recorded(recorder, commandRecord(n, { text }))
      acknowledged += 1
    }
  })()
  while (acknowledged < 16) await new Promise((done) => setTimeout(done, 25))
  await new Promise((done) => setTimeout(done, 300))
  t.ok(acknowledged >= 16 && acknowledged < 24, `${acknowledged} of 24 while no sync ends`)
  t.ok(recorder.healthy())
  const pump = setInterval(() => {
    const due = release
    release = []
    for (const one of due) one()
  }, 5)
  await all
  await recorder.close()
  clearInterval(pump)
  t.equal((await verifyRecord({ directory })).ok, true)
})

t.test('a line that cannot be put into words fails alone', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  const bad = commandRecord(2, { facts: { base: BASE, command: COMMAND, overrides: { loop } } })
  const results = await Promise.allSettled([
    recorded(recorder, commandRecord(1)),
    recorded(recorder, bad),
    recorded(recorder, commandRecord(3)),
  ])
  t.same(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  t.equal(recorder.healthy(), true)
  await recorder.close()
  t.equal((await verifyRecord({ directory })).ok, true)
})

t.test('a caller that throws takes nobody’s answer away', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  recorder.command(commandRecord(1), 'os', () => {
    throw new Error('a mistake')
  })
  await recorded(recorder, commandRecord(2))
  await recorder.close()
  t.equal((await verifyRecord({ directory })).ok, true)
})

t.test('a record can be verified and read while it is written', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({
    directory,
    segmentBytes: 20_000,
    checkpointMs: 5,
    syncMs: 1,
  })
  let writing = true
  const writer = (async () => {
    for (let n = 1; writing; n += 1) {
      await recorded(recorder, commandRecord(n))
      recorder.outcome({ session: 's1', command: n, result: 'done' })
    }
  })()
  for (let i = 0; i < 10; i += 1) {
    const { ok, problem } = await verifyRecord({ directory })
    if (!ok) t.fail(JSON.stringify(problem))
    await new Promise((done) => setTimeout(done, 10))
  }
  writing = false
  await writer
  await recorder.close()
  t.match(await verifyRecord({ directory }), { ok: true, notes: [] })
})

// A record whose writer never closed it: command 1 has its outcome, the others do not.
async function crashed(
  directory: string,
  options: { readonly segmentBytes?: number; readonly commands?: number } = {},
): Promise<void> {
  const { commands = 2, ...rest } = options
  const recorder: Recorder = await createRecorder({ directory, syncMs: 1, ...rest })
  await recorded(recorder, commandRecord(1), 'disk')
  recorder.outcome({ session: 's1', command: 1, result: 'done' })
  for (let n = 2; n <= commands; n += 1) await recorded(recorder, commandRecord(n), 'disk')
  const { rmSync } = await import('node:fs')
  rmSync(join(directory, 'lock'))
}
