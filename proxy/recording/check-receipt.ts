// Checks a receipt with nothing but its bytes and a public key, believing none of them: signature, the path
// of every line, what the lines refer to, and at last that the file is, byte for byte, the one that
// these lines make. What is wrong first is named.
import { isDeepStrictEqual } from 'node:util'
import { Ajv } from 'ajv'
import { receiptSchema } from '../../engine/schemas/receipt.js'
import type { Receipt } from '../../engine/schemas/receipt.js'
import type { RecordLine } from '../../engine/schemas/record.js'
import { GatewayError } from '../errors.js'
import { fromBase64, hashOf } from './inclusion-proof.js'
import { inclusionRoot } from './proof-check.js'
import { LINE_NAMES, receiptText, toldBy } from './receipt.js'
import type { LineName, Told, Wrong } from './receipt.js'
import { readLine } from './segment-lines.js'
import { readNote } from './signed-note.js'
import type { SignedNote } from './signed-note.js'
import { signerAmong, trustedKeys } from './trusted-keys.js'
import type { TrustedKey } from './trusted-keys.js'

export type ReceiptCheck =
  | {
      readonly ok: true
      readonly told: Told
      readonly note: SignedNote
      readonly key: TrustedKey
    }
  | ({ readonly ok: false } & Wrong)

// A receipt holds five lines; one longer than this was never written by us.
const RECEIPT_BYTES_MAX = 256 << 20
const HASH_BYTES = 32

const ajv = new Ajv({ strict: true })
const fits = ajv.compile<Receipt>(receiptSchema)

// `trusted` left out: the key that the receipt names itself is believed, and the caller must say so.
export function checkedReceipt(bytes: Buffer, trusted?: readonly TrustedKey[]): ReceiptCheck {
  const receipt = receiptIn(bytes)
  if ('what' in receipt) return { ok: false, ...receipt }
  const signed = signedBy(receipt, trusted)
  if ('what' in signed) return { ok: false, ...signed }
  const { key, note } = signed
  const lines: Partial<Record<LineName, RecordLine>> = {}
  for (const name of LINE_NAMES) {
    const line = provenLine(receipt.lines[name], note)
    if (typeof line === 'string') return { ok: false, at: `lines.${name}`, what: line }
    lines[name] = line
  }
  const { command, base, facts, decision, bundle } = lines
  if (!command || !base || !facts || !decision || !bundle) {
    return { ok: false, at: 'lines', what: 'a line is missing' }
  }
  const told = toldBy({ command, base, facts, decision, bundle })
  if ('what' in told) return { ok: false, ...told }
  const wrong = strayField(receipt, told) ?? strayByte(bytes, receiptText(told, receipt))
  return wrong === undefined ? { ok: true, told, note, key } : { ok: false, ...wrong }
}

function receiptIn(bytes: Buffer): Receipt | Wrong {
  const wrong = (what: string): Wrong => ({ at: 'the file', what })
  if (bytes.length > RECEIPT_BYTES_MAX) return wrong('it is too long to be a receipt')
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    return wrong('it is not JSON')
  }
  if (fits(value)) return value
  const [first] = fits.errors ?? []
  const at = first?.instancePath.slice(1).replaceAll('/', '.') ?? ''
  return { at: at === '' ? 'the file' : at, what: `it ${first?.message ?? 'is no receipt'}` }
}

function signedBy(
  { key: text, checkpoint }: Receipt,
  trusted: readonly TrustedKey[] | undefined,
): { readonly key: TrustedKey; readonly note: SignedNote } | Wrong {
  let key: TrustedKey | undefined
  try {
    key = trustedKeys(text)[0]
  } catch (problem) {
    if (!(problem instanceof GatewayError)) throw problem
  }
  if (
    key === undefined ||
    key.text !== text ||
    fromBase64(text.split('+').slice(2).join('+')) === undefined
  ) {
    return { at: 'key', what: 'it is not an Ed25519 verifier key whose id fits' }
  }
  if (trusted !== undefined && !trusted.some((one) => one.text === text)) {
    return { at: 'key', what: `${key.name} is none of the keys that are trusted` }
  }
  const note = readNote(checkpoint)
  if (note === undefined) return { at: 'checkpoint', what: 'it is not a checkpoint' }
  // Each further signature would be bytes that nobody vouches for.
  if (note.signatures.length !== 1 || signerAmong([key], note) === undefined) {
    return { at: 'checkpoint', what: `it is not what ${key.name} signed` }
  }
  const [signature] = note.signatures
  const line = `— ${key.name} ${signature?.bytes.toString('base64') ?? ''}\n`
  return checkpoint === `${note.text}\n${line}`
    ? { key, note }
    : { at: 'checkpoint', what: 'its signature is not written as signatures are' }
}

function provenLine(
  { line: text, path }: Receipt['lines'][LineName],
  { checkpoint: { size, root } }: SignedNote,
): RecordLine | string {
  const bytes = Buffer.from(text)
  const { line } = readLine(bytes)
  if (line === undefined) return 'it is not a line of a record'
  const nodes: Buffer[] = []
  for (const node of path) {
    const hash = fromBase64(node, HASH_BYTES)
    if (hash === undefined) return 'its path holds what is no hash'
    nodes.push(hash)
  }
  return inclusionRoot(hashOf(bytes), line.seq, size, nodes)?.equals(root) === true
    ? line
    : `the checkpoint over ${size} lines does not hold it as line ${line.seq}`
}

// Which of the members for the reader says other than the lines do.
function strayField(receipt: Receipt, told: Told): Wrong | undefined {
  const follows = {
    decision: told.decision,
    entrypoint: told.command.entrypoint,
    facts_digest: told.factsDigest,
    facts: told.facts,
    bundle: told.bundle,
  }
  for (const [at, value] of Object.entries(follows)) {
    if (!isSame(Reflect.get(receipt, at), value)) {
      return { at, what: 'it is not what the lines say' }
    }
  }
  return undefined
}

function isSame(a: unknown, b: unknown): boolean {
  try {
    return isDeepStrictEqual(a, b)
  } catch {
    // Nested so deeply that it cannot be compared: then it is not what we wrote.
    return false
  }
}

function strayByte(bytes: Buffer, text: string): Wrong | undefined {
  const expected = Buffer.from(text)
  if (bytes.equals(expected)) return undefined
  let at = 0
  while (at < bytes.length && bytes[at] === expected[at]) at += 1
  return { at: `byte ${at}`, what: 'it is not written as receipts are' }
}
