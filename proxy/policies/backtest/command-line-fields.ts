// The few fields of a recorded command that decide whether it was met before, cut out of the line's text
// without parsing it as JSON: most of a million lines differ in nothing else. Relies on what JSON
// promises: a quote inside a string is escaped, so `"name":"` outside of strings is found as it stands.

export type CommandFields = {
  // Digests of the parts, as written.
  readonly base: string
  readonly command: string
  // The text of the object, braces included.
  readonly overrides: string
  readonly decision: string
  readonly entrypoint: 'decision' | 'degraded'
}

const DIGEST_LENGTH = 'sha256:'.length + 64
const FACTS = ',"facts":{"base":"'
const COMMAND = '","command":"'
const OVERRIDES = '","overrides":{'
const DECISION = '}},"decision":"'
const ENTRYPOINT = '","entrypoint":"'

// undefined where the line is not written as our recorder writes it: it is then to be parsed as a whole.
export function commandFields(line: string): CommandFields | undefined {
  const facts = line.indexOf(FACTS)
  if (facts < 0) return undefined
  let at = facts + FACTS.length
  const base = line.slice(at, at + DIGEST_LENGTH)
  at += DIGEST_LENGTH
  if (!line.startsWith(COMMAND, at)) return undefined
  at += COMMAND.length
  const command = line.slice(at, at + DIGEST_LENGTH)
  at += DIGEST_LENGTH
  if (!line.startsWith(OVERRIDES, at)) return undefined
  const overrides = at + OVERRIDES.length - 1
  // The last one: a value among the overrides may hold members of the same names.
  const end = line.lastIndexOf(DECISION)
  if (end < overrides) return undefined
  at = end + DECISION.length
  const decision = line.slice(at, at + DIGEST_LENGTH)
  at += DIGEST_LENGTH
  if (!line.startsWith(ENTRYPOINT, at)) return undefined
  at += ENTRYPOINT.length
  const entrypoint = line.startsWith('decision"', at)
    ? 'decision'
    : line.startsWith('degraded"', at)
      ? 'degraded'
      : undefined
  if (entrypoint === undefined) return undefined
  return { base, command, overrides: line.slice(overrides, end + 1), decision, entrypoint }
}

// What stands after `"kind":` in a line of ours, or undefined: `prev` has a fixed length, and `seq` and
// `time` are numbers.
export function kindOfLine(bytes: Buffer): string | undefined {
  const at = bytes.indexOf(KIND, 0)
  if (at < 0 || at > KIND_WITHIN) return undefined
  const end = bytes.indexOf(0x22, at + KIND.length)
  return end < 0 ? undefined : bytes.toString('latin1', at + KIND.length, end)
}

const KIND = Buffer.from(',"kind":"')
const KIND_WITHIN = 160
