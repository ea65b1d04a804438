// Puts recorded facts together again: the two parts, and what differed for one command.
import { canonicalJson } from '../../engine/canonical.js'
import type { Facts } from '../../engine/schemas/facts.js'
import type { RecordLine } from '../../engine/schemas/record.js'
import { asWritten } from './erasure/unseal-lines.js'
import { textDigest } from './record-line.js'

export type CommandLine = Extract<RecordLine, { kind: 'command' }>

// The parts of the segment being read; a new segment begins with none.
export type PartsRead = {
  readonly take: (line: RecordLine) => void
  readonly of: (digest: string) => object | undefined
}

export function createPartsRead(): PartsRead {
  let parts = new Map<string, object>()
  return {
    take(line) {
      if (line.kind === 'gateway' && line.event === 'segment' && line.restated === undefined) {
        parts = new Map()
      } else if (line.kind === 'part') parts.set(line.digest, line.value)
    },
    of: (digest) => parts.get(digest),
  }
}

// A part that is not what its digest says decides nothing.
export function partIsSound(digest: string, value: object): boolean {
  return textDigest(canonicalJson(asWritten(value))) === digest
}

// The whole document as it was decided on; undefined where a part is missing.
export function factsOf(
  line: Pick<CommandLine, 'facts' | 'text'>,
  parts: Pick<PartsRead, 'of'>,
): Facts | undefined {
  const base = parts.of(line.facts.base)
  const command = parts.of(line.facts.command)
  if (base === undefined || command === undefined) return undefined
  // The digest is written down only where it is not that of the recorded text, as with bind values.
  const known = Reflect.get(command, 'digest') !== ''
  let facts: Readonly<Record<string, unknown>> = {
    ...base,
    command: known ? command : { ...command, digest: textDigest(line.text) },
  }
  for (const [path, value] of Object.entries(line.facts.overrides)) {
    facts = replaced(facts, path.split('.'), value)
  }
  // Recorded by this gateway from facts; whoever doubts that validates them against the schema.
  return facts as unknown as Facts
}

// What names one set of facts in receipts: the digest of the whole document's canonical JSON.
export function factsDigest(facts: Facts): string {
  return textDigest(canonicalJson(facts))
}

function replaced(
  object: Readonly<Record<string, unknown>>,
  path: readonly string[],
  value: unknown,
): Readonly<Record<string, unknown>> {
  const [name, ...rest] = path
  if (name === undefined) return object
  if (rest.length === 0) return { ...object, [name]: value }
  const inner = object[name]
  const whole = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : {}
  return { ...object, [name]: replaced({ ...whole }, rest, value) }
}
