// The gateway's answers as the pages read them; `/api/openapi.json` describes them in full. Fields that a
// gateway may leave out are optional here, and pages do without them.
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
}

export type ApprovalStatus = 'pending' | 'approved' | 'denied' | 'expired' | 'void' | 'used'

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
  }[]
  readonly settled_at?: string
  readonly settled_by?: string
  readonly reason?: string
  readonly groups_missing?: readonly string[]
  readonly before?: readonly Earlier[]
  readonly consequence?: Consequence
}

// What the gateway found out beforehand, without changing anything.
export type Consequence = {
  readonly estimate?: number
  readonly count?: number
  readonly cascades?: readonly {
    readonly table: string
    readonly action?: string
    readonly rows?: number
  }[]
  readonly locks?: readonly { readonly object: string; readonly mode: string }[]
  readonly notes?: readonly string[]
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
  readonly kind: string
  readonly target: string
  readonly text: string
  readonly action: string
  readonly rules: readonly string[]
  readonly objects: readonly string[]
  readonly labels: readonly string[]
  readonly snippet?: string
}

export type Tried = {
  readonly text: string
  readonly facts: Facts | CommandFacts
  readonly decision: Decision
  readonly flows: readonly Flow[]
  readonly rewritten?: string
  readonly answer?: { readonly go: boolean; readonly message?: string }
  readonly nearest?: readonly { readonly text?: string; readonly change?: string }[]
}

export type TargetLine = {
  readonly name: string
  readonly kind: string
  readonly labels: Readonly<Record<string, string>>
  readonly state: string
  readonly catalogue?: { readonly age_ms?: number; readonly relations?: number }
  readonly sessions?: number
}
