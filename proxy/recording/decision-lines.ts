// Finds the lines that one decision consists of: the command's own, the parts of its segment that it refers
// to, and the activation of the bundle that decided. Only lines that may be meant are read as JSON.
import { GatewayError } from '../errors.js'
import { recordLeaves } from './record-leaves.js'
import type { Leaf } from './record-leaves.js'
import type { CommandLine } from './recorded-facts.js'
import { readLine } from './segment-lines.js'

// By its number in the record, or as the n-th command of a session.
export type RecordName =
  { readonly seq: number } | { readonly session: string; readonly command: number }

export type DecisionLines = {
  readonly command: number
  readonly base: number
  readonly facts: number
  readonly decision: number
  readonly bundle: number
}

// As every line that a gateway wrote begins; what is found by it is read as a whole afterwards.
const HEAD = /^\{"seq":\d+,"time":\d+,"prev":"[0-9a-f]{64}","kind":"(\w+)"(?:,"digest":"([^"]*)")?/
const HEAD_BYTES = 256

export function recordNameOf(text: string): RecordName {
  if (/^(0|[1-9]\d{0,15})$/.test(text)) return { seq: Number(text) }
  const [, session, command] = /^(.+)\/([1-9]\d{0,15})$/.exec(text) ?? []
  if (session !== undefined && command !== undefined) return { session, command: Number(command) }
  throw new GatewayError('usage', `${text} is neither the number of a line nor SESSION/COMMAND`)
}

// The number of the line, among the first `size`.
export function seqOf(directory: string, name: RecordName, size: number): number {
  if ('seq' in name) {
    if (name.seq < size) return name.seq
    throw uncovered(`line ${name.seq} is`, size)
  }
  const found: number[] = []
  const isMeant = meaning(name)
  for (const leaf of recordLeaves(directory, size)) {
    if (isMeant(leaf) !== undefined) found.push(leaf.seq)
  }
  const [seq, second] = found
  if (seq === undefined) {
    throw uncovered(`command ${name.command} of session ${name.session} is`, size)
  }
  if (second === undefined) return seq
  throw new GatewayError('conflict', `it is on the lines ${found.join(', ')}: name one of them`)
}

export function decisionLines(directory: string, name: RecordName, size: number): DecisionLines {
  const isMeant = meaning(name)
  // What the lines read so far hold: parts of this segment, the last activation of each bundle.
  let parts = new Map<string, number>()
  const bundles = new Map<string, number>()
  let found: DecisionLines | undefined
  for (const leaf of recordLeaves(directory, size)) {
    const [, kind, digest] = HEAD.exec(leaf.bytes.toString('latin1', 0, HEAD_BYTES)) ?? []
    if (kind === 'part' && digest !== undefined) parts.set(digest, leaf.seq)
    else if (kind === 'gateway' && opensSegment(leaf)) parts = new Map()
    else if (kind === 'bundle') noteActivation(leaf, bundles)
    const line = isMeant(leaf)
    if (line === undefined) continue
    if (found !== undefined) {
      throw new GatewayError(
        'conflict',
        `it is on the lines ${found.command} and ${leaf.seq}: name one of them`,
      )
    }
    found = {
      command: leaf.seq,
      base: known(parts, line.facts.base, leaf),
      facts: known(parts, line.facts.command, leaf),
      decision: known(parts, line.decision, leaf),
      bundle: known(bundles, line.bundle, leaf),
    }
    if ('seq' in name) return found
  }
  if (found !== undefined) return found
  if ('seq' in name && name.seq < size) {
    throw new GatewayError('not_found', `line ${name.seq} is not that of a command`)
  }
  throw uncovered(
    'seq' in name ? `line ${name.seq} is` : `command ${name.command} of session ${name.session} is`,
    size,
  )
}

// The line as a command's where it is the one named.
function meaning(name: RecordName): (leaf: Leaf) => CommandLine | undefined {
  const needle =
    'seq' in name
      ? undefined
      : `"kind":"command","session":${JSON.stringify(name.session)},"command":${name.command},`
  return (leaf) => {
    const may = 'seq' in name ? leaf.seq === name.seq : leaf.bytes.includes(needle ?? '')
    if (!may) return undefined
    const { line } = readLine(leaf.bytes)
    if (line?.kind !== 'command') return undefined
    const is = 'seq' in name || (line.session === name.session && line.command === name.command)
    return is ? line : undefined
  }
}

function opensSegment({ bytes }: Leaf): boolean {
  const { line } = readLine(bytes)
  return line?.kind === 'gateway' && line.event === 'segment' && line.restated === undefined
}

function noteActivation({ bytes, seq }: Leaf, bundles: Map<string, number>): void {
  const { line } = readLine(bytes)
  if (line?.kind !== 'bundle' || line.event !== 'activated' || line.slot !== undefined) return
  if (line.bundle !== undefined) bundles.set(line.bundle, seq)
}

function known(lines: ReadonlyMap<string, number>, digest: string, leaf: Leaf): number {
  const seq = lines.get(digest)
  if (seq !== undefined) return seq
  throw new GatewayError(
    'record_damaged',
    `${leaf.file}:${leaf.number}: no line before it holds ${digest}, which it refers to`,
  )
}

function uncovered(what: string, size: number): GatewayError {
  return new GatewayError(
    'not_found',
    `${what} not among the ${size} lines that the newest signed checkpoint covers`,
  )
}
