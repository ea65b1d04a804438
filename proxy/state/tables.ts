// What the state store holds: requests for approval, who approved them, what access was granted for a time,
// who approves for whom, which labels followed data, and which gateways are alive.
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
  // The process that holds the client's connection: the only one that may use the approval. Empty where
  // access was asked for ahead, so that nobody's connection waits.
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
  // When others are asked as well, where the terms say so, and when they were.
  readonly escalate_ms: Fixed<number | null>
  readonly escalated_ms: number | null
}

export type VotesTable = {
  readonly approval: Fixed<string>
  // Issuer and subject of the approver: nobody counts twice.
  readonly approver: Fixed<string>
  readonly subject: Fixed<string>
  readonly name: Fixed<string>
  readonly reason: Fixed<string>
  readonly time_ms: Fixed<number>
  // JSON list of the groups that it may count for; empty: of a time when any group counted alike.
  readonly groups: Fixed<string>
  // Which way it came; empty where that was not kept.
  readonly via: Fixed<string>
  // Issuer and subject of the person whose right it is; empty: the approver's own.
  readonly on_behalf: Fixed<string>
  // How many rows the command may change at most, as this approver said.
  readonly rows_max: Fixed<number | null>
}

export type GrantsTable = {
  // Of the request that was approved.
  readonly id: Fixed<string>
  // Issuer, subject, kind and whoever acts: who may open the target, and nobody in their name.
  readonly holder: Fixed<string>
  readonly holder_name: Fixed<string>
  readonly target: Fixed<string>
  readonly database: Fixed<string>
  // JSON: subjects of who approved; keys of them; ids of the rules that asked; groups that may end it.
  readonly approvers: Fixed<string>
  readonly approver_keys: Fixed<string>
  readonly rules: Fixed<string>
  readonly groups: Fixed<string>
  readonly reason: Fixed<string>
  readonly break_glass: Fixed<number>
  readonly from_ms: Fixed<number>
  readonly until_ms: Fixed<number>
  readonly ended_ms: number | null
  readonly ended_by: string | null
  readonly ended_reason: string | null
  readonly reviewed_ms: number | null
  readonly reviewed_by: string | null
  readonly review: string | null
}

export type DelegationsTable = {
  readonly id: Fixed<string>
  // Issuer and subject of who gives and of who gets.
  readonly from_key: Fixed<string>
  readonly from_name: Fixed<string>
  readonly to_key: Fixed<string>
  // JSON: the groups whose rights are given.
  readonly groups: Fixed<string>
  readonly reason: Fixed<string>
  readonly from_ms: Fixed<number>
  readonly until_ms: Fixed<number>
  readonly ended_ms: number | null
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

// Labels that followed data into columns which no rule names.
export type FollowedLabelsTable = {
  readonly id: Fixed<string>
  readonly target: Fixed<string>
  readonly database: Fixed<string>
  // Which server and database the OIDs are of; empty where it does not say.
  readonly place: string
  // 0 while it is not known: until then the names count.
  readonly oid: number
  // What had the name when the statement was about to make the relation; 0 for nothing.
  readonly before_oid: Fixed<number>
  // 0: any column.
  readonly attnum: number
  readonly schema_name: string
  readonly relation: string
  readonly column_name: string
  // JSON list.
  readonly labels: Fixed<string>
  // schema.table.column
  readonly source: Fixed<string>
  // 1: the values stay where they are, and what labels them does so no longer.
  readonly kept: Fixed<number>
  readonly bound: number
  readonly session: Fixed<string>
  readonly command: Fixed<number>
  // Issuer and subject of whose statement it was.
  readonly by: Fixed<string>
  readonly created_ms: Fixed<number>
  readonly dismissed_ms: number | null
  readonly dismissed_by: string | null
  readonly dismissed_reason: string | null
}

export type GatewaysTable = {
  readonly id: Fixed<string>
  readonly seen_ms: number
}

export type StateTables = {
  readonly sallyport_approvals: ApprovalsTable
  readonly sallyport_votes: VotesTable
  readonly sallyport_grants: GrantsTable
  readonly sallyport_delegations: DelegationsTable
  readonly sallyport_followed_labels: FollowedLabelsTable
  readonly sallyport_gateways: GatewaysTable
  readonly sallyport_notices: NoticesTable
}
