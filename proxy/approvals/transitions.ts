// The life of a request in the store: pending, then approved and used, or denied, expired, void. Each
// step is one transaction that moves the row only from where it must be, and writes the record's line
// before it commits: two who act at once get one outcome, and what cannot be recorded does not happen.
import type { Transaction } from 'kysely'
import { GatewayError } from '../errors.js'
import type { ApprovalEvent, Recorder } from '../recording/recorder.js'
import { stored, type State } from '../state/state.js'
import type { ApprovalStatus, StateTables } from '../state/tables.js'
import type { HoldRequest } from './approvals.js'
import { identityKey, storedRequest, storedText, type ApprovalRow } from './held-request.js'
import { APPROVAL_LIMITS } from './limits.js'
import type { Via } from './via.js'

export type TransitionParts = { readonly state: State; readonly recorder: Recorder }

export type Step = Transaction<StateTables>

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
  const { session, command, digest, terms, access, target } = request
  const escalates = terms.escalate === undefined ? null : now + terms.escalate.after_ms
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
        escalate_ms: escalates,
      })
      .execute()
    await recorded(parts, {
      approval: id,
      event: 'requested',
      ...(session === '' ? {} : { session, command }),
      by: requester,
      digest,
      ...(access === undefined ? {} : { target: target.name, reason: access.reason }),
      ...(access?.break_glass === true ? { break_glass: true } : {}),
    })
  })
}

// True for whoever is first: others are asked from then on, and told once.
export function escalated(
  parts: TransitionParts,
  { id, now }: { readonly id: string; readonly now: number },
): Promise<boolean> {
  return inTransaction(parts, async (step) => {
    const row = await step
      .updateTable('sallyport_approvals')
      .set({ escalated_ms: now })
      .where('id', '=', id)
      .where('status', '=', 'pending')
      .where('escalate_ms', '<=', now)
      .where('escalated_ms', 'is', null)
      .where('expires_ms', '>', now)
      .returningAll()
      .executeTakeFirst()
    if (row === undefined) return false
    const { escalate } = storedRequest(row).terms
    await recorded(parts, { ...about(row), event: 'escalated', groups: escalate?.to ?? [] })
    return true
  })
}

export function tooMany(most: number): GatewayError {
  return new GatewayError('limit_exceeded', `${most} requests of this identity are waiting already`)
}

export type Ending = {
  readonly id: string
  readonly from: readonly ApprovalStatus[]
  readonly to: 'denied' | 'expired' | 'void'
  // Issuer and subject for the record, and the words for people.
  readonly by?: { readonly key: string; readonly shown: string }
  readonly reason?: string
  readonly via?: Via
  // Issuer and subject of who had delegated the right to deny.
  readonly onBehalf?: string | undefined
  readonly now: number
}

// False where the request was not, or no longer, where it had to be. A denial must come in time.
export function ended(parts: TransitionParts, ending: Ending): Promise<boolean> {
  const { id, from, to, by, reason, via, onBehalf, now } = ending
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
      ...(via === undefined ? {} : { via }),
      ...(onBehalf === undefined ? {} : { on_behalf: onBehalf }),
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
    await recorded(parts, { ...about(row), event: 'used' })
    return usedBy(step, one.id)
  })
}

export async function usedBy(step: Pick<Step, 'selectFrom'>, id: string): Promise<Used> {
  const votes = await step
    .selectFrom('sallyport_votes')
    .select(['subject', 'reason', 'rows_max'])
    .where('approval', '=', id)
    .orderBy('time_ms')
    .execute()
  const caps = votes.flatMap(({ rows_max: most }) => (most === null ? [] : [Number(most)]))
  return {
    ...(caps.length === 0 ? {} : { rowsMax: Math.min(...caps) }),
    approvers: votes.map(({ subject }) => subject).sort(),
    reason: votes
      .map(({ reason }) => reason)
      .filter((reason) => reason !== '')
      .join('; '),
  }
}

type Change = Partial<Pick<ApprovalRow, 'status' | 'settled_ms' | 'settled_by' | 'reason'>>

// Compare and set.
export function moved(
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

export async function noLongerPending(step: Step, id: string, now: number): Promise<GatewayError> {
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

// Where access was asked for ahead there is no session.
export function about(row: ApprovalRow) {
  const { id: approval, session, command, digest } = row
  return session === '' ? { approval, digest } : { approval, session, command, digest }
}

export function inTransaction<Result>(
  { state }: TransitionParts,
  work: (step: Step) => Promise<Result>,
): Promise<Result> {
  return stored(() => state.db.transaction().execute(work))
}

export function recorded({ recorder }: TransitionParts, event: ApprovalEvent): Promise<void> {
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
