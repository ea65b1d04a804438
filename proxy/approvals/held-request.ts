// A request for approval as it is stored, and as people, scripts and webhooks see it. The text in it
// arrived with protected literals already replaced.
import type { Effect, IdentityFacts } from '../../engine/schemas/facts.js'
import type { ApprovalsTable, ApprovalStatus, VotesTable } from '../state/tables.js'
import type { Selectable } from 'kysely'
import type { HoldRequest } from './approvals.js'

export type StoredRequest = Pick<
  HoldRequest,
  'terms' | 'rules' | 'requester' | 'target' | 'text' | 'effects'
>

export type ApprovalRow = Selectable<ApprovalsTable>
export type VoteRow = Selectable<VotesTable>

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
  }[]
  readonly settled_at?: string
  readonly settled_by?: string
  readonly reason?: string
}

// Issuer and subject as one unambiguous string, as `Identity.key` has it.
export function identityKey(identity: Pick<IdentityFacts, 'issuer' | 'subject'>): string {
  return JSON.stringify([identity.issuer, identity.subject])
}

export function storedText(request: HoldRequest): string {
  const { terms, rules, requester, target, text, effects } = request
  return JSON.stringify({
    terms,
    rules,
    requester,
    target,
    text,
    effects,
  } satisfies StoredRequest)
}

// Written by `storedText` alone, into a store that nobody else writes.
export function storedRequest(row: Pick<ApprovalRow, 'request'>): StoredRequest {
  return JSON.parse(row.request) as StoredRequest
}

export function approvalView(row: ApprovalRow, votes: readonly VoteRow[]): ApprovalView {
  const { terms, rules, requester, target, text, effects } = storedRequest(row)
  const { claims: _claims, mfa: _mfa, ...who } = requester
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
    reason_required: terms.reason_required,
    scope: terms.scope,
    digest: row.digest,
    created_at: instant(row.created_ms),
    expires_at: instant(row.expires_ms),
    approvals: votes
      .filter(({ approval }) => approval === row.id)
      .map(({ subject, name, reason, time_ms }) => ({
        subject,
        name,
        reason,
        at: instant(time_ms),
      })),
    ...(row.settled_ms === null ? {} : { settled_at: instant(row.settled_ms) }),
    ...(row.settled_by === null ? {} : { settled_by: row.settled_by }),
    ...(row.reason === null ? {} : { reason: row.reason }),
  }
}

function instant(ms: number): string {
  return new Date(ms).toISOString()
}
