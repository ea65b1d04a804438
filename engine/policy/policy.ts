// A bundle that is active: the one thing that can turn facts into a decision. Made by `bundle.ts`,
// replaced as a whole when another bundle is activated.
import type { Decision } from '../schemas/decision.js'
import type { Facts } from '../schemas/facts.js'
import type { RuleEntry } from './rule-index.js'

export type Entrypoint = 'decision' | 'degraded'

// May this person settle this request? Asked of the bundle's `sallyport/approvals` entrypoint.
export type ApprovalQuestion = {
  readonly version: 1
  // `operate`: put another bundle in force, or hold one; asked without a request.
  readonly verb: 'list' | 'approve' | 'deny' | 'operate'
  readonly approver: Facts['identity']
  // Absent for `operate`, and for `list` as a whole; each request is then asked for on its own.
  readonly request?: {
    readonly id: string
    readonly requester: Facts['identity']
    readonly target: Facts['target']
    readonly approvers: readonly string[]
    readonly rules: readonly string[]
    readonly effects: NonNullable<Facts['command']>['effects']
  }
}

export type ApprovalAnswer = { readonly allow: boolean; readonly reason: string }

// A pattern over columns, from `data.labels.columns` in the bundle. `*` matches any run of characters
// within one part; a missing part matches everything.
export type LabelRule = {
  readonly database?: string
  readonly schema?: string
  readonly table?: string
  readonly column: string
  readonly labels: readonly string[]
}

export type Policy = {
  // Grows with each activation within a process; part of every cache key.
  readonly id: number
  // Git commit, or what the bundle's manifest says.
  readonly revision: string
  // sha256:… of the bundle's files, and of its Wasm.
  readonly digest: string
  readonly wasmDigest: string
  // Of all files but its signatures: the same for one bundle, whoever has signed it.
  readonly contentDigest?: string
  // Fuel that the costliest of the plainest cases took.
  readonly smokeFuel?: number
  readonly labels: readonly LabelRule[]
  // Paths of the facts that the rules read, such as `session.counters.denials`; undefined where this
  // is not known, so that nothing may be cached.
  readonly reads: readonly string[] | undefined
  // What the bundle says of its rules; none where it was built by OPA alone.
  readonly rules?: readonly RuleEntry[]
  // Of the facts that its rules were checked for, where it says so.
  readonly factsVersion?: number | undefined
  // Never throws: whatever goes wrong is a denial by a rule `sallyport/…` that says what.
  readonly decide: (facts: Facts, entrypoint: Entrypoint) => Decision
  readonly mayApprove: (question: ApprovalQuestion) => ApprovalAnswer
}
