// Commands that wait here for approval. Asks, waits, and uses an approval once: whatever the store says,
// a command runs only after this gateway itself moved its request from approved to used, and had that
// recorded. Every doubt ends the wait without running anything.
import type { Policy } from '../../engine/policy/policy.js'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { Log } from '../log.js'
import type { Recorder } from '../recording/recorder.js'
import type { State } from '../state/state.js'
import { createAnswers, type Answers } from './answers.js'
import type { Approvals } from './approvals.js'
import { startCaretaker } from './caretaker.js'
import { identityKey } from './held-request.js'
import { APPROVAL_LIMITS } from './limits.js'
import type { Notifier } from './notifier.js'
import { createStandingGrants } from './standing-grants.js'
import { requested, tooMany } from './transitions.js'
import { createWaitingLine } from './waiting-line.js'

export type ApprovalsParts = {
  readonly state: State
  readonly recorder: Recorder
  readonly notifiers: readonly Notifier[]
  readonly policy: () => Policy | undefined
  readonly clock: Clock
  readonly limits: { readonly holdsPerIdentity: number }
  readonly selfApproval: boolean
  readonly randomId: () => string
  readonly log: Log
  // Whether approvers can reach the API at all; absent: always.
  readonly reachable?: () => boolean
}

export type Holds = Approvals &
  Answers & {
    // The session is over: its standing grants are forgotten.
    readonly sessionEnded: (session: string) => void
    // Ends every wait. The store is closed by who opened it.
    readonly close: () => Promise<void>
  }

export async function createApprovals(parts: ApprovalsParts): Promise<Holds> {
  const gateway = parts.randomId()
  const grants = createStandingGrants()
  const line = createWaitingLine(parts, gateway, grants.add)
  const perIdentity = new Map<string, number>()
  let closed = false

  const count = (key: string, by: 1 | -1): void => {
    const now = (perIdentity.get(key) ?? 0) + by
    if (now > 0) perIdentity.set(key, now)
    else perIdentity.delete(key)
  }

  const caretaker = await startCaretaker(parts, gateway, line.waits, line.tellEnd)
  const unsubscribe = parts.state.onAnnounced(line.lookAt)
  const looking = setInterval(() => line.lookAtAll(), APPROVAL_LIMITS.lookEveryMs)
  looking.unref()

  return {
    ...createAnswers(parts),
    async request(request) {
      if (closed || parts.reachable?.() === false) {
        throw new GatewayError('state_failed', 'approvers cannot reach this gateway')
      }
      if (line.size() >= APPROVAL_LIMITS.holds) throw tooMany(APPROVAL_LIMITS.holds)
      const key = identityKey(request.requester)
      const pendingMax = parts.limits.holdsPerIdentity
      if ((perIdentity.get(key) ?? 0) >= pendingMax) throw tooMany(pendingMax)
      count(key, 1)
      const id = parts.randomId()
      const now = parts.clock.now()
      try {
        await requested(parts, { id, gateway, now, request, pendingMax })
      } catch (problem) {
        count(key, -1)
        throw problem
      }
      const hold = line.join(id, request, now + request.terms.expires_ms)
      void hold.settled.then(() => count(key, -1))
      await line.tell(hold)
      return hold
    },
    grantsOf: grants.of,
    pending: () => line.size(),
    sessionEnded: grants.forget,
    async close() {
      if (closed) return
      closed = true
      unsubscribe()
      clearInterval(looking)
      await line.end('the gateway is stopping')
      await caretaker.stop()
      await Promise.all(parts.notifiers.map((notifier) => notifier.close()))
    },
  }
}
