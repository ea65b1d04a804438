// The life of a request in the store: pending, then approved and used, or denied, expired, void. Each
// step is one transaction that moves the row only from where it must be, and writes the record's line
// before it commits: two who act at once get one outcome, and what cannot be recorded does not happen.
import type { Transaction } from 'kysely'
import { GatewayError } from '../errors.js'
import type { ApprovalEvent, Recorder } from '../recording/recorder.js'
import { stored, type State } from '../state/state.js'
import type { ApprovalStatus, StateTables } from '../state/tables.js'
import type { HoldRequest } from './approvals.js'
import { identityKey, storedText, type ApprovalRow } from './held-request.js'
import { APPROVAL_LIMITS } from './limits.js'

export type TransitionParts = { readonly state: State; readonly recorder: Recorder }

type Step = Transaction<StateTables>

export type NewRequest = {
  readonly id: string
  readonly gateway: string
  readonly now: number
  readonly request: HoldRequest
  readonly pendingMax: number
}

export function requested(parts: TransitionParts, wanted: NewRequest): Promise<void> {
  const { id, gateway, now, request } = wanted
  const requester = identityKey(request.requester)
  const text = storedText(request)
  if (Buffer.byteLength(text) > APPROVAL_LIMITS.requestBytes) {
    throw new GatewayError('limit_exceeded', 'the command is too large to be shown to an approver')
  }
  const { session, command, digest, terms } = request
  return inTransaction(parts, async (step) => {
    const { pending } = await step
      .selectFrom('sallyport_approvals')
      .select((select) => select.fn.countAll<number>().as('pending'))
      .where('requester', '=', requester)
      .where('status', '=', 'pending')
      .where('expires_ms', '>', now)
      .executeTakeFirstOrThrow()
    if (Number(pending) >= wanted.pendingMax) throw tooMany(wanted.pendingMax)
    await step
      .insertInto('sallyport_approvals')
      .values({
        id,
        gateway,
        status: 'pending',
        session,
        command,
        digest,
        requester,
        quorum: terms.quorum,
        request: text,
        created_ms: now,
        expires_ms: now + terms.expires_ms,
      })
      .execute()
    await recorded(parts, {
      approval: id,
      event: 'requested',
      session,
      command,
      by: requester,
      digest,
    })
  })
}

export function tooMany(most: number): GatewayError {
  return new GatewayError('limit_exceeded', `${most} requests of this identity are waiting already`)
}

export type Vote = {
  readonly id: string
  readonly approver: string
  readonly subject: string
  readonly name: string
  readonly reason: string
  readonly now: number
}

// Throws GatewayError('conflict') where the request is not pending, or this approver approved before.
export function approved(parts: TransitionParts, vote: Vote): Promise<void> {
  const { id, approver, subject, name, reason, now } = vote
  return inTransaction(parts, async (step) => {
    // Writing what is there already takes the row's lock, so that approvers come one after another.
    const row = await moved(step, id, ['pending'], { status: 'pending' }, now)
    if (row === undefined) throw await noLongerPending(step, id, now)
    const counted = await step
      .insertInto('sallyport_votes')
      .values({ approval: id, approver, subject, name, reason, time_ms: now })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (counted.numInsertedOrUpdatedRows !== 1n) {
      throw new GatewayError('conflict', 'you approved this request already; others must as well')
    }
    const { votes } = await step
      .selectFrom('sallyport_votes')
      .select((select) => select.fn.countAll<number>().as('votes'))
      .where('approval', '=', id)
      .executeTakeFirstOrThrow()
    if (Number(votes) >= row.quorum) {
      await moved(step, id, ['pending'], { status: 'approved', settled_ms: now }, now)
    }
    await recorded(parts, { ...about(row), event: 'approved', by: approver, reason })
  })
}

