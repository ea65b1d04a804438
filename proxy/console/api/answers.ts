// The gateway's answers as the pages read them; `/api/openapi.json` describes them in full. Fields that a
// gateway may leave out are optional here, and pages do without them.
import type { DelegationView, GrantView } from '../../../engine/schemas/access-views.js'
import type { Consequence } from '../../../engine/schemas/consequence.js'
import type { CommandFacts, Effect, Facts, Flow } from '../../../engine/schemas/facts.js'
import type { Decision, Rule } from '../../../engine/schemas/decision.js'

export type Person = {
  readonly subject: string
  readonly issuer: string
  readonly name: string
  readonly kind: string
  readonly groups?: readonly string[]
  readonly actor?: readonly { readonly subject: string; readonly issuer?: string }[]
}

export type TargetName = {
  readonly name: string
  readonly kind: string
  readonly database: string
  readonly labels?: Readonly<Record<string, string>>
}

export type Earlier = {
  readonly command: number
  readonly at: string | number
  readonly text: string
  readonly action: string
  readonly go?: boolean
}

export type Requirement = { readonly any_of: readonly string[]; readonly count: number }

export type Approval = {
  readonly id: string
  readonly status: string
  readonly requester: Person
  readonly target: TargetName
  readonly session?: string
  readonly command?: number
  readonly text: string
  readonly rules: readonly Rule[]
  readonly effects: readonly Effect[]
  readonly approvers: readonly string[]
  readonly quorum: number
  readonly reason_required: boolean
  readonly scope: string
  readonly digest: string
  readonly created_at: string
  readonly expires_at: string
  readonly approvals: readonly {
    readonly subject: string
    readonly name: string
    readonly reason: string
    readonly at: string
    readonly via?: string
    readonly on_behalf?: string
    readonly rows_max?: number
  }[]
  readonly groups?: readonly Requirement[]
  readonly escalation?: {
    readonly to: readonly string[]
    readonly due_at: string
    readonly at?: string
  }
  // Access to the target for a time is wanted, and no command.
  readonly access?: {
    readonly for_ms?: number
    readonly reason: string
    readonly break_glass: boolean
    readonly asked_ahead: boolean
  }
  readonly grant_ms?: number
  readonly settled_at?: string
  readonly settled_by?: string
  readonly reason?: string
  readonly groups_missing?: readonly Requirement[]
  readonly consequence?: Consequence
}

export type SessionLine = {
  readonly id: string
  readonly subject: string
  readonly issuer: string
  readonly name: string
  readonly kind: string
  readonly target: string
  readonly database: string
  readonly client_address?: string
  readonly application?: string
  readonly since: string
  readonly ended_at?: string
  readonly live?: boolean
  readonly state?: string
  readonly reason?: string
  readonly may?: { readonly watch: boolean; readonly end: boolean }
  readonly commands?: number
  readonly denials?: number
  readonly held?: number
  readonly masked?: number
}

export type Hit = {
  readonly session: string
  readonly command: number
  readonly time: string
  readonly who: string
  readonly subject?: string
  readonly kind: string
  readonly target: string
  readonly database?: string
  // Null where the record no longer has it.
  readonly text: string | null
  readonly action: string
  readonly ran?: boolean
  readonly rules: readonly string[]
  readonly objects: readonly string[]
  readonly labels: readonly string[]
  // Columns whose values went to the client.
  readonly saw?: readonly string[]
  readonly rows?: number | null
  readonly masked?: number | null
  readonly snippet?: string
}

export type Tried = {
  readonly text: string
  readonly facts: Facts | CommandFacts
  readonly decision: Decision
  readonly flows: readonly Flow[]
  readonly rewritten?: string
  readonly answer?: {
    readonly action?: string
    readonly go: boolean
    readonly held?: boolean
    readonly rule?: string
    readonly message?: string
    readonly hint?: string
  }
  readonly nearest?: readonly {
    readonly change: string
    readonly text?: string
    readonly action?: string
    readonly approvers?: readonly string[]
  }[]
}

export type TriedAnswer = {
  readonly bundle?: { readonly digest: string; readonly revision: string }
  readonly opens?: { readonly go: boolean; readonly why: string; readonly rules: readonly string[] }
  readonly statements: readonly Tried[]
}

export type WhoCanAnswer = {
  readonly bundle: { readonly digest: string; readonly revision: string }
  readonly groups: readonly string[]
  readonly rows: readonly {
    readonly kind: string
    readonly group?: string
    readonly result: 'allowed' | 'masked' | 'approval' | 'never'
    readonly rules: readonly string[]
    readonly approvers: readonly string[]
    readonly otherwise: readonly { readonly when: string; readonly result: string }[]
  }[]
}

export type GrantLine = GrantView

export type DelegationLine = DelegationView

export type TargetLine = {
  readonly name: string
  readonly kind: string
  readonly labels: Readonly<Record<string, string>>
  readonly databases?: readonly string[]
  readonly state: string
  readonly catalogue?: { readonly age_ms?: number; readonly relations?: number }
  readonly sessions?: number
}
