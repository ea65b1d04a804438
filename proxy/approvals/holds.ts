// Commands and logins that wait here for approval. Asks, waits, and uses an approval once: whatever the store
// says, a command runs only after this gateway itself moved its request from approved to used, and had that
// recorded. Every doubt ends the wait without running anything.
import type { Policy } from '../../engine/policy/policy.js'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { Log } from '../log.js'
import type { Recorder } from '../recording/recorder.js'
import type { State } from '../state/state.js'
import { createAccessDesk, type AccessDesk } from './access-desk.js'
import { createAnswers, type Answers } from './answers.js'
import type { ApprovalView } from './approval-view.js'
import type { Approvals } from './approvals.js'
import { createAsking } from './asking.js'
import { startCaretaker } from './caretaker.js'
import { createDelegations, type Delegations } from './delegations.js'
import { createEscalation } from './escalation.js'
import { APPROVAL_LIMITS } from './limits.js'
import type { Notifier } from './notifier.js'
import { createStandingAccess, type StandingAccess } from './standing-access.js'
import { createStandingGrants } from './standing-grants.js'
import { createWaitingLine } from './waiting-line.js'

export type ApprovalsParts = {
  readonly state: State
  readonly recorder: Recorder
  readonly notifiers: readonly Notifier[]
  readonly policy: () => Policy | undefined
  readonly clock: Clock
  readonly limits: { readonly holdsPerIdentity: number; readonly lookEveryMs?: number }
  readonly selfApproval: boolean
  readonly randomId: () => string
  readonly log: Log
  // Whether approvers can reach the API at all; absent: always.
  readonly reachable?: () => boolean
  // The glass was broken: somebody has access whom the usual approvers did not let in.
  readonly onBreakGlass?: (approval: ApprovalView) => void
}

export type Holds = Approvals &
  Answers &
  AccessDesk &
  Delegations & {
    // Access to a target ended, by its time or by a person.
    readonly onAccessEnded: StandingAccess['onEnded']
    readonly grantsStanding: () => number
    // The session is over: its standing grants are forgotten.
    readonly sessionEnded: (session: string) => void
    // Ends every wait. The store is closed by who opened it.
    readonly close: () => Promise<void>
  }

// What gateways tell each other where a grant changed, beside the ids of requests.
const GRANT_WORD = 'grant:'

export async function createApprovals(parts: ApprovalsParts): Promise<Holds> {
  const gateway = parts.randomId()
  const grants = createStandingGrants()
  const access = createStandingAccess(parts)
  const line = createWaitingLine(parts, gateway, grants.add)
  const escalation = createEscalation(parts)
  const asking = createAsking(parts, gateway, line, escalation.later)
  let closed = false

  const refreshQuietly = (): void => {
    if (closed) return
    access.refresh().catch((problem: unknown) => {
      parts.log.warn({ err: problem }, 'the grants could not be read again; those known stand')
    })
  }

  const changed = async (id: string): Promise<void> => {
    await parts.state.announce(`${GRANT_WORD}${id}`).catch(() => undefined)
    await access.refresh()
  }

  const caretaker = await startCaretaker(parts, gateway, line.waits, line.tellEnd, escalation.round)
  await access.refresh()
  const unsubscribe = parts.state.onAnnounced((word) => {
    if (word.startsWith(GRANT_WORD)) refreshQuietly()
    else line.lookAt(word)
  })
  const looking = setInterval(() => {
    line.lookAtAll()
    if (access.count() > 0) refreshQuietly()
  }, parts.limits.lookEveryMs ?? APPROVAL_LIMITS.lookEveryMs)
  looking.unref()

  const deskParts = { ...parts, escalateLater: escalation.later, changed }
  const desk = createAccessDesk(deskParts)
  const answerParts = {
    ...parts,
    tellEnd: line.tellEnd,
    onGranted: async (approval: ApprovalView): Promise<void> => {
      if (approval.access?.break_glass === true) parts.onBreakGlass?.(approval)
      await changed(approval.id).catch((problem: unknown) => {
        parts.log.warn({ err: problem, approval: approval.id }, 'a grant is read again later')
      })
    },
  }

  const refuseUnreachable = (): void => {
    if (!closed && parts.reachable?.() !== false) return
    throw new GatewayError('state_failed', 'approvers cannot reach this gateway')
  }

  return {
    ...createAnswers(answerParts),
    ...createDelegations(parts),
    ...desk,
    async askAhead(request) {
      refuseUnreachable()
      return desk.askAhead(request)
    },
    async request(request) {
      refuseUnreachable()
      return asking.ask(request)
    },
    grantsOf(session, now) {
      const own = grants.of(session.id, now)
      const held = access.of(session, now)
      if (held.length === 0) return own
      return own.length === 0 ? held : [...held, ...own]
    },
    refreshGrants: access.refresh,
    pending: () => line.size(),
    grantsStanding: access.count,
    onAccessEnded: access.onEnded,
    sessionEnded: grants.forget,
    async close() {
      if (closed) return
      closed = true
      unsubscribe()
      clearInterval(looking)
      escalation.close()
      access.close()
      await line.end('the gateway is stopping')
      await caretaker.stop()
      await Promise.all(parts.notifiers.map((notifier) => notifier.close()))
    },
  }
}
