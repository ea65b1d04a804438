// Those who wait in this process, each until its request is settled in the store, its time is up, or its
// client is gone. Several may wait for one request, where the same person sends the same command again: one
// of them uses the approval. What ends a wait in any other way than by a use runs nothing.
import { setTimeout as pause } from 'node:timers/promises'
import type { Grant } from '../../engine/schemas/facts.js'
import type { Hold, HoldRequest, Settlement } from './approvals.js'
import type { ApprovalsParts } from './holds.js'
import { APPROVAL_LIMITS } from './limits.js'
import { settledAmong, settlementOf } from './settlement.js'
import { tellRequest, tellSettled } from './telling.js'
import { ended } from './transitions.js'

type Waiter = {
  readonly request: HoldRequest
  readonly resolve: (settlement: Settlement) => void
  settled: boolean
}

// One request and all who wait for it here, in the order in which they came.
type Wait = {
  readonly id: string
  readonly key: string
  readonly expiresAtMs: number
  // Asked for before anybody waited: it lives on when they leave.
  readonly askedAhead: boolean
  readonly waiters: Set<Waiter>
  // One look at a time; a word that comes meanwhile leads to another look, before this one ends.
  looking: Promise<void> | undefined
  lookAgain: boolean
  timer: NodeJS.Timeout | undefined
}

export type NewWait = Pick<Wait, 'id' | 'key' | 'expiresAtMs' | 'askedAhead'>

