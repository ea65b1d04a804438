// Whoever checks evidence gets damaged, hostile and spliced bytes: receipts and proofs are refused with
// words, never called good, and never bring the checker down.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { checkedReceipt } from '../../proxy/recording/check-receipt.js'
import {
  checkedProof,
  proofJson,
  provenLines,
  readProof,
  tlogProofText,
} from '../../proxy/recording/inclusion-proof.js'
import { checkedConsistency } from '../../proxy/recording/proof-file.js'
import { keysFor, noteText, signedNotes } from '../../proxy/recording/trusted-keys.js'
import { decidedRecord, receiptFrom } from '../proxy/recording/receipt-lab.js'
import { chance, type Chance } from './chance.js'

const INPUTS = Number(process.env['SALLYPORT_FUZZ'] ?? '100000')
const SEED = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? '7')
const WORDS = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  '\\u0061',
  '\u0000',
  '\n',
  ' ',
  '1e999',
  '-0',
  'null',
  '—',
]

t.setTimeout(10 * 60_000)

const directory = mkdtempSync(join(tmpdir(), 'sallyport-receipts-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))

// `other` is another document of the same kind, whose pieces may be spliced in.
function damaged(bytes: Buffer, other: Buffer, random: Chance): Buffer {
  const at = random.below(bytes.length + 1)
  const to = Math.min(bytes.length, at + 1 + random.below(24))
  const cut = (middle: Uint8Array, rest = to): Buffer =>
    Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(rest)])
  switch (random.below(7)) {
    case 0:
      return cut(Buffer.of(random.below(256)), at + 1)
    case 1:
      return cut(Buffer.alloc(0))
    case 2:
      return cut(bytes.subarray(at, to), at)
    case 3:
      return bytes.subarray(0, at)
    case 4:
      return cut(Buffer.from(random.pick(WORDS)), at)
    case 5:
      return cut(other.subarray(at, to))
    default: {
      const copy = Buffer.from(bytes)
      copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ (1 << random.below(8))
      return copy
    }
  }
}

t.test(`${INPUTS} damaged receipts are none`, async (t) => {
  await decidedRecord(directory)
  const keys = keysFor(directory, undefined)
  const receipts = [3, 4].map((command) => receiptFrom(directory, { session: 's1', command }))
  const [bytes = Buffer.alloc(0), other = bytes] = receipts
  const random = chance(SEED)
  const named = new Set<string>()
  for (let turn = 0; turn < INPUTS; turn += 1) {
    let input = bytes
    for (let n = random.below(3); n >= 0; n -= 1) input = damaged(input, other, random)
    if (input.equals(bytes) || input.equals(other)) continue
    const check = checkedReceipt(input, turn % 2 === 0 ? keys : undefined)
    if (check.ok) t.fail(`turn ${turn} is called good`)
    else if (check.at === '' || check.what === '') t.fail(`turn ${turn} has no words`)
    else named.add(check.at.replace(/[\d.]+.*/, ''))
  }
  t.ok(named.size > 8, [...named].join())
})

t.test('damaged proofs show nothing but what was proven', async (t) => {
  const keys = keysFor(directory, undefined)
  const notes = signedNotes(directory, keys)
  const [note] = notes.slice(-1)
  if (note === undefined) throw new Error('not signed')
  const text = noteText(note, keys)
  const proofs = provenLines(directory, [7, 8], { note, text })
  const forms = [
    tlogProofText,
    (proof: (typeof proofs)[number]) => JSON.stringify(proofJson(proof)),
  ]
  const random = chance(SEED)
  for (const form of forms) {
    const [bytes = Buffer.alloc(0), other = bytes] = proofs.map((proof) => Buffer.from(form(proof)))
    for (let turn = 0; turn < INPUTS / 4; turn += 1) {
      const read = readProof(damaged(bytes, other, random))
      if (typeof read === 'string') continue
      const known = proofs.some(({ seq, line }) => seq === read.seq && line.equals(read.line))
      if (checkedProof(read, keys).ok && !known) t.fail(`turn ${turn} proves another line`)
    }
  }
  t.pass()
})

t.test('damaged consistency proofs show nothing but what was signed', async (t) => {
  const keys = keysFor(directory, undefined)
  const notes = signedNotes(directory, keys)
  const texts = notes.map((note) => noteText(note, keys))
  const file = { first: texts[0], second: texts[0], path: [] }
  const bytes = Buffer.from(JSON.stringify(file))
  const other = Buffer.from(JSON.stringify({ ...file, second: texts.at(-1) }))
  const sizes = notes.map(({ checkpoint }) => checkpoint.size)
  const random = chance(SEED)
  for (let turn = 0; turn < INPUTS / 4; turn += 1) {
    const check = checkedConsistency(damaged(bytes, other, random), keys)
    if (check.ok && !sizes.includes(check.second.checkpoint.size)) t.fail(`turn ${turn}`)
  }
  t.pass()
})
