// A receipt can be made of every decision that a checkpoint covers, in whatever segment it stands.
import { join } from 'node:path'
import t from 'tap'
import { checkedReceipt } from '../../../proxy/recording/check-receipt.js'
import { recordNameOf } from '../../../proxy/recording/decision-lines.js'
import { recordLines } from '../../../proxy/recording/read-record.js'
import { differenceFrom } from '../../../proxy/recording/recheck-receipt.js'
import { createPartsRead, factsOf } from '../../../proxy/recording/recorded-facts.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import { segmentNames } from '../../../proxy/recording/segment.js'
import { trustedKeys } from '../../../proxy/recording/trusted-keys.js'
import { COMMANDS, decidedRecord, publicKey, receiptFrom } from './receipt-lab.js'
import {
  commandRecord,
  emptyDirectory,
  linesIn,
  recorded,
  sampleRecord,
  writeLines,
} from './sample-record.js'

t.test('every decision of a record has a receipt that comes out the same', async (t) => {
  const directory = emptyDirectory(t)
  const { policy } = await decidedRecord(directory)
  const keys = trustedKeys(publicKey(directory))
  t.ok(segmentNames(directory).length > 3)
  const parts = createPartsRead()
  let receipts = 0
  for await (const { line } of recordLines(directory)) {
    parts.take(line)
    if (line.kind !== 'command') continue
    const bytes = receiptFrom(directory, { seq: line.seq })
    const check = checkedReceipt(bytes, keys)
    if (!check.ok) throw new Error(`${line.seq}: ${check.at}: ${check.what}`)
    t.same(check.told.facts, factsOf(line, parts))
    t.equal(differenceFrom(check.told, policy), undefined)
    const { session, command } = line
    t.same(receiptFrom(directory, { session, command }), bytes)
    receipts += 1
  }
  t.equal(receipts, 2 * COMMANDS)
})

t.test('what is no decision, not covered, or there twice has no receipt', async (t) => {
  const directory = emptyDirectory(t)
  await decidedRecord(directory)
  t.throws(() => receiptFrom(directory, { seq: 0 }), { message: /not that of a command/ })
  t.throws(() => receiptFrom(directory, { seq: 1e6 }), { message: /not among the \d+ lines/ })
  const nobody = { session: 'nobody', command: 1 }
  t.throws(() => receiptFrom(directory, nobody), { message: /command 1 of session nobody is not/ })
  const twice = emptyDirectory(t)
  const recorder = await createRecorder({ directory: twice })
  const { bundle } = commandRecord(1)
  recorder.bundle({ event: 'activated', bundle, wasm: 'w', revision: 'r' })
  await recorded(recorder, commandRecord(1))
  await recorded(recorder, commandRecord(1))
  await recorder.close()
  t.throws(() => receiptFrom(twice, { session: 's1', command: 1 }), { code: 'conflict' })
})

t.test('a record that does not say which bundle was activated has no receipts', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 3 })
  const name = { session: 's1', command: 2 }
  t.throws(() => receiptFrom(directory, name), { message: /no line before it holds sha256:bbb/ })
})

t.test('no receipt is made of a record that was changed', async (t) => {
  const directory = emptyDirectory(t)
  await decidedRecord(directory)
  const [name = ''] = segmentNames(directory)
  const path = join(directory, name)
  const lines = linesIn(path)
  writeLines(
    path,
    lines.map((line, at) => (at === 6 ? line.replace('"time":1', '"time":2') : line)),
  )
  t.throws(() => receiptFrom(directory, { session: 's1', command: 2 }), {
    code: 'record_damaged',
    message: /not those that the checkpoint was signed over/,
  })
})

t.test('records are named by number or by session and command', async (t) => {
  t.same(recordNameOf('12'), { seq: 12 })
  t.same(recordNameOf('a/b/3'), { session: 'a/b', command: 3 })
  for (const text of ['', 'x', '/', 'a/', 'a/0', '01', '-1', '1.5', 'a/1x']) {
    t.throws(() => recordNameOf(text), { code: 'usage' })
  }
})