export type WaitingLine = {
  readonly open: (wait: NewWait, request: HoldRequest) => Hold
  // Waits for what waits already under this key; undefined where nothing does.
  readonly join: (key: string, request: HoldRequest) => Hold | undefined
  // Rejects where nobody could be told; the wait is then over.
  readonly tell: (id: string) => Promise<void>
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

// Two runs of one command are two executions, and one was approved.
const USED_BY_ANOTHER: Settlement = {
  outcome: 'void',
  why: 'it was approved once, and the same command in another session of yours used it; run it again to ask again',
}

export function createWaitingLine(
  parts: ApprovalsParts,
  gateway: string,
  granted: (session: string, grant: Grant) => void,
): WaitingLine {
  const waits = new Map<string, Wait>()
  const byKey = new Map<string, Wait>()
  const tellings = new Set<Promise<void>>()

  const tellEnd = (id: string): void => {
    const telling = quietly(parts, () => tellSettled(parts, id)).then(() => undefined)
    tellings.add(telling)
    void telling.finally(() => tellings.delete(telling))
  }

  const gone = (wait: Wait): void => {
    clearTimeout(wait.timer)
    waits.delete(wait.id)
    if (byKey.get(wait.key) === wait) byKey.delete(wait.key)
  }

  const answer = (wait: Wait, waiter: Waiter, settlement: Settlement): void => {
    if (waiter.settled) return
    waiter.settled = true
    wait.waiters.delete(waiter)
    const { request } = waiter
    if (settlement.outcome === 'approved' && isForSession(request)) {
      granted(request.session, grantOf(wait.id, request, settlement.approvers, parts.clock.now()))
    }
    waiter.resolve(settlement)
  }

  const settle = (
    wait: Wait,
    settlement: Settlement,
    written: Promise<unknown> = Promise.resolve(),
  ): void => {
    if (waits.get(wait.id) !== wait) return
    gone(wait)
    const once = settlement.outcome === 'approved'
    let taken = false
    for (const waiter of [...wait.waiters]) {
      const another = once && taken && waiter.request.access === undefined
      answer(wait, waiter, another ? USED_BY_ANOTHER : settlement)
      taken = true
    }
    // People are told what the store says, so not before it says it; of what was asked ahead, by whoever
    // answered it.
    if (!wait.askedAhead) void written.then(() => tellEnd(wait.id))
  }

  const looks = async (wait: Wait): Promise<void> => {
    try {
      do {
        wait.lookAgain = false
        const settlement = await settlementOf(parts, gateway, wait.id)
        if (settlement !== undefined) settle(wait, settlement)
      } while (wait.lookAgain && waits.get(wait.id) === wait)
    } finally {
      wait.looking = undefined
    }
  }

  const look = async (wait: Wait): Promise<void> => {
    if (waits.get(wait.id) !== wait) return
    wait.lookAgain = true
    wait.looking ??= looks(wait)
    await wait.looking
  }

  const expire = async (wait: Wait): Promise<void> => {
    if (waits.get(wait.id) !== wait) return
    if (wait.looking !== undefined) {
      wait.timer = setTimeout(() => void expire(wait), LAST_LOOK_MS)
      return
    }
    const now = Math.max(parts.clock.now(), wait.expiresAtMs)
    const done = await quietly(parts, () =>
      ended(parts, { id: wait.id, from: ['pending'], to: 'expired', now }),
    )
    // Approved in the last moment: that is the outcome which the store knows.
    if (done === false) await quietly(parts, () => look(wait))
    settle(wait, { outcome: 'expired' })
    if (done === true && wait.askedAhead) tellEnd(wait.id)
  }

  // Abandoned here, yet perhaps not in the store: nothing runs, and the end waits for them.
  const abandoned = new Set<Promise<unknown>>()

  const abandonAll = async (wait: Wait, why: string): Promise<void> => {
    if (waits.get(wait.id) !== wait) return
    const { id, askedAhead } = wait
    const now = parts.clock.now()
    const writing = askedAhead
      ? Promise.resolve()
      : quietly(parts, () =>
          ended(parts, { id, from: ['pending', 'approved'], to: 'void', reason: why, now }),
        )
    settle(wait, { outcome: 'void', why }, writing)
    abandoned.add(writing)
    await writing
    abandoned.delete(writing)
  }

  const abandon = (wait: Wait, waiter: Waiter, why: string): void => {
    if (waiter.settled) return
    if (wait.waiters.size > 1) answer(wait, waiter, { outcome: 'void', why })
    else void abandonAll(wait, why)
  }

  const joined = (wait: Wait, request: HoldRequest): Hold => {
    let resolve: (settlement: Settlement) => void = () => undefined
    const settled = new Promise<Settlement>((done) => {
      resolve = done
    })
    const waiter: Waiter = { request, resolve, settled: false }
    wait.waiters.add(waiter)
    const { id, expiresAtMs } = wait
    return { id, expiresAtMs, settled, abandon: (why) => abandon(wait, waiter, why) }
  }

  return {
    open(about, request) {
      const flags = { looking: undefined, lookAgain: false, timer: undefined }
      const wait: Wait = { ...about, waiters: new Set(), ...flags }
      waits.set(wait.id, wait)
      byKey.set(wait.key, wait)
      wait.timer = setTimeout(() => void expire(wait), wait.expiresAtMs - parts.clock.now())
      wait.timer.unref()
      return joined(wait, request)
    },
    join(key, request) {
      const wait = byKey.get(key)
      return wait === undefined ? undefined : joined(wait, request)
    },
    async tell(id) {
      try {
        await tellRequest(parts, id)
      } catch (problem) {
        const wait = waits.get(id)
        if (wait !== undefined) await abandonAll(wait, 'no approver could be told')
        throw problem
      }
    },
    tellEnd,
    waits: (id) => waits.has(id),
    size: () => [...waits.values()].reduce((sum, { waiters }) => sum + waiters.size, 0),
    lookAt(id) {
      const wait = waits.get(id)
      if (wait !== undefined) void quietly(parts, () => look(wait))
    },
    lookAtAll() {
      if (waits.size === 0) return
      void quietly(parts, async () => {
        for (const id of await settledAmong(parts.state, [...waits.keys()])) {
          const wait = waits.get(id)
          if (wait !== undefined) await look(wait)
        }
      })
    },
    async end(why) {
      await Promise.all([...waits.values()].map((wait) => abandonAll(wait, why)))
      await Promise.all(abandoned)
      const said = new AbortController()
      await Promise.race([
        Promise.all(tellings).finally(() => said.abort()),
        pause(APPROVAL_LIMITS.lastWordsMs, undefined, said).catch(() => undefined),
      ])
    },
  }
}

function isForSession({ terms, access }: HoldRequest): boolean {
  return terms.scope === 'session' && access === undefined
}

function grantOf(
  id: string,
  { terms, rules }: HoldRequest,
  approvers: readonly string[],
  now: number,
): Grant {
  return {
    id,
    scope: 'session',
    approvers: [...approvers],
    rules: [...new Set(rules.map((rule) => rule.id))].sort(),
    ...(terms.grant_ms === undefined
      ? {}
      : { until: new Date(now + terms.grant_ms).toISOString() }),
  }
}

// What fails here is looked at again, or ends with the request's time.
async function quietly<Result>(
  { log }: Pick<ApprovalsParts, 'log'>,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work()
  } catch (problem) {
    log.error({ err: problem }, 'a step of an approval failed')
    return undefined
  }
}
