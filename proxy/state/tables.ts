// What the state store holds: requests for approval, who approved them, and which gateways are alive.
// Only text and integers, times in milliseconds, so that SQLite and PostgreSQL hold the same. The
// record is the truth about the past; this is what must be agreed upon now.
import type { ColumnType } from 'kysely'

export const APPROVAL_STATUSES = [
  'pending',
  'approved',
  'used',
  'denied',
  'expired',
  'void',
] as const

export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number]

type Fixed<Value> = ColumnType<Value, Value, never>

export type ApprovalsTable = {
  readonly id: Fixed<string>
  // The process that holds the client's connection: the only one that may use the approval.
  readonly gateway: Fixed<string>
  readonly status: ApprovalStatus
  readonly session: Fixed<string>
  readonly command: Fixed<number>
  readonly digest: Fixed<string>
  // Issuer and subject of the requester as one string.
  readonly requester: Fixed<string>
  readonly quorum: Fixed<number>
  // JSON: terms, rules, requester, target, text for the approver's eyes, effects.
  readonly request: Fixed<string>
  readonly created_ms: Fixed<number>
  readonly expires_ms: Fixed<number>
  readonly settled_ms: number | null
  readonly settled_by: string | null
  readonly reason: string | null
}

export type VotesTable = {
  readonly approval: Fixed<string>
  // Issuer and subject of the approver: nobody counts twice.
  readonly approver: Fixed<string>
  readonly subject: Fixed<string>
  readonly name: Fixed<string>
  readonly reason: Fixed<string>
  readonly time_ms: Fixed<number>
}

export type NoticesTable = {
  // Digest of the receiver.
  readonly place: Fixed<string>
  // The request and what was told of it.
  readonly notice: Fixed<string>
  // What changes the message later, such as its number at a chat.
  readonly kept: Fixed<string>
  readonly told_ms: Fixed<number>
}

export type GatewaysTable = {
  readonly id: Fixed<string>
  readonly seen_ms: number
}

export type StateTables = {
  readonly sallyport_approvals: ApprovalsTable
  readonly sallyport_votes: VotesTable
  readonly sallyport_gateways: GatewaysTable
  readonly sallyport_notices: NoticesTable
}
