// Who holds which access at this moment, as this gateway knows it: read from the store when somebody opens
// a target that asks for it, when a word comes, and every second while there is any. Its time is kept here,
// whether or not the store can be asked.
import type { Grant } from '../../engine/schemas/facts.js'
import type { Clock } from '../clock.js'
import type { Log } from '../log.js'
import type { State } from '../state/state.js'
import { holderKey, type GrantedSession } from './approvals.js'
import { grantEnded, grantRow, grantRows, type GrantRow } from './grants.js'
import type { TransitionParts } from './transitions.js'

export type EndedGrant = {
  readonly id: string
  readonly holder: string
  readonly target: string
  // In words for whoever held it.
  readonly why: string
}

export type StandingAccess = {
  readonly of: (session: GrantedSession, now: number) => Grant[]
  // Rejects where the store cannot be asked; what was known stands.
  readonly refresh: () => Promise<void>
  readonly onEnded: (listener: (ended: EndedGrant) => void) => () => void
  readonly count: () => number
  readonly close: () => void
}

type Held = { readonly row: GrantRow; readonly grant: Grant }

type Holding = { readonly held: readonly Held[]; grants: Grant[]; nextEnd: number }

const NONE: Grant[] = []
// setTimeout takes no more.
const TIMER_MOST_MS = 2_000_000_000

export const TIME_IS_OVER = 'its time is over'

export function createStandingAccess(
  parts: TransitionParts & { readonly state: State; readonly clock: Clock; readonly log: Log },
): StandingAccess {
  let holdings = new Map<string, Holding>()
  const listeners = new Set<(ended: EndedGrant) => void>()
  let timer: NodeJS.Timeout | undefined
  let refreshing: Promise<void> | undefined
  let again = false

  const told = ({ row }: Held, why: string): void => {
    const { id, holder, target } = row
    for (const listener of listeners) listener({ id, holder, target, why })
  }

  const all = (): Held[] => [...holdings.values()].flatMap(({ held }) => held)

  const take = (held: readonly Held[]): void => {
    const next = new Map<string, Held[]>()
    for (const one of held) {
      const key = keyOf(one.row.holder, one.row.target, one.row.database)
      next.set(key, [...(next.get(key) ?? []), one])
    }
    holdings = new Map([...next].map(([key, some]) => [key, holdingOf(some, holdings.get(key))]))
    clearTimeout(timer)
    const soonest = Math.min(...held.map(({ row }) => row.until_ms))
    if (held.length === 0) return
    const wait = Math.min(Math.max(0, soonest - parts.clock.now()), TIMER_MOST_MS)
    timer = setTimeout(expire, wait)
    timer.unref()
  }

  const expire = (): void => {
    const now = parts.clock.now()
    const over = all().filter(({ row }) => row.until_ms <= now)
    take(all().filter(({ row }) => row.until_ms > now))
    for (const one of over) {
      told(one, TIME_IS_OVER)
      grantEnded(parts, { id: one.row.id, reason: TIME_IS_OVER, now }).catch((problem: unknown) => {
        parts.log.warn({ err: problem, approval: one.row.id }, 'the end of a grant was not kept')
      })
    }
  }

  const reread = async (): Promise<void> => {
    const now = parts.clock.now()
    const rows = await grantRows(parts.state, 'standing', now)
    const before = all()
    const known = new Map(before.map((one) => [one.row.id, one]))
    take(rows.map((row) => known.get(row.id) ?? { row, grant: grantOf(row) }))
    const ids = new Set(rows.map(({ id }) => id))
    for (const one of before) {
      if (ids.has(one.row.id)) continue
      const row = await grantRow(parts.state, one.row.id).catch(() => undefined)
      told(one, endOf(row))
    }
  }

  return {
    of({ identity, target }, now) {
      if (holdings.size === 0) return NONE
      const holding = holdings.get(keyOf(holderOf(identity.facts), target.name, target.database))
      if (holding === undefined) return NONE
      if (now >= holding.nextEnd) {
        const left = holding.held.filter(({ row }) => row.until_ms > now)
        holding.grants = left.length === 0 ? NONE : left.map(({ grant }) => grant)
        holding.nextEnd = Math.min(...left.map(({ row }) => row.until_ms))
      }
      return holding.grants
    },
    async refresh() {
      // Whoever asks while one reads wants what is there after they asked.
      if (refreshing !== undefined) {
        again = true
        return refreshing
      }
      refreshing = (async () => {
        do {
          again = false
          await reread()
        } while (again)
      })().finally(() => {
        refreshing = undefined
      })
      return refreshing
    },
    onEnded(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    count: () => all().length,
    close: () => clearTimeout(timer),
  }
}

// Asked for each command.
const holders = new WeakMap<object, string>()

function holderOf(facts: GrantedSession['identity']['facts']): string {
  let holder = holders.get(facts)
  if (holder === undefined) {
    holder = holderKey(facts)
    holders.set(facts, holder)
  }
  return holder
}

function keyOf(holder: string, target: string, database: string): string {
  return `${holder} ${target} ${database}`
}

// The same list where nothing of it changed: facts that hold it are then the same facts.
function holdingOf(held: readonly Held[], before: Holding | undefined): Holding {
  const grants = held.map(({ grant }) => grant)
  const nextEnd = Math.min(...held.map(({ row }) => row.until_ms))
  const same =
    before !== undefined &&
    before.grants.length === grants.length &&
    before.grants.every((grant, i) => grant === grants[i])
  return { held, grants: same ? before.grants : grants, nextEnd }
}

function grantOf(row: GrantRow): Grant {
  return {
    id: row.id,
    scope: 'session',
    approvers: JSON.parse(row.approvers) as string[],
    rules: JSON.parse(row.rules) as string[],
    until: new Date(row.until_ms).toISOString(),
    ...(row.reason === '' ? {} : { reason: row.reason }),
    ...(row.break_glass === 1 ? { break_glass: true } : {}),
  }
}

function endOf(row: GrantRow | undefined): string {
  if (row === undefined || row.ended_by === null) return row?.ended_reason ?? TIME_IS_OVER
  const reason = row.ended_reason ?? ''
  return `${row.ended_by} ended it${reason === '' ? '' : `: ${reason}`}`
}
