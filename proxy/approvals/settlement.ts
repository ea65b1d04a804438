// How a request that somebody here waits for has ended, as the store says: an approval of a command is used
// by this, once; access that was granted stands for all who wait for it.
import { GatewayError } from '../errors.js'
import { stored, type State } from '../state/state.js'
import type { Settlement } from './approvals.js'
import type { ApprovalsParts } from './holds.js'
import { storedRequest } from './held-request.js'
import { used, usedBy } from './transitions.js'

// Values of one question: SQLite takes 32,766.
const ASKED_AT_ONCE = 1_000

export async function settledAmong(
  { db }: Pick<State, 'db'>,
  ids: readonly string[],
): Promise<readonly string[]> {
  const settled: string[] = []
  for (let from = 0; from < ids.length; from += ASKED_AT_ONCE) {
    const rows = await db
      .selectFrom('sallyport_approvals')
      .select('id')
      .where('status', '!=', 'pending')
      .where('id', 'in', ids.slice(from, from + ASKED_AT_ONCE))
      .execute()
    settled.push(...rows.map(({ id }) => id))
  }
  return settled
}

// undefined: still pending.
export async function settlementOf(
  parts: ApprovalsParts,
  gateway: string,
  id: string,
): Promise<Settlement | undefined> {
  const row = await stored(() =>
    parts.state.db
      .selectFrom('sallyport_approvals')
      .select(['status', 'settled_by', 'reason', 'request'])
      .where('id', '=', id)
      .executeTakeFirst(),
  )
  switch (row?.status) {
    case 'pending':
      return undefined
    case 'approved':
      return usedHere(parts, gateway, id)
    case 'denied':
      return { outcome: 'denied', by: row.settled_by ?? '', reason: row.reason ?? '' }
    case 'expired':
      return { outcome: 'expired' }
    case 'void':
      return { outcome: 'void', why: row.reason ?? '' }
    case 'used':
      if (storedRequest(row).access === undefined) return NOT_AS_IT_WAS
      return { outcome: 'approved', ...(await stored(() => usedBy(parts.state.db, id))) }
    case undefined:
      return NOT_AS_IT_WAS
  }
}

const NOT_AS_IT_WAS: Settlement = { outcome: 'void', why: 'the request is not what it was' }

// Whether or not a use that failed reached the store: it is not taken for one.
async function usedHere(parts: ApprovalsParts, gateway: string, id: string): Promise<Settlement> {
  try {
    const use = await used(parts, { id, gateway, now: parts.clock.now() })
    if (use !== undefined) return { outcome: 'approved', ...use }
    return { outcome: 'void', why: 'it was approved too late' }
  } catch (problem) {
    parts.log.error({ err: problem, approval: id }, 'the use of an approval failed')
    const unrecorded = problem instanceof GatewayError && problem.code === 'record_failed'
    const what = unrecorded ? 'its use could not be recorded' : 'the state store failed then'
    return { outcome: 'void', why: `it was approved, but ${what}` }
  }
}
