// Erases what a record holds about a person: looks for legal holds, says in the record who does it and why,
// and then takes the keys away. In this order, so that nothing is ever gone without a word.
import { GatewayError } from '../../errors.js'
import { recordLines } from '../read-record.js'
import { textDigest } from '../record-line.js'
import type { ErasedEvent } from '../recorder.js'
import { readSubjectKeys, removeSubjectKeys } from './subject-keys.js'
import type { SubjectKey } from './subject-keys.js'

export type Erasure = {
  // Issuer and subject, or the subject alone.
  readonly subject: string
  // Only what is older than this month (2026-11).
  readonly before: string | undefined
  readonly reason: string
  readonly by: string
}

export type Erased = { readonly keys: readonly string[]; readonly months: readonly string[] }

// `record` writes a line and ends once it is on the disk.
export async function erase(
  directory: string,
  asked: Erasure,
  record: (event: ErasedEvent) => Promise<void>,
): Promise<Erased> {
  const { subject, before, reason, by } = asked
  const isMeant = (key: SubjectKey): boolean =>
    (key.subject === subject || key.subject.endsWith(` ${subject}`)) &&
    (before === undefined || key.month < before)
  const meant = readSubjectKeys(directory).filter(isMeant)
  if (meant.length === 0) {
    throw new GatewayError(
      'not_found',
      `${directory} holds no key of ${subject}: nothing was recorded of them while record.erasable ` +
        'was on, or it is erased already',
    )
  }
  const subjects = new Set(meant.map((key) => key.subject))
  if (subjects.size > 1) {
    const named = [...subjects].join(', ')
    throw new GatewayError('conflict', `${subject} may be ${named}: name the issuer as well`)
  }
  await heldProblem(directory, [...subjects][0] ?? subject)
  const keys = meant.map(({ id }) => id)
  await record({ by, reason, keys, digest: textDigest(keys.join(' ')) })
  removeSubjectKeys(directory, isMeant)
  return { keys, months: meant.map(({ month }) => month) }
}

// Holds stand in the record, and so does whom and what a session was about.
async function heldProblem(directory: string, subject: string): Promise<void> {
  const holds = new Map<string, { readonly scope: string; readonly of: string }>()
  const sessions = new Set<string>()
  const targets = new Set<string>()
  for await (const { line } of recordLines(directory)) {
    if (line.kind === 'recording' && line.hold !== undefined) {
      if (line.event === 'held')
        holds.set(line.hold, { scope: line.scope ?? '', of: line.of ?? '' })
      else if (line.event === 'released') holds.delete(line.hold)
    } else if (line.kind === 'session' && line.identity !== undefined) {
      const { issuer, subject: own } = line.identity as { issuer?: string; subject?: string }
      if (`${issuer ?? ''} ${own ?? ''}` !== subject) continue
      sessions.add(line.session)
      if (line.target !== undefined) targets.add(line.target)
    }
  }
  for (const [id, { scope, of }] of holds) {
    const stands =
      scope === 'person' ? of === subject : scope === 'session' ? sessions.has(of) : targets.has(of)
    if (!stands) continue
    throw new GatewayError('conflict', `the legal hold ${id} on ${scope} ${of} protects it`)
  }
}
