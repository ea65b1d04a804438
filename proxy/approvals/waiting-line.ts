// The commands that wait in this process, each until its request is settled in the store, its time is
// up, or its client is gone. What ends a wait in any other way than by a use runs nothing.
import { setTimeout as pause } from 'node:timers/promises'
import type { Grant } from '../../engine/schemas/facts.js'
import type { Hold, HoldRequest, Settlement } from './approvals.js'
import { rowWithVotes } from './answers.js'
import { approvalView } from './held-request.js'
import type { ApprovalsParts } from './holds.js'
import { APPROVAL_LIMITS } from './limits.js'
import { somebodyTold } from './notifier.js'
import { ended, used } from './transitions.js'
import { stored } from '../state/state.js'

type Waiter = {
  readonly id: string
  readonly request: HoldRequest
  readonly expiresAtMs: number
  readonly resolve: (settlement: Settlement) => void
  settled: boolean
  // One look at a time; a word that comes meanwhile leads to another look.
  looking: boolean
  lookAgain: boolean
  timer: NodeJS.Timeout | undefined
}

export type WaitingLine = {
  readonly join: (id: string, request: HoldRequest, expiresAtMs: number) => Hold
  // Rejects where nobody could be told; the wait is then over.
  readonly tell: (hold: Hold) => Promise<void>
  // Tells how a request ended that may have been told by any gateway.
  readonly tellEnd: (id: string) => void
  readonly waits: (id: string) => boolean
  readonly size: () => number
  readonly lookAt: (id: string) => void
  readonly lookAtAll: () => void
  readonly end: (why: string) => Promise<void>
}

// An expired request whose last look is still going on is asked again after this.
const LAST_LOOK_MS = 500

export function createWaitingLine(
  parts: ApprovalsParts,
  gateway: string,
  granted: (session: string, grant: Grant) => void,
): WaitingLine {
  const waiters = new Map<string, Waiter>()
  const tellings = new Set<Promise<void>>()

  const tellEnd = (id: string): void => {
    const telling = tellSettled(parts, id)
    tellings.add(telling)
    void telling.finally(() => tellings.delete(telling))
  }

  const settle = (
    waiter: Waiter,
    settlement: Settlement,
    written: Promise<unknown> = Promise.resolve(),
  ): void => {
    if (waiter.settled) return
    waiter.settled = true
    clearTimeout(waiter.timer)
    waiters.delete(waiter.id)
    waiter.resolve(settlement)
    // People are told what the store says, so not before it says it.
    void written.then(() => tellEnd(waiter.id))
  }

  const look = async (waiter: Waiter): Promise<void> => {
    if (waiter.settled) return
    if (waiter.looking) {
      waiter.lookAgain = true
      return
    }
    waiter.looking = true
    try {
      do {
        waiter.lookAgain = false
        const settlement = await settlementOf(parts, gateway, waiter.id)
        if (settlement !== undefined) {
          if (settlement.outcome === 'approved' && waiter.request.terms.scope === 'session') {
            const { approvers } = settlement
            granted(waiter.request.session, {
              id: waiter.id,
              scope: 'session',
              approvers: [...approvers],
            })
          }
          settle(waiter, settlement)
        }
      } while (waiter.lookAgain && !waiter.settled)
    } finally {
      waiter.looking = false
    }
  }

  const expire = async (waiter: Waiter): Promise<void> => {
    if (waiter.settled) return
    if (waiter.looking) {
      waiter.timer = setTimeout(() => void expire(waiter), LAST_LOOK_MS)
      return
    }
    const now = Math.max(parts.clock.now(), waiter.expiresAtMs)
    const done = await quietly(parts, () =>
      ended(parts, { id: waiter.id, from: ['pending'], to: 'expired', now }),
    )
    // Approved in the last moment: that is the outcome which the store knows.
    if (done === false) await quietly(parts, () => look(waiter))
    settle(waiter, { outcome: 'expired' })
  }

  // Abandoned here, yet perhaps not in the store: nothing runs, and the end waits for them.
  const abandoned = new Set<Promise<unknown>>()

  const abandon = async (waiter: Waiter, why: string): Promise<void> => {
    if (waiter.settled) return
    const { id } = waiter
    const now = parts.clock.now()
    const writing = quietly(parts, () =>
      ended(parts, { id, from: ['pending', 'approved'], to: 'void', reason: why, now }),
    )
    settle(waiter, { outcome: 'void', why }, writing)
    abandoned.add(writing)
    await writing
    abandoned.delete(writing)
  }

  return {
    join(id, request, expiresAtMs) {
      let resolve: (settlement: Settlement) => void = () => undefined
      const settled = new Promise<Settlement>((done) => {
        resolve = done
      })
      const flags = { settled: false, looking: false, lookAgain: false, timer: undefined }
      const waiter: Waiter = { id, request, expiresAtMs, resolve, ...flags }
      waiters.set(id, waiter)
      waiter.timer = setTimeout(() => void expire(waiter), expiresAtMs - parts.clock.now())
      waiter.timer.unref()
      return { id, expiresAtMs, settled, abandon: (why) => void abandon(waiter, why) }
    },
    async tell({ id }) {
      try {
        const { row, votes } = await stored(() => rowWithVotes(parts.state, id))
        const notice = { event: 'requested', key: `${id}-requested` } as const
        const approval = approvalView(row, votes)
        await somebodyTold(parts.notifiers, { ...notice, approval }, APPROVAL_LIMITS.tellMs)
      } catch (problem) {
        const waiter = waiters.get(id)
        if (waiter !== undefined) await abandon(waiter, 'no approver could be told')
        throw problem
      }
    },
    tellEnd,
    waits: (id) => waiters.has(id),
    size: () => waiters.size,
    lookAt(id) {
      const waiter = waiters.get(id)
      if (waiter !== undefined) void quietly(parts, () => look(waiter))
    },
    lookAtAll() {
      if (waiters.size === 0) return
      void quietly(parts, async () => {
        for (const id of await settledAmong(parts, [...waiters.keys()])) {
          const waiter = waiters.get(id)
          if (waiter !== undefined) await look(waiter)
        }
      })
    },
    async end(why) {
      await Promise.all([...waiters.values()].map((waiter) => abandon(waiter, why)))
      await Promise.all(abandoned)
      const said = new AbortController()
      await Promise.race([
        Promise.all(tellings).finally(() => said.abort()),
        pause(APPROVAL_LIMITS.lastWordsMs, undefined, said).catch(() => undefined),
      ])
    },
  }
}

