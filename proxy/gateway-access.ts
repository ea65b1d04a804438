// Access to targets for a time, within a whole gateway: asking for it ahead, the alarm when the glass is
// broken, and the end of sessions that rest on access which has ended.
import type { ApprovalView } from './approvals/approval-view.js'
import { holderKey } from './approvals/approvals.js'
import type { Holds } from './approvals/holds.js'
import { APPROVAL_LIMITS } from './approvals/limits.js'
import { GatewayError } from './errors.js'
import type { Guard } from './guard.js'
import type { Identity } from './identity/identity.js'
import type { Log } from './log.js'
import type { OpenSessions } from './open-sessions.js'
import type { Recorder } from './recording/recorder.js'
import { newSession } from './session.js'

export type AccessWanted = {
  readonly caller: Identity
  readonly clientAddress: string
  // As a client names it: target, or target/database.
  readonly target: string
  // Absent: as long as the policy gives.
  readonly forMs?: number | undefined
  readonly reason: string
  readonly breakGlass: boolean
}

export type AskAccess = (wanted: AccessWanted) => Promise<ApprovalView>

type Found = {
  readonly target: {
    readonly name: string
    readonly labels: Readonly<Record<string, string>>
    readonly zone: string
  }
  readonly database: string
  readonly account: unknown
}

export type GatewayAccessParts = {
  readonly approvals: Pick<Holds, 'askAhead' | 'onAccessEnded'>
  readonly guard: Pick<Guard, 'askable' | 'accessOver'>
  readonly sessions: Pick<OpenSessions, 'all'>
  readonly destination: (
    database: string,
    only: undefined,
    groups: readonly string[],
  ) => Found | undefined
  readonly newId: () => string
  readonly alarm: Alarm
}

// Everybody who looks hears of it: the record, the metrics, the log; approvers by every way to them.
export type Alarm = (event: 'break_glass_asked' | 'break_glass', approval: ApprovalView) => void

export function breakGlassAlarm(
  recorder: Pick<Recorder, 'incident'>,
  metrics: { readonly incident: (event: string) => void },
  log: Log,
): Alarm {
  return (event, { id, requester, target, access, approvals }) => {
    const who = `${requester.subject} on ${target.name}: ${access?.reason ?? ''}`
    const by = approvals.map(({ subject }) => subject).join(', ')
    const detail = `request ${id}: ${who}${by === '' ? '' : `; agreed by ${by}`}`
    recorder.incident({ event, detail })
    metrics.incident(event)
    log.error({ approval: id, target: target.name, approvers: by }, 'BREAK GLASS')
  }
}

export function gatewayAccess(parts: GatewayAccessParts): {
  readonly ask: AskAccess
  readonly close: () => void
} {
  const close = parts.approvals.onAccessEnded(({ holder, target, why }) => {
    for (const { session, end } of parts.sessions.all()) {
      const { access, identity } = session
      if (
        access === undefined ||
        holderKey(identity.facts) !== holder ||
        session.target.name !== target
      )
        continue
      session.access = { ...access, ended: why }
      // Something else may have opened it by now.
      const over = parts.guard.accessOver(session)
      if (over !== undefined) end('57P01', `${over.message}; ask for it again`)
    }
  })
  return { ask: (wanted) => asked(parts, wanted), close }
}

async function asked(parts: GatewayAccessParts, wanted: AccessWanted): Promise<ApprovalView> {
  const { caller, clientAddress, target: named, forMs, breakGlass } = wanted
  const reason = cleaned(wanted)
  const found = parts.destination(named, undefined, caller.facts.groups)
  if (found?.account === undefined) {
    throw new GatewayError('not_found', `there is no target “${named}” for you`)
  }
  const { name, labels, zone } = found.target
  const session = newSession({
    id: parts.newId(),
    identity: caller,
    target: { name, kind: 'postgres', labels: { ...labels }, database: found.database },
    zone,
    clientAddress,
    application: 'sallyport',
    purpose: reason,
  })
  const access = { reason, break_glass: breakGlass }
  const asking = parts.guard.askable(
    session,
    forMs === undefined ? access : { ...access, for_ms: forMs },
  )
  if ('free' in asking) {
    throw new GatewayError('conflict', `${name} is open to you; there is nothing to ask for`)
  }
  if ('refusal' in asking) {
    const { message, hint, why } = asking.refusal
    const code = why === 'unavailable' ? 'state_failed' : 'not_allowed'
    throw new GatewayError(code, hint === undefined ? message : `${message}; ${hint}`)
  }
  const view = await parts.approvals.askAhead(asking.request)
  if (breakGlass) parts.alarm('break_glass_asked', view)
  return view
}

// What is said goes to approvers and into the record: one line.
function cleaned({ reason, forMs, breakGlass }: AccessWanted): string {
  const line = reason
    .replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]+/gu, ' ')
    .trim()
    .slice(0, APPROVAL_LIMITS.reasonCharacters)
  if (line === '') throw new GatewayError('usage', 'say what the access is for')
  const most = breakGlass ? APPROVAL_LIMITS.breakGlassMostMs : APPROVAL_LIMITS.accessMostMs
  if (forMs !== undefined && (forMs < 1_000 || forMs > most)) {
    const hours = most / 3_600_000
    throw new GatewayError('usage', `access is for at least a second and at most ${hours} h`)
  }
  if (breakGlass && line.length < APPROVAL_LIMITS.breakGlassReason) {
    throw new GatewayError('usage', 'say in a sentence why the glass must be broken')
  }
  return line
}
