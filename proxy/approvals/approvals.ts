// Approvals as the guard sees them: ask, wait, use. `holds.ts` makes one over the state store.
import type { ApprovalTerms } from '../../engine/schemas/approval-terms.js'
import type { Rule } from '../../engine/schemas/decision.js'
import type { Facts } from '../../engine/schemas/facts.js'

export type HoldRequest = {
  readonly session: string
  readonly command: number
  // Digest of (command text, bind values, identity, target, facts, bundle): what is approved.
  readonly digest: string
  readonly terms: ApprovalTerms
  readonly rules: readonly Rule[]
  readonly requester: Facts['identity']
  readonly target: Facts['target']
  // For the approver's eyes: protected literals already replaced.
  readonly text: string
  readonly effects: NonNullable<Facts['command']>['effects']
}

export type Hold = {
  readonly id: string
  readonly expiresAtMs: number
  // Resolves once, never rejects. `approved` has been consumed: it stands for this one execution.
  readonly settled: Promise<Settlement>
  // The client cancelled, left, or its token ended.
  readonly abandon: (why: string) => void
}

export type Settlement =
  | { readonly outcome: 'approved'; readonly approvers: readonly string[]; readonly reason: string }
  | { readonly outcome: 'denied'; readonly by: string; readonly reason: string }
  | { readonly outcome: 'expired' }
  | { readonly outcome: 'void'; readonly why: string }

export type Approvals = {
  // Rejects with GatewayError('state_failed') where nobody can be asked (store down, every notifier
  // failing and no approver path): the guard then asks the `degraded` entrypoint.
  readonly request: (request: HoldRequest) => Promise<Hold>
  // Standing grants of scope `session` for this session.
  readonly grantsOf: (session: string) => Facts['grants']
  readonly pending: () => number
}
