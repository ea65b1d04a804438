// A request as people, scripts and webhooks see it: who asks for what, who must agree, who has, and who is
// still missing.
import { requirementsOf, type Requirement } from '../../engine/schemas/approval-terms.js'
import type { Consequence } from '../../engine/schemas/consequence.js'
import type { Effect, IdentityFacts } from '../../engine/schemas/facts.js'
import type { ApprovalStatus } from '../state/tables.js'
import type { AccessAsked, HoldRequest } from './approvals.js'
import { storedRequest, type ApprovalRow, type VoteRow } from './held-request.js'
import { ballotOf, missingFrom } from './votes.js'

export type ApprovalView = {
  readonly id: string
  readonly status: ApprovalStatus
  readonly requester: Omit<IdentityFacts, 'claims' | 'mfa'>
  readonly target: HoldRequest['target']
  readonly session: string
  readonly command: number
  readonly text: string
  readonly rules: HoldRequest['rules']
  readonly effects: readonly Effect[]
  readonly approvers: readonly string[]
  readonly quorum: number
  // So many people of these groups and so many of those; what the two above say where there is but one.
  readonly groups: readonly Requirement[]
  // Empty once enough have approved; absent where it is settled otherwise.
  readonly groups_missing?: readonly Requirement[]
  readonly reason_required: boolean
  readonly scope: 'command' | 'session'
  readonly digest: string
  // RFC 3339.
  readonly created_at: string
  readonly expires_at: string
  readonly approvals: readonly {
    readonly subject: string
    readonly name: string
    readonly reason: string
    readonly at: string
    readonly via?: string
    // Issuer and subject of who had delegated the right.
    readonly on_behalf?: string
    // How many rows it may change at most, as they said.
    readonly rows_max?: number
  }[]
  readonly escalation?: {
    readonly to: readonly string[]
    readonly due_at: string
    readonly at?: string
  }
  // What access to the target is wanted for; absent for a command.
  readonly access?: AccessAsked & { readonly asked_ahead: boolean }
  readonly grant_ms?: number
  // What it would do; left out for whoever asked.
  readonly consequence?: Consequence
  readonly settled_at?: string
  readonly settled_by?: string
  readonly reason?: string
}

export function approvalView(row: ApprovalRow, votes: readonly VoteRow[]): ApprovalView {
  const { terms, rules, requester, target, text, effects, access, consequence } = storedRequest(row)
  const { claims: _claims, mfa: _mfa, ...who } = requester
  const own = votes.filter(({ approval }) => approval === row.id)
  const waits = row.status === 'pending'
  return {
    id: row.id,
    status: row.status,
    requester: who,
    target,
    session: row.session,
    command: row.command,
    text,
    rules,
    effects,
    approvers: terms.approvers,
    quorum: terms.quorum,
    groups: requirementsOf(terms),
    ...(waits ? { groups_missing: missingFrom(row, own.map(ballotOf)) } : {}),
    reason_required: terms.reason_required,
    scope: terms.scope,
    digest: row.digest,
    created_at: instant(row.created_ms),
    expires_at: instant(row.expires_ms),
    approvals: own.map(voteView),
    ...escalationOf(row, terms.escalate?.to),
    ...(access === undefined ? {} : { access: { ...access, asked_ahead: row.gateway === '' } }),
    ...(terms.grant_ms === undefined ? {} : { grant_ms: terms.grant_ms }),
    ...(consequence === undefined ? {} : { consequence }),
    ...(row.settled_ms === null ? {} : { settled_at: instant(row.settled_ms) }),
    ...(row.settled_by === null ? {} : { settled_by: row.settled_by }),
    ...(row.reason === null ? {} : { reason: row.reason }),
  }
}

// Numbers of rows would tell whoever asks about data that their masks hide.
export function withoutConsequence(view: ApprovalView): ApprovalView {
  const { consequence: _, ...rest } = view
  return rest
}

function voteView(vote: VoteRow): ApprovalView['approvals'][number] {
  const { subject, name, reason, time_ms: time, via, on_behalf: onBehalf, rows_max: most } = vote
  return {
    subject,
    name,
    reason,
    at: instant(time),
    ...(via === '' ? {} : { via }),
    ...(onBehalf === '' ? {} : { on_behalf: onBehalf }),
    ...(most === null ? {} : { rows_max: Number(most) }),
  }
}

function escalationOf(
  { escalate_ms: due, escalated_ms: at }: ApprovalRow,
  to: readonly string[] | undefined,
): Pick<ApprovalView, 'escalation'> {
  if (to === undefined || due === null) return {}
  return {
    escalation: { to, due_at: instant(due), ...(at === null ? {} : { at: instant(at) }) },
  }
}

function instant(ms: number): string {
  return new Date(ms).toISOString()
}
