// Whatever is done to a record afterwards, the verifier names the first line that is not as written.
import {
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { chained, lineHash } from '../../../proxy/recording/record-line.js'
import { segmentNames } from '../../../proxy/recording/segment.js'
import { newSigningKey, signerOf } from '../../../proxy/recording/signed-note.js'
import { verifyRecord } from '../../../proxy/recording/verify.js'
import { emptyDirectory, linesIn, parsed, sampleRecord, writeLines } from './sample-record.js'

type T = Parameters<typeof emptyDirectory>[0]

async function sample(t: T) {
  const directory = emptyDirectory(t)
  await sampleRecord(directory)
  const names = segmentNames(directory)
  const [first = '', second = ''] = names
  return {
    directory,
    names,
    first,
    second,
    last: names.at(-1) ?? '',
    at: (name: string) => join(directory, name),
  }
}

t.test('an untouched record verifies, and everything in it is signed', async (t) => {
  const { directory, names } = await sample(t)
  const found = await verifyRecord({ directory })
  t.match(found, { ok: true, problem: undefined, segments: names.length, notes: [] })
  t.ok(names.length > 3)
  t.equal(found.signed, found.lines)
})

t.test('an edited line is named, not the one after it', async (t) => {
  const { directory, first, at } = await sample(t)
  const lines = linesIn(at(first))
  const index = lines.findIndex((line) => line.includes('SELECT 3'))
  lines[index] = (lines[index] ?? '').replace('SELECT 3', 'SELECT 9')
  writeLines(at(first), lines)
  const { problem } = await verifyRecord({ directory })
  t.match(problem, { file: first, line: index + 1, seq: index, what: /changed/ })
})

t.test('an edited hash is named where it stands', async (t) => {
  const { directory, first, at } = await sample(t)
  const lines = linesIn(at(first))
  lines[6] = (lines[6] ?? '').replace(/"prev":"...../, '"prev":"00000')
  writeLines(at(first), lines)
  t.match((await verifyRecord({ directory })).problem, { file: first, line: 7, seq: 6 })
})

t.test('a removed line is named by the gap it leaves', async (t) => {
  const { directory, first, at } = await sample(t)
  const lines = linesIn(at(first))
  lines.splice(7, 1)
  writeLines(at(first), lines)
  t.match((await verifyRecord({ directory })).problem, {
    file: first,
    line: 8,
    seq: 7,
    what: /7 is missing/,
  })
})

t.test('two lines in the other order are named by the first of them', async (t) => {
  const { directory, first, at } = await sample(t)
  const lines = linesIn(at(first))
  lines.splice(5, 2, lines[6] ?? '', lines[5] ?? '')
  writeLines(at(first), lines)
  t.match((await verifyRecord({ directory })).problem, { file: first, line: 6, seq: 5 })
})

t.test('a line written twice is named where it stands the second time', async (t) => {
  const { directory, first, at } = await sample(t)
  const lines = linesIn(at(first))
  lines.splice(5, 0, lines[5] ?? '')
  writeLines(at(first), lines)
  t.match((await verifyRecord({ directory })).problem, {
    file: first,
    line: 7,
    what: /there before/,
  })
})

t.test('an inserted line with a right hash of its own is still named', async (t) => {
  const { directory, first, at } = await sample(t)
  const lines = linesIn(at(first))
  const forged = chained(5, 1, lineHash(lines[4] ?? ''), '"kind":"incident","event":"none"}')
  lines.splice(5, 0, forged)
  writeLines(at(first), lines)
  t.match((await verifyRecord({ directory })).problem, {
    file: first,
    line: 7,
    what: /there before/,
  })
})

t.test('lines cut off the end are missed by the checkpoint', async (t) => {
  const { directory, last, at } = await sample(t)
  const whole = await verifyRecord({ directory })
  writeLines(at(last), linesIn(at(last)).slice(0, -1))
  const { problem } = await verifyRecord({ directory })
  t.match(problem, { file: last, seq: whole.lines - 1, what: /1 were removed/ })
})

t.test('a last line cut in half is missed by the checkpoint', async (t) => {
  const { directory, last, at } = await sample(t)
  truncateSync(at(last), statSync(at(last)).size - 10)
  t.match((await verifyRecord({ directory })).problem, { file: last, what: /1 were removed/ })
})

t.test('a cut in the middle of the record is named', async (t) => {
  const { directory, second, at } = await sample(t)
  writeLines(at(second), linesIn(at(second)).slice(0, -2))
  t.match((await verifyRecord({ directory })).problem, { file: second, what: /missing/ })
})

t.test('bytes added to the end of a finished segment are named', async (t) => {
  const { directory, second, at } = await sample(t)
  writeFileSync(at(second), 'more\n', { flag: 'a' })
  t.match((await verifyRecord({ directory })).problem, { file: second, what: /do not belong/ })
})

t.test('a segment that is gone is missed: first, middle and last', async (t) => {
  for (const which of [0, 1, -1]) {
    const { directory, names, at } = await sample(t)
    rmSync(at(names.at(which) ?? ''))
    const { ok, problem } = await verifyRecord({ directory })
    t.equal(ok, false)
    t.match(problem, { what: which === -1 ? /removed/ : /missing/ })
  }
})

t.test('two segments with each other’s names are named', async (t) => {
  const { directory, first, second, at } = await sample(t)
  renameSync(at(first), at('aside'))
  renameSync(at(second), at(first))
  renameSync(at('aside'), at(second))
  t.equal((await verifyRecord({ directory })).ok, false)
})

t.test('a segment copied to another place in the order is named', async (t) => {
  const { directory, second, last, at } = await sample(t)
  copyFileSync(at(second), at(last.replace(/\d{8}/, '99999999')))
  t.equal((await verifyRecord({ directory })).ok, false)
})

t.test(
  'a record rewritten from one line on, chain and all, does not fit its checkpoints',
  async (t) => {
    const directory = emptyDirectory(t)
    await sampleRecord(directory, { segmentBytes: 1e6 })
    const last = segmentNames(directory)[0] ?? ''
    const at = (name: string) => join(directory, name)
    const lines = linesIn(at(last))
    const from = lines.findIndex((line) => line.includes('"kind":"command"'))
    let prev = parsed(lines[from]).prev
    for (let i = from; i < lines.length; i += 1) {
      const {
        seq,
        time,
        prev: _old,
        ...rest
      } = parsed((lines[i] ?? '').replace('SELECT', 'DELETE'))
      lines[i] = chained(seq, time, prev, JSON.stringify(rest).slice(1))
      prev = lineHash(lines[i] ?? '')
    }
    writeLines(at(last), lines)
    const { problem } = await verifyRecord({ directory })
    t.match(problem, { what: /signed over other lines/ })
    t.equal(problem?.file, last)
  },
)

t.test('a checkpoint that was changed, or signed by another key, is refused', async (t) => {
  const { directory } = await sample(t)
  const path = join(directory, 'checkpoints', 'checkpoints.txt')
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.replace(/\n(\d+)\n/, '\n1\n'))
  t.match((await verifyRecord({ directory })).problem, { file: /checkpoints/, what: /not signed/ })
  const { checkpoint } = { checkpoint: { origin: 'other', size: 1, root: Buffer.alloc(32) } }
  writeFileSync(path, `${signerOf(newSigningKey(), 'other').signed(checkpoint)}\n`)
  t.match((await verifyRecord({ directory })).problem, { what: /not signed/ })
  writeFileSync(path, text)
  t.equal((await verifyRecord({ directory })).ok, true)
  const stranger = signerOf(newSigningKey()).verifierKey
  t.match((await verifyRecord({ directory, publicKey: stranger })).problem, { what: /not signed/ })
})

t.test(
  'a record rolled back together with its checkpoints is caught by a checkpoint kept elsewhere',
  async (t) => {
    const directory = emptyDirectory(t)
    await sampleRecord(directory)
    const path = join(directory, 'checkpoints', 'checkpoints.txt')
    const before = segmentNames(directory)
    const early = readFileSync(path, 'utf8')
    await sampleRecord(directory)
    const kept = readFileSync(path, 'utf8').slice(early.length)
    t.equal((await verifyRecord({ directory, checkpoint: kept })).ok, true)
    t.equal(
      (
        await verifyRecord({
          directory,
          checkpoint: early.trim().split('\n\n').slice(-2).join('\n\n'),
        })
      ).ok,
      true,
    )
    for (const name of segmentNames(directory))
      if (!before.includes(name)) rmSync(join(directory, name))
    writeFileSync(path, early)
    t.equal(
      (await verifyRecord({ directory })).ok,
      true,
      'alone, an older whole record looks whole',
    )
    const { problem } = await verifyRecord({ directory, checkpoint: kept })
    t.match(problem, { what: /the checkpoint given was signed for/ })
  },
)

t.test('a line that is not a record line is named, whatever it is', async (t) => {
  for (const forged of ['', '{', 'null', '[]', '{"kind":"part"}', '\u0000\u0000']) {
    const { directory, first, at } = await sample(t)
    const lines = linesIn(at(first))
    lines[4] = forged
    writeLines(at(first), lines)
    t.match((await verifyRecord({ directory })).problem, { file: first, line: 5, seq: 4 }, forged)
  }
})

t.test('a record without its public key is not called good', async (t) => {
  const { directory } = await sample(t)
  rmSync(join(directory, 'signing-key.pub'))
  t.match((await verifyRecord({ directory })).problem, { what: /no public key/ })
})
