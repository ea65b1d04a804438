// One line of the record, proven to be in it: the line, the nodes that lead from it to the root, and the
// checkpoint that was signed over that root. Written as a C2SP tlog-proof, whose extra data is the line,
// or as JSON; both are checked with nothing but the public key.
import { GatewayError } from '../errors.js'
import { inclusionRoot } from './proof-check.js'
import { createNodes, inclusionRanges } from './proof-nodes.js'
import { leafHash, recordLeaves } from './record-leaves.js'
import type { SignedNote } from './signed-note.js'
import { readNote } from './signed-note.js'
import { signerAmong } from './trusted-keys.js'
import type { TrustedKey } from './trusted-keys.js'

export type InclusionProof = {
  readonly seq: number
  // The bytes of the line, without its newline.
  readonly line: Buffer
  // RFC 6962 §2.1.1: from the line's sibling up to a child of the root.
  readonly path: readonly Buffer[]
  // The signed checkpoint, as text.
  readonly note: string
}

export type ProvenLine = InclusionProof & { readonly file: string; readonly number: number }

// C2SP tlog-proof.
const TITLE = 'c2sp.org/tlog-proof@v1'
const HASH_BYTES = 32

// The lines of these numbers, each with its proof under one checkpoint, in one walk over the record.
export function provenLines(
  directory: string,
  seqs: readonly number[],
  checkpoint: { readonly note: SignedNote; readonly text: string },
): readonly ProvenLine[] {
  const { size, root } = checkpoint.note.checkpoint
  const wanted = seqs.map((seq) => ({ seq, nodes: createNodes(inclusionRanges(seq, size)) }))
  const lines = new Map<number, { line: Buffer; file: string; number: number }>()
  for (const leaf of recordLeaves(directory, size)) {
    const hash = leafHash(leaf)
    for (const { nodes } of wanted) nodes.add(leaf.seq, hash)
    if (!seqs.includes(leaf.seq)) continue
    const { file, number } = leaf
    lines.set(leaf.seq, { line: Buffer.from(leaf.bytes), file, number })
  }
  return wanted.map(({ seq, nodes }) => {
    const found = lines.get(seq)
    const path = nodes.found()
    if (found === undefined || path === undefined) {
      throw new GatewayError('not_found', `line ${seq} is not covered by the checkpoint (${size})`)
    }
    const proven = inclusionRoot(hashOf(found.line), seq, size, path)
    if (proven?.equals(root) !== true) {
      throw new GatewayError(
        'record_damaged',
        `the first ${size} lines are not those that the checkpoint was signed over: run ` +
          '`sallyport audit verify`, which names the first bad one',
      )
    }
    return { seq, ...found, path, note: checkpoint.text }
  })
}

export function tlogProofText({ seq, line, path, note }: InclusionProof): string {
  const nodes = path.map((node) => `${node.toString('base64')}\n`).join('')
  return `${TITLE}\nextra ${line.toString('base64')}\nindex ${seq}\n${nodes}\n${note}`
}

export function proofJson(proof: InclusionProof): object {
  const checkpoint = readNote(proof.note)?.checkpoint
  return {
    seq: proof.seq,
    size: checkpoint?.size,
    leaf: hashOf(proof.line).toString('base64'),
    root: checkpoint?.root.toString('base64'),
    path: proof.path.map((node) => node.toString('base64')),
    line: proof.line.toString('utf8'),
    checkpoint: proof.note,
  }
}

// Either form; words where the bytes are neither.
export function readProof(bytes: Buffer): InclusionProof | string {
  const text = bytes.toString('utf8')
  if (!Buffer.from(text).equals(bytes)) return 'it is no text'
  return text.startsWith(`${TITLE}\n`) ? readTlogProof(text) : readJsonProof(text)
}

// What was proven, or words for why nothing was.
export type ProofCheck =
  | {
      readonly ok: true
      readonly key: TrustedKey
      readonly note: SignedNote
      readonly proof: InclusionProof
    }
  | { readonly ok: false; readonly what: string }

// `kept`: a checkpoint that the auditor kept; the proof must be one under it.
export function checkedProof(
  proof: InclusionProof,
  keys: readonly TrustedKey[],
  kept?: SignedNote,
): ProofCheck {
  const note = readNote(proof.note)
  if (note === undefined) return { ok: false, what: 'its checkpoint is none' }
  const key = signerAmong(keys, note)
  if (key === undefined) {
    return { ok: false, what: 'its checkpoint is not signed by a key that is trusted' }
  }
  const { size, root } = note.checkpoint
  if (kept !== undefined && !(kept.checkpoint.size === size && kept.checkpoint.root.equals(root))) {
    return { ok: false, what: 'its checkpoint is not the one given' }
  }
  const proven = inclusionRoot(hashOf(proof.line), proof.seq, size, proof.path)
  return proven?.equals(root) === true
    ? { ok: true, key, note, proof }
    : {
        ok: false,
        what: `the checkpoint over ${size} lines does not hold this line as ${proof.seq}`,
      }
}

export function hashOf(line: Buffer): Buffer {
  return Buffer.from(leafHash({ bytes: line }), 'hex')
}

// Exactly one spelling of the bytes.
export function fromBase64(text: unknown, length?: number): Buffer | undefined {
  if (typeof text !== 'string') return undefined
  const bytes = Buffer.from(text, 'base64')
  if (length !== undefined && bytes.length !== length) return undefined
  return bytes.toString('base64') === text ? bytes : undefined
}

function readTlogProof(text: string): InclusionProof | string {
  const end = text.indexOf('\n\n')
  if (end < 0) return 'it ends before its checkpoint'
  const [, extra, index, ...nodes] = text.slice(0, end).split('\n')
  const line = extra?.startsWith('extra ') === true ? fromBase64(extra.slice(6)) : undefined
  if (line === undefined) return 'it does not hold the line as extra data'
  const [, digits] = /^index (0|[1-9]\d{0,15})$/.exec(index ?? '') ?? []
  if (digits === undefined) return 'it does not say which line it proves'
  return proofOf(Number(digits), line, nodes, text.slice(end + 2))
}

function readJsonProof(text: string): InclusionProof | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'it is neither a tlog-proof nor JSON'
  }
  if (typeof value !== 'object' || value === null) return 'it is no proof'
  const { seq, line, path, checkpoint } = value as Readonly<Record<string, unknown>>
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 0) {
    return 'it does not say which line it proves'
  }
  if (typeof line !== 'string') return 'it does not hold the line'
  if (!Array.isArray(path)) return 'it holds no path'
  if (typeof checkpoint !== 'string') return 'it holds no checkpoint'
  const proof = proofOf(seq, Buffer.from(line), path, checkpoint)
  if (typeof proof === 'string') return proof
  // What it says beside that must be what follows from it.
  return JSON.stringify(proofJson(proof)) === JSON.stringify(value)
    ? proof
    : 'what it says does not follow from its line, path and checkpoint'
}

function proofOf(
  seq: number,
  line: Buffer,
  nodes: readonly unknown[],
  note: string,
): InclusionProof | string {
  const path: Buffer[] = []
  for (const node of nodes) {
    const bytes = fromBase64(node, HASH_BYTES)
    if (bytes === undefined) return 'its path holds what is no hash'
    path.push(bytes)
  }
  return { seq, line, path, note }
}