export type Ending = {
  readonly id: string
  readonly from: readonly ApprovalStatus[]
  readonly to: 'denied' | 'expired' | 'void'
  // Issuer and subject for the record, and the words for people.
  readonly by?: { readonly key: string; readonly shown: string }
  readonly reason?: string
  readonly now: number
}

// False where the request was not, or no longer, where it had to be. A denial must come in time.
export function ended(parts: TransitionParts, ending: Ending): Promise<boolean> {
  const { id, from, to, by, reason, now } = ending
  return inTransaction(parts, async (step) => {
    const change = {
      status: to,
      settled_ms: now,
      settled_by: by?.shown ?? null,
      reason: reason ?? null,
    }
    const row = await moved(step, id, from, change, to === 'denied' ? now : undefined)
    if (row === undefined) return false
    await recorded(parts, {
      ...about(row),
      event: to,
      ...(by === undefined ? {} : { by: by.key }),
      ...(reason === undefined ? {} : { reason }),
    })
    return true
  })
}

export type Used = { readonly approvers: readonly string[]; readonly reason: string }

// Once, by the gateway that holds the command, in time: undefined otherwise.
export function used(
  parts: TransitionParts,
  one: { readonly id: string; readonly gateway: string; readonly now: number },
): Promise<Used | undefined> {
  return inTransaction(parts, async (step) => {
    const inTime = one.now - APPROVAL_LIMITS.useGraceMs
    const row = await moved(step, one.id, ['approved'], { status: 'used' }, inTime, one.gateway)
    if (row === undefined) return undefined
    const votes = await step
      .selectFrom('sallyport_votes')
      .selectAll()
      .where('approval', '=', one.id)
      .orderBy('time_ms')
      .execute()
    await recorded(parts, { ...about(row), event: 'used' })
    return {
      approvers: votes.map(({ subject }) => subject).sort(),
      reason: votes
        .map(({ reason }) => reason)
        .filter((reason) => reason !== '')
        .join('; '),
    }
  })
}

type Change = Partial<Pick<ApprovalRow, 'status' | 'settled_ms' | 'settled_by' | 'reason'>>

// Compare and set.
function moved(
  step: Step,
  id: string,
  from: readonly ApprovalStatus[],
  change: Change,
  liveAt?: number,
  gateway?: string,
): Promise<ApprovalRow | undefined> {
  let update = step
    .updateTable('sallyport_approvals')
    .set(change)
    .where('id', '=', id)
    .where('status', 'in', from)
  if (liveAt !== undefined) update = update.where('expires_ms', '>', liveAt)
  if (gateway !== undefined) update = update.where('gateway', '=', gateway)
  return update.returningAll().executeTakeFirst()
}

async function noLongerPending(step: Step, id: string, now: number): Promise<GatewayError> {
  const row = await step
    .selectFrom('sallyport_approvals')
    .select(['status', 'expires_ms'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return new GatewayError('not_found', `there is no request ${id}`)
  const status = row.status === 'pending' && row.expires_ms <= now ? 'expired' : row.status
  return alreadySettled(id, status)
}

export function alreadySettled(id: string, status: ApprovalStatus): GatewayError {
  const words = status === 'used' ? 'approved and used' : status
  return new GatewayError('conflict', `request ${id} is already ${words}`)
}

function about(row: ApprovalRow) {
  return { approval: row.id, session: row.session, command: row.command, digest: row.digest }
}

function inTransaction<Result>(
  { state }: TransitionParts,
  work: (step: Step) => Promise<Result>,
): Promise<Result> {
  return stored(() => state.db.transaction().execute(work))
}

function recorded({ recorder }: TransitionParts, event: ApprovalEvent): Promise<void> {
  return new Promise((resolve, reject) => {
    recorder.approval(event, (cause) => {
      if (cause === undefined) resolve()
      else {
        const message = `“${event.event}” could not be recorded, so it did not happen`
        reject(new GatewayError('record_failed', message, { cause }))
      }
    })
  })
}
