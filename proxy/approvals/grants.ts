// Access to a target for a time, as it is stored: given by the last approval, ended by its time or by a
// person, and where the glass was broken, looked at afterwards by somebody else.
import type { Selectable } from 'kysely'
import { GatewayError } from '../errors.js'
import { stored, type State } from '../state/state.js'
import type { GrantsTable } from '../state/tables.js'
import { ACCESS_LIMITS, holderKey, type AccessAsked } from './approvals.js'
import { storedRequest, type ApprovalRow } from './held-request.js'
import { APPROVAL_LIMITS } from './limits.js'
import { requirementsNow } from './quorum.js'
import { inTransaction, recorded, type Step, type TransitionParts } from './transitions.js'
import type { Via } from './via.js'

export type GrantRow = Selectable<GrantsTable>

export async function granted(
  parts: TransitionParts,
  step: Step,
  row: ApprovalRow,
  access: AccessAsked,
  votes: readonly { readonly approver: string; readonly subject: string }[],
  now: number,
): Promise<void> {
  const { terms, rules, requester, target } = storedRequest(row)
  const { for_ms: wanted = Infinity, reason, break_glass: broken } = access
  const until = now + Math.min(wanted, terms.grant_ms ?? ACCESS_LIMITS.standsMs)
  await step
    .insertInto('sallyport_grants')
    .values({
      id: row.id,
      holder: holderKey(requester),
      holder_name: requester.name === '' ? requester.subject : requester.name,
      target: target.name,
      database: target.database,
      approvers: JSON.stringify(votes.map(({ subject }) => subject).sort()),
      approver_keys: JSON.stringify(votes.map(({ approver }) => approver).sort()),
      rules: JSON.stringify(rules.map(({ id }) => id).sort()),
      groups: JSON.stringify(requirementsNow(terms, true).flatMap((one) => one.any_of)),
      reason,
      break_glass: broken ? 1 : 0,
      from_ms: now,
      until_ms: until,
    })
    .execute()
  await recorded(parts, {
    approval: row.id,
    event: 'granted',
    ...(row.session === '' ? {} : { session: row.session }),
    by: row.requester,
    target: target.name,
    until,
    reason,
    ...(broken ? { break_glass: true } : {}),
  })
}

export type GrantEnd = {
  readonly id: string
  // Issuer and subject for the record, and the words for people; absent: its time is over.
  readonly by?: { readonly key: string; readonly shown: string }
  readonly reason: string
  readonly via?: Via
  readonly now: number
}

// False where it had ended before.
export function grantEnded(parts: TransitionParts, end: GrantEnd): Promise<boolean> {
  const { id, by, reason, via, now } = end
  return inTransaction(parts, async (step) => {
    const row = await step
      .updateTable('sallyport_grants')
      .set({ ended_ms: now, ended_by: by?.shown ?? null, ended_reason: reason })
      .where('id', '=', id)
      .where('ended_ms', 'is', null)
      .returningAll()
      .executeTakeFirst()
    if (row === undefined) return false
    await recorded(parts, {
      approval: id,
      event: 'ended',
      target: row.target,
      reason,
      ...(by === undefined ? {} : { by: by.key }),
      ...(via === undefined ? {} : { via }),
      ...(row.break_glass === 1 ? { break_glass: true } : {}),
    })
    return true
  })
}

export type Review = {
  readonly id: string
  readonly by: { readonly key: string; readonly shown: string }
  readonly words: string
  readonly via: Via
  readonly now: number
}

export function reviewed(parts: TransitionParts, review: Review): Promise<void> {
  const { id, by, words, via, now } = review
  return inTransaction(parts, async (step) => {
    const row = await step
      .updateTable('sallyport_grants')
      .set({ reviewed_ms: now, reviewed_by: by.shown, review: words })
      .where('id', '=', id)
      .where('break_glass', '=', 1)
      .where('reviewed_ms', 'is', null)
      .returningAll()
      .executeTakeFirst()
    if (row === undefined) throw new GatewayError('conflict', `${id} waits for no review`)
    await recorded(parts, {
      approval: id,
      event: 'reviewed',
      by: by.key,
      reason: words,
      via,
      target: row.target,
      break_glass: true,
    })
  })
}

export type WhichGrants = 'standing' | 'unreviewed' | 'all'

// Newest first.
export function grantRows(
  { db }: Pick<State, 'db'>,
  which: WhichGrants,
  now: number,
): Promise<GrantRow[]> {
  let query = db.selectFrom('sallyport_grants').selectAll()
  if (which === 'standing') query = query.where('until_ms', '>', now).where('ended_ms', 'is', null)
  if (which === 'unreviewed') {
    query = query.where('break_glass', '=', 1).where('reviewed_ms', 'is', null)
  }
  return stored(() =>
    query
      .orderBy('from_ms', 'desc')
      .limit(5 * APPROVAL_LIMITS.listed)
      .execute(),
  )
}

export function grantRow({ db }: Pick<State, 'db'>, id: string): Promise<GrantRow | undefined> {
  return stored(() =>
    db.selectFrom('sallyport_grants').selectAll().where('id', '=', id).executeTakeFirst(),
  )
}
