// Approvals as the guard sees them: ask, wait, use. `holds.ts` makes one over the state store. Beside single
// commands people agree to access: opening a target for a time.
import type { ApprovalTerms } from '../../engine/schemas/approval-terms.js'
import type { Consequence } from '../../engine/schemas/consequence.js'
import type { Rule } from '../../engine/schemas/decision.js'
import type { Facts } from '../../engine/schemas/facts.js'

// What access to a target is wanted for.
export type AccessAsked = {
  // Absent: as long as the terms give.
  readonly for_ms?: number
  readonly reason: string
  readonly break_glass: boolean
}

// Who access is granted to: a person, or what acts for them, is somebody else each.
export function holderKey({ issuer, subject, kind, actor }: Facts['identity']): string {
  const chain = actor.map((one) => [one.issuer ?? issuer, one.subject])
  return JSON.stringify([issuer, subject, kind, ...chain])
}

export const ACCESS_LIMITS = {
  // Access to a target, where the terms do not say for how long.
  standsMs: 1_800_000,
  // Broken glass is never one person’s word.
  breakGlassPeople: 2,
} as const

export type HoldRequest = {
  // Empty where access is asked for ahead.
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
  // The right to open the target, not a command.
  readonly access?: AccessAsked
  // Why it cannot be held to a number of rows; absent where it can.
  readonly uncounted?: string
  // What it would do: for the eyes of approvers, never the requester's.
  readonly consequence?: Consequence
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
  | {
      readonly outcome: 'approved'
      readonly approvers: readonly string[]
      readonly reason: string
      // How many rows it may change at most, where an approver said so: the smallest that was said.
      readonly rowsMax?: number | undefined
    }
  | { readonly outcome: 'denied'; readonly by: string; readonly reason: string }
  | { readonly outcome: 'expired' }
  | { readonly outcome: 'void'; readonly why: string }

export type GrantedSession = {
  readonly id: string
  readonly identity: { readonly facts: Facts['identity'] }
  readonly target: Pick<Facts['target'], 'name' | 'database'>
}

export type Approvals = {
  // Rejects with GatewayError('state_failed') where nobody can be asked (store down, every notifier
  // failing and no approver path): the guard then asks the `degraded` entrypoint.
  readonly request: (request: HoldRequest) => Promise<Hold>
  // Standing grants of scope `session` for this session, and those that its identity holds for its
  // target. The same list while nothing of it changes.
  readonly grantsOf: (session: GrantedSession, now: number) => Facts['grants']
  // Looks for grants that another gateway gave a moment ago.
  readonly refreshGrants: () => Promise<void>
  readonly pending: () => number
}
