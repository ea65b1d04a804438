// Requests and the approvals given so far, read from the store together.
import { GatewayError } from '../errors.js'
import type { State } from '../state/state.js'
import type { ApprovalRow, VoteRow } from './held-request.js'
import { APPROVAL_LIMITS } from './limits.js'

type Read = Pick<State, 'db'>

export async function rowWithVotes(
  { db }: Read,
  id: string,
): Promise<{ readonly row: ApprovalRow; readonly votes: readonly VoteRow[] }> {
  const row = await db
    .selectFrom('sallyport_approvals')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) throw noSuch(id)
  const votes = await db
    .selectFrom('sallyport_votes')
    .selectAll()
    .where('approval', '=', id)
    .orderBy('time_ms')
    .execute()
  return { row, votes }
}

// Newest first; more than the list holds, since some of them are not for the viewer's eyes.
const SEARCHED = 5 * APPROVAL_LIMITS.listed

export async function rowsWithVotes(
  { db }: Read,
  which: 'pending' | 'all',
): Promise<{ readonly rows: readonly ApprovalRow[]; readonly votes: readonly VoteRow[] }> {
  let query = db.selectFrom('sallyport_approvals').selectAll()
  if (which === 'pending') query = query.where('status', '=', 'pending')
  const rows = await query.orderBy('created_ms', 'desc').limit(SEARCHED).execute()
  const ids = rows.map(({ id }) => id)
  const votes =
    ids.length === 0
      ? []
      : await db
          .selectFrom('sallyport_votes')
          .selectAll()
          .where('approval', 'in', ids)
          .orderBy('time_ms')
          .execute()
  return { rows, votes }
}

export function noSuch(id: string): GatewayError {
  return new GatewayError('not_found', `there is no request ${id}`)
}
