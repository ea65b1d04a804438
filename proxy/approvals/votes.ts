// One more approval of a request: counted where it leaves less missing than before, each person and each
// delegated right once, one approver after another. The last one that was missing settles the request, and
// where it was for access to a target, gives the grant in the same step.
import { peopleInWords } from '../../engine/schemas/approval-terms.js'
import { GatewayError } from '../errors.js'
import { granted } from './grants.js'
import type { Hand } from './hands.js'
import { storedRequest, type ApprovalRow, type VoteRow } from './held-request.js'
import { counts, missingOf, requirementsNow, type Ballot } from './quorum.js'
import { about, inTransaction, moved, noLongerPending, recorded } from './transitions.js'
import type { Step, TransitionParts } from './transitions.js'
import type { Via } from './via.js'

export type Vote = {
  readonly id: string
  readonly approver: string
  readonly subject: string
  readonly name: string
  readonly reason: string
  readonly via: Via
  // Those that may approve it, in the order in which they are tried.
  readonly hands: readonly Hand[]
  readonly rowsMax: number | undefined
  readonly now: number
}

// Throws GatewayError('conflict') where the request is not pending, this approver approved before, or
// nobody of theirs is missing.
export function approved(parts: TransitionParts, vote: Vote): Promise<void> {
  const { id, approver, subject, name, reason, via, rowsMax, now } = vote
  return inTransaction(parts, async (step) => {
    // Writing what is there already takes the row's lock, so that approvers come one after another.
    const row = await moved(step, id, ['pending'], { status: 'pending' }, now)
    if (row === undefined) throw await noLongerPending(step, id, now)
    const before = await votesOf(step, id)
    const hand = countingHand(row, before, vote)
    const onBehalf = hand.onBehalf?.key ?? ''
    const groups = JSON.stringify(hand.groups)
    const values = { approval: id, approver, subject, name, reason, time_ms: now }
    await step
      .insertInto('sallyport_votes')
      .values({ ...values, groups, via, on_behalf: onBehalf, rows_max: rowsMax ?? null })
      .execute()
    const { access } = storedRequest(row)
    const settled = missingFrom(row, [...before.map(ballotOf), hand.groups]).length === 0
    if (settled) {
      const status = access === undefined ? 'approved' : 'used'
      await moved(step, id, ['pending'], { status, settled_ms: now }, now)
    }
    await recorded(parts, {
      ...about(row),
      event: 'approved',
      by: approver,
      reason,
      via,
      ...(onBehalf === '' ? {} : { on_behalf: onBehalf }),
      ...(rowsMax === undefined ? {} : { rows_max: rowsMax }),
    })
    if (settled && access !== undefined) {
      await granted(parts, step, row, access, [...before, { approver, subject }], now)
    }
  })
}

export function missingFrom(
  row: Pick<ApprovalRow, 'request' | 'escalated_ms'>,
  ballots: readonly Ballot[],
): ReturnType<typeof missingOf> {
  return missingOf(requirementsNow(storedRequest(row).terms, row.escalated_ms !== null), ballots)
}

export function ballotOf({ groups }: Pick<VoteRow, 'groups'>): Ballot {
  return groups === '' ? undefined : (JSON.parse(groups) as readonly string[])
}

export function votesOf(step: Pick<Step, 'selectFrom'>, id: string): Promise<VoteRow[]> {
  return step
    .selectFrom('sallyport_votes')
    .selectAll()
    .where('approval', '=', id)
    .orderBy('time_ms')
    .orderBy('approver')
    .execute()
}

function countingHand(row: ApprovalRow, before: readonly VoteRow[], vote: Vote): Hand {
  if (before.some(({ approver }) => approver === vote.approver)) {
    throw new GatewayError('conflict', 'you approved this request already; others must as well')
  }
  const requirements = requirementsNow(storedRequest(row).terms, row.escalated_ms !== null)
  const ballots = before.map(ballotOf)
  const rights = new Set(before.flatMap((one) => [one.approver, one.on_behalf]))
  const unused = vote.hands.filter(({ onBehalf }) => !rights.has(onBehalf?.key ?? vote.approver))
  const hand = unused.find(({ groups }) => counts(requirements, ballots, groups))
  if (hand !== undefined) return hand
  if (unused.length === 0) {
    throw new GatewayError('conflict', 'that right was used for this request already')
  }
  const missing = peopleInWords(missingOf(requirements, ballots))
  throw new GatewayError('conflict', `your approval would not count: ${missing} must still approve`)
}
