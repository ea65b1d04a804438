// Legal holds: while one stands on a session, a person or a target, no recording of it is deleted, neither
// by retention nor by people. They lie in the store, beside what they protect, and each change is in the
// record before it takes effect. What cannot be read protects everything.
import { randomBytes } from 'node:crypto'
import { GatewayError } from '../errors.js'
import type { RecordingEvent } from '../recording/recorder.js'
import type { About } from './key-document.js'
import type { FilmStore } from './store.js'

export type HoldScope = 'session' | 'person' | 'target'

export type LegalHold = {
  readonly id: string
  readonly scope: HoldScope
  // Id of the session; issuer and subject of the person, one blank between; name of the target.
  readonly of: string
  readonly reason: string
  readonly by: string
  readonly since: number
}

export type HoldParts = {
  readonly store: Pick<FilmStore, 'whole' | 'put'>
  readonly record: (event: RecordingEvent) => Promise<void>
  readonly clock: { readonly now: () => number }
}

export type Holds = {
  readonly all: () => Promise<readonly LegalHold[]>
  readonly hold: (asked: Pick<LegalHold, 'scope' | 'of' | 'reason' | 'by'>) => Promise<LegalHold>
  readonly release: (id: string, by: string, reason: string) => Promise<LegalHold>
}

const NAME = 'holds.json'
const HOLDS_MAX = 10_000

export async function createHolds({ store, record, clock }: HoldParts): Promise<Holds> {
  let turn: Promise<unknown> = Promise.resolve()
  // One change after the other: each reads what the one before wrote.
  const inTurn = <T>(step: () => Promise<T>): Promise<T> => {
    const mine = turn.then(step, step)
    turn = mine.catch(() => undefined)
    return mine
  }
  const all = async (): Promise<readonly LegalHold[]> => {
    const bytes = await store.whole(NAME)
    return bytes === undefined ? [] : holdsOf(bytes.toString('utf8'))
  }
  const put = (holds: readonly LegalHold[]): Promise<void> =>
    store.put(NAME, Buffer.from(`${JSON.stringify(holds, undefined, 2)}\n`))
  return {
    all,
    hold: (asked) =>
      inTurn(async () => {
        const { scope, of, reason, by } = asked
        const standing = await all()
        if (standing.length >= HOLDS_MAX) {
          throw new GatewayError('limit_exceeded', `there are ${HOLDS_MAX} holds, the most allowed`)
        }
        const id = randomBytes(6).toString('base64url')
        await record({ event: 'held', hold: id, scope, of, reason, by })
        const made = { id, scope, of, reason, by, since: clock.now() }
        await put([...standing, made])
        return made
      }),
    release: (id, by, reason) =>
      inTurn(async () => {
        const standing = await all()
        const found = standing.find((one) => one.id === id)
        if (found === undefined) throw new GatewayError('not_found', `there is no hold ${id}`)
        const { scope, of } = found
        await record({ event: 'released', hold: id, scope, of, reason, by })
        await put(standing.filter((one) => one.id !== id))
        return found
      }),
  }
}

export function holdOn(
  holds: readonly LegalHold[],
  { session, issuer, subject, target }: Pick<About, 'session' | 'issuer' | 'subject' | 'target'>,
): LegalHold | undefined {
  return holds.find(({ scope, of }) => {
    switch (scope) {
      case 'session':
        return of === session
      case 'person':
        return of === `${issuer} ${subject}`
      case 'target':
        return of === target
    }
  })
}

export function holdsOf(text: string): readonly LegalHold[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (Array.isArray(value) && value.every(isHold)) return value
  throw new GatewayError(
    'recording_damaged',
    `${NAME} beside the recordings cannot be read, so nothing is deleted; put it right by the record's lines of kind recording`,
  )
}

function isHold(value: unknown): value is LegalHold {
  if (typeof value !== 'object' || value === null) return false
  const fields: Readonly<Record<string, unknown>> = { ...value }
  return (
    ['id', 'of', 'reason', 'by'].every((name) => typeof fields[name] === 'string') &&
    ['session', 'person', 'target'].includes(String(fields['scope'])) &&
    typeof fields['since'] === 'number'
  )
}
