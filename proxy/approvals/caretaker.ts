// Clears away what nobody waits for any more: requests of gateways that are gone, of this gateway's
// clients that it lost sight of, those past their time, and settled ones that are old. Runs at the start
// and from then on at a steady pace.
import type { Clock } from '../clock.js'
import type { Log } from '../log.js'
import { stored, type State } from '../state/state.js'
import { grantEnded } from './grants.js'
import { APPROVAL_LIMITS } from './limits.js'
import { TIME_IS_OVER } from './standing-access.js'
import { ended, type Ending, type TransitionParts } from './transitions.js'

export type CaretakerParts = TransitionParts & { readonly clock: Clock; readonly log: Log }

export type Caretaker = { readonly stop: () => Promise<void> }

// So many at a time: each is a transaction and a line of the record.
const AT_ONCE = 200

export async function startCaretaker(
  parts: CaretakerParts,
  gateway: string,
  waits: (id: string) => boolean,
  // Whoever was told of the request by a gateway that is gone may be told its end.
  onEnded: (id: string) => void,
  // Asks others where nobody has answered.
  escalations: () => Promise<void>,
): Promise<Caretaker> {
  const round = async (): Promise<void> => {
    await cleared(parts, gateway, waits, onEnded)
    await escalations()
  }
  await round()
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running ??= round()
      .catch((problem: unknown) => {
        parts.log.warn({ err: problem }, 'old requests could not be cleared away')
      })
      .finally(() => {
        running = undefined
      })
  }, APPROVAL_LIMITS.heartbeatMs)
  timer.unref()
  return {
    async stop() {
      clearInterval(timer)
      await running
      await stored(() =>
        parts.state.db.deleteFrom('sallyport_gateways').where('id', '=', gateway).execute(),
      ).catch((problem: unknown) => {
        parts.log.warn({ err: problem }, 'the state store could not be told of the end')
      })
    },
  }
}

async function cleared(
  parts: CaretakerParts,
  gateway: string,
  waits: (id: string) => boolean,
  onEnded: (id: string) => void,
): Promise<void> {
  const now = parts.clock.now()
  const alive = await stored(() => gatewaysAlive(parts.state, gateway, now))
  const endings = await stored(() => overdue(parts.state, gateway, alive, waits, now))
  for (const ending of endings) {
    if (await ended(parts, ending)) onEnded(ending.id)
  }
  for (const id of await stored(() => grantsOver(parts.state, now))) {
    await grantEnded(parts, { id, reason: TIME_IS_OVER, now })
  }
  await stored(() => dropOld(parts.state, now - APPROVAL_LIMITS.keptMs))
}

async function gatewaysAlive(state: State, gateway: string, now: number): Promise<Set<string>> {
  await state.db
    .insertInto('sallyport_gateways')
    .values({ id: gateway, seen_ms: now })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ seen_ms: now }))
    .execute()
  // A SQLite file belongs to one gateway: whoever wrote to it before is gone.
  if (state.kind === 'sqlite') return new Set([gateway])
  const rows = await state.db
    .selectFrom('sallyport_gateways')
    .select('id')
    .where('seen_ms', '>', now - APPROVAL_LIMITS.gatewayDeadMs)
    .execute()
  return new Set(rows.map(({ id }) => id))
}

async function overdue(
  state: State,
  gateway: string,
  alive: ReadonlySet<string>,
  waits: (id: string) => boolean,
  now: number,
): Promise<readonly Ending[]> {
  const rows = await state.db
    .selectFrom('sallyport_approvals')
    .select(['id', 'gateway', 'expires_ms', 'created_ms'])
    .where('status', 'in', ['pending', 'approved'])
    .orderBy('created_ms')
    .execute()
  const endings: Ending[] = []
  for (const { id, gateway: owner, expires_ms, created_ms } of rows) {
    if (endings.length >= AT_ONCE) break
    const both = { id, from: ['pending', 'approved'], now } as const
    const young = now - created_ms < APPROVAL_LIMITS.gatewayDeadMs
    if (owner === '') {
      // Asked ahead, so that no gateway holds it; whoever waits for it now ends it in time.
      if (expires_ms < now && !waits(id)) endings.push({ ...both, to: 'expired' })
    } else if (owner === gateway ? !waits(id) && !young : !alive.has(owner)) {
      const reason = owner === gateway ? 'nobody waits for it' : 'the gateway that held it is gone'
      endings.push({ ...both, to: 'void', reason })
    } else if (expires_ms + APPROVAL_LIMITS.gatewayDeadMs < now) {
      endings.push({ ...both, to: 'expired' })
    }
  }
  return endings
}

// Given by a gateway that ended before they did.
async function grantsOver({ db }: State, now: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('sallyport_grants')
    .select('id')
    .where('ended_ms', 'is', null)
    .where('until_ms', '<', now - APPROVAL_LIMITS.heartbeatMs)
    .limit(AT_ONCE)
    .execute()
  return rows.map(({ id }) => id)
}

async function dropOld(state: State, before: number): Promise<void> {
  const { db } = state
  await db
    .deleteFrom('sallyport_votes')
    .where('approval', 'in', (old) =>
      old.selectFrom('sallyport_approvals').select('id').where('settled_ms', '<', before),
    )
    .execute()
  await db.deleteFrom('sallyport_approvals').where('settled_ms', '<', before).execute()
  // What was never looked at afterwards is kept until it is.
  await db
    .deleteFrom('sallyport_grants')
    .where('ended_ms', '<', before)
    .where((where) => where.or([where('break_glass', '=', 0), where('reviewed_ms', '<', before)]))
    .execute()
  await db.deleteFrom('sallyport_delegations').where('until_ms', '<', before).execute()
  await db.deleteFrom('sallyport_gateways').where('seen_ms', '<', before).execute()
  await db.deleteFrom('sallyport_notices').where('told_ms', '<', before).execute()
}
