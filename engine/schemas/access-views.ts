// Access to a target for a time, and rights to approve that were delegated, as the API tells of them and the
// console shows them.

export type GrantView = {
  readonly id: string
  readonly holder: string
  readonly target: string
  readonly database: string
  readonly approvers: readonly string[]
  readonly rules: readonly string[]
  readonly reason: string
  readonly break_glass: boolean
  readonly standing: boolean
  readonly from: string
  readonly until: string
  readonly ended_at?: string
  readonly ended_by?: string
  readonly ended_reason?: string
  readonly reviewed_at?: string
  readonly reviewed_by?: string
  readonly review?: string
}

export type DelegationView = {
  readonly id: string
  readonly from: { readonly issuer: string; readonly subject: string; readonly name: string }
  readonly to: { readonly issuer: string; readonly subject: string }
  readonly groups: readonly string[]
  readonly reason: string
  readonly since: string
  readonly until: string
  readonly ended_at?: string
}
