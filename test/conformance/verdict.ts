// Whether what came back is what the case demands. Strict where the file leaves a choice: an effect
// that a case wants held or denied must not happen, whatever else is acceptable.
import type { Case } from './cases.js'
import { errorFields, rowValues, type Received, type Reply } from './wire-client.js'

const TIMING_GAP_MS = 200

export type Observed = {
  // One for each step; undefined for steps that sent nothing to the gateway.
  readonly replies: readonly (Reply | undefined)[]
  // Every byte of every connection, as latin1.
  readonly everything: string
  readonly before: string | undefined
  readonly after: string | undefined
  readonly problem: string | undefined
}

export function faultsOf(
  test: Case,
  seen: Observed,
  canaries: readonly string[],
): readonly string[] {
  const { expect } = test
  const faults: string[] = []
  if (seen.problem !== undefined) faults.push(`could not be run: ${seen.problem}`)
  const forbidden = [
    ...(expect.no_leak_of ?? []),
    ...(expect.outcome === 'must_allow' && expect.allow_canaries === true ? [] : canaries),
  ]
  const leaked = [...new Set(forbidden)].filter((value) => seen.everything.includes(value))
  if (leaked.length > 0) faults.push(`leaked ${leaked.length} protected value(s)`)
  for (const [one, other] of expect.indistinguishable ?? []) {
    if (transcript(seen.replies[one]) !== transcript(seen.replies[other])) {
      faults.push(`steps ${one} and ${other} can be told apart`)
    }
  }
  if (expect.timing !== undefined) {
    const [one, other] = expect.timing.map((step) => seen.replies[step]?.elapsedMs ?? 0)
    if (Math.abs((one ?? 0) - (other ?? 0)) > TIMING_GAP_MS) faults.push('the times differ')
  }
  if (expect.row_chars !== undefined && lastColumn(seen.replies).includes(expect.row_chars)) {
    faults.push('the rows spell a protected value')
  }
  const held = expect.outcome === 'must_hold' || expect.outcome === 'must_deny'
  if (expect.effect !== undefined && held && seen.before !== seen.after) {
    faults.push(`it had an effect: ${seen.before} → ${seen.after}`)
  }
  const mustError =
    expect.outcome === 'must_deny' &&
    expect.effect === undefined &&
    (expect.no_leak_of ?? []).length === 0 &&
    expect.indistinguishable === undefined
  if (mustError && !seen.replies.some(wasRefused)) faults.push('it was not refused')
  const missing = (expect.sees ?? []).filter((value) => !seen.everything.includes(value))
  if (missing.length > 0) faults.push(`the answer lacks ${missing.join(', ')}`)
  return faults
}

/** Refused by policies or because it cannot be masked, rather than failing as on masked data. */
export function isDenial(reply: Reply | undefined): boolean {
  return (reply?.messages ?? []).some(
    ({ type, body }) =>
      type === 'E' && ['42501', '0A000'].includes(errorFields(body).get('C')?.toString() ?? ''),
  )
}

function wasRefused(reply: Reply | undefined): boolean {
  if (reply === undefined) return false
  return reply.closed || reply.timedOut || reply.messages.some(({ type }) => type === 'E')
}

// What a client can tell of a reply; process ids and the like are left out.
function transcript(reply: Reply | undefined): string {
  const told = (reply?.messages ?? []).filter(({ type }) => 'DCETIsn'.includes(type))
  return told.map(lineOf).join('|')
}

function lineOf({ type, body }: Received): string {
  return type === 'E' ? `E${errorFields(body).get('C')}` : type + body.toString('latin1')
}

function lastColumn(replies: readonly (Reply | undefined)[]): string {
  return replies
    .flatMap((reply) => reply?.messages ?? [])
    .filter(({ type }) => type === 'D')
    .map(({ body }) => rowValues(body).at(-1)?.toString() ?? '')
    .join('')
}