// Values of one question: SQLite takes 32,766.
const ASKED_AT_ONCE = 1_000

async function settledAmong(
  parts: ApprovalsParts,
  ids: readonly string[],
): Promise<readonly string[]> {
  const settled: string[] = []
  for (let from = 0; from < ids.length; from += ASKED_AT_ONCE) {
    const rows = await parts.state.db
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
async function settlementOf(
  parts: ApprovalsParts,
  gateway: string,
  id: string,
): Promise<Settlement | undefined> {
  const row = await stored(() =>
    parts.state.db
      .selectFrom('sallyport_approvals')
      .select(['status', 'settled_by', 'reason'])
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
    case undefined:
      return { outcome: 'void', why: 'the request is not what it was' }
  }
}

// Whether or not a use that failed reached the store: it is not taken for one.
async function usedHere(parts: ApprovalsParts, gateway: string, id: string): Promise<Settlement> {
  try {
    const use = await used(parts, { id, gateway, now: parts.clock.now() })
    if (use !== undefined) return { outcome: 'approved', ...use }
    return { outcome: 'void', why: 'it was approved too late' }
  } catch (problem) {
    parts.log.error({ err: problem, approval: id }, 'the use of an approval failed')
    return { outcome: 'void', why: 'it was approved, but its use could not be recorded' }
  }
}

async function tellSettled(parts: ApprovalsParts, id: string): Promise<void> {
  await quietly(parts, async () => {
    const { row, votes } = await rowWithVotes(parts.state, id)
    // Its end could not be written: the caretaker comes to it.
    if (row.status === 'pending') return
    const approval = approvalView(row, votes)
    const notice = { event: 'settled', key: `${id}-settled`, approval } as const
    await Promise.allSettled(parts.notifiers.map((notifier) => notifier.tell(notice)))
  })
}

// What fails here is looked at again, or ends with the request's time.
async function quietly<Result>(
  { log }: ApprovalsParts,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work()
  } catch (problem) {
    log.error({ err: problem }, 'a step of an approval failed')
    return undefined
  }
}
