// The readers of the record get damaged, hostile and random bytes: they answer, always, with a line or
// words, and never call a changed record good.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { GatewayError } from '../../proxy/errors.js'
import { createRecorder } from '../../proxy/recording/segment-writer.js'
import { rawLines, readLine } from '../../proxy/recording/segment-lines.js'
import { segmentNames } from '../../proxy/recording/segment.js'
import { notesOf, readNote } from '../../proxy/recording/signed-note.js'
import { verifyRecord } from '../../proxy/recording/verify.js'
import { sampleRecord } from '../proxy/recording/sample-record.js'

const LINES = Number(process.env['SALLYPORT_FUZZ'] ?? '100000')
const RECORDS = Math.ceil(LINES / 200)

// A small generator of chance with a seed, so that a failure can be had again.
function chance(seed: number) {
  let state = seed >>> 0
  return (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const SEED = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? '7')
const WORDS = [
  '"kind"',
  '"seq"',
  '{',
  '}',
  '[',
  ']',
  ',',
  '\u0000',
  '\n',
  '1e999',
  '-1',
  'null',
  '"',
  '\\u',
  '\xff',
  '__proto__',
]

function damaged(bytes: Buffer, next: (below: number) => number): Buffer {
  const at = next(bytes.length + 1)
  const to = Math.min(bytes.length, at + 1 + next(12))
  switch (next(6)) {
    case 0: {
      const copy = Buffer.from(bytes)
      if (copy.length > 0) copy[at % copy.length] = next(256)
      return copy
    }
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)])
    case 2:
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)])
    case 3:
      return bytes.subarray(0, at)
    case 4: {
      const word = Buffer.from(WORDS[next(WORDS.length)] ?? '', 'latin1')
      return Buffer.concat([bytes.subarray(0, at), word, bytes.subarray(at)])
    }
    default:
      return Buffer.from(Array.from({ length: next(60) }, () => next(256)))
  }
}

t.test(`${LINES} damaged lines are lines or words, never an exception`, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-fuzz-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  await sampleRecord(directory, { commands: 5 })
  const samples = segmentNames(directory).flatMap((name) =>
    [...rawLines(join(directory, name))].map(({ bytes }) => Buffer.from(bytes)),
  )
  const next = chance(SEED)
  let lines = 0
  for (let i = 0; i < LINES; i += 1) {
    let bytes: Buffer = samples[next(samples.length)] ?? Buffer.alloc(0)
    for (let n = next(3); n >= 0; n -= 1) bytes = damaged(bytes, next)
    const { line, wrong } = readLine(bytes)
    if (line !== undefined) lines += 1
    else if (typeof wrong !== 'string' || wrong === '') t.fail('no words')
  }
  t.ok(lines < LINES / 2)
})

t.test(`${LINES} damaged checkpoints are notes or nothing`, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-fuzz-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  await sampleRecord(directory, { commands: 5 })
  const file = readFileSync(join(directory, 'checkpoints', 'checkpoints.txt'))
  const next = chance(SEED)
  for (let i = 0; i < LINES; i += 1) {
    const text = damaged(damaged(file, next), next).toString('utf8')
    readNote(text)
    for (const { length } of notesOf(text)) if (length <= 0) t.fail('an endless file')
  }
  t.pass()
})

t.test(
  `${RECORDS} damaged records: none is good, none starts a gateway and comes out good`,
  async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-fuzz-'))
    t.teardown(() => rmSync(directory, { recursive: true, force: true }))
    await sampleRecord(directory, { commands: 6, segmentBytes: 3500 })
    const names = segmentNames(directory)
    const whole = new Map(names.map((name) => [name, readFileSync(join(directory, name))]))
    const next = chance(SEED)
    for (let i = 0; i < RECORDS; i += 1) {
      const name = names[next(names.length)] ?? ''
      const before = whole.get(name) ?? Buffer.alloc(0)
      const bytes = damaged(before, next)
      writeFileSync(join(directory, name), bytes)
      const { ok, problem } = await verifyRecord({ directory })
      // Half a line at the very end is what a crash leaves, and no record yet.
      const onlyMore = name === names.at(-1) && bytes.subarray(0, before.length).equals(before)
      if (ok !== (bytes.equals(before) || (onlyMore && bytes.indexOf(10, before.length) < 0))) {
        t.fail(`round ${i}: ${ok} for ${name}`)
      }
      if (!ok && problem === undefined) t.fail('no bad record is named')
      writeFileSync(join(directory, name), before)
    }
    t.equal((await verifyRecord({ directory })).ok, true)
  },
)

t.test(
  'no damaged last segment makes the start hang or throw anything but its own error',
  async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-fuzz-'))
    t.teardown(() => rmSync(directory, { recursive: true, force: true }))
    await sampleRecord(directory, { commands: 4 })
    const name = segmentNames(directory).at(-1) ?? ''
    const before = readFileSync(join(directory, name))
    const next = chance(SEED)
    for (let i = 0; i < 150; i += 1) {
      writeFileSync(join(directory, name), damaged(before, next))
      try {
        await (await createRecorder({ directory })).close()
      } catch (problem) {
        if (!(problem instanceof GatewayError)) throw problem
      }
      for (const other of segmentNames(directory)) {
        if (other > name) rmSync(join(directory, other))
      }
      rmSync(join(directory, `${name}.torn`), { force: true })
    }
    t.pass()
  },
)
