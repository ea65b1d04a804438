// A bundle that is active: the one thing that can turn facts into a decision. Made by `bundle.ts`,
// replaced as a whole when another bundle is activated.
import type { Decision } from '../schemas/decision.js'
import type { Facts } from '../schemas/facts.js'
import type { RuleEntry } from './rule-index.js'

export type Entrypoint = 'decision' | 'degraded'

// What the console asks before it shows or does something.
export const CONSOLE_VERBS = [
  'see_session',
  'watch_session',
  'end_session',
  'search',
  'see_policies',
  'see_targets',
  'see_health',
  'try',
  'see_holds',
  'set_hold',
  'lift_hold',
  'delete_recording',
] as const

export type ConsoleVerb = (typeof CONSOLE_VERBS)[number]

// May this person settle this request, or see this? Asked of the bundle's `sallyport/main/approval`.
export type ApprovalQuestion = {
  readonly version: 1
  // `operate`: put another bundle in force, or hold one; asked without a request.
  readonly verb: 'list' | 'approve' | 'deny' | 'operate' | ConsoleVerb
  readonly approver: Facts['identity']
  // Issuer and subject of who delegated the right; its groups are then among the approver's.
  readonly on_behalf?: string
  // Since the person last proved who they are, where that is known.
  readonly authenticated_ms_ago?: number
  // Absent for `operate`, and for `list` as a whole; each request is then asked for on its own.
  readonly request?: {
    readonly id: string
    readonly requester: Facts['identity']
    readonly target: Facts['target']
    readonly approvers: readonly string[]
    readonly rules: readonly string[]
    readonly effects: NonNullable<Facts['command']>['effects']
  }
  // With the verbs about one session.
  readonly session?: {
    readonly identity: Facts['identity']
    readonly target: Facts['target']
    readonly live: boolean
  }
  // With `try`: as whom.
  readonly as?: Facts['identity']
}

export type ApprovalAnswer = {
  readonly allow: boolean
  readonly reason: string
  // The verb that the answer is for, where the policies know the console at all.
  readonly verb?: string
  // Allowed, but only to who proved not long ago who they are.
  readonly stepUp?: { readonly maxAgeMs: number }
}

// A pattern over columns, from `data.labels.columns` in the bundle. `*` matches any run of characters
// within one part; a missing part matches everything. No labels: somebody has looked, and it holds nothing.
export type LabelRule = {
  readonly database?: string
  readonly schema?: string
  readonly table?: string
  readonly column: string
  // Of a jsonb column: the labels are about what lies there, such as `$.addresses[*].street`.
  readonly path?: string
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
