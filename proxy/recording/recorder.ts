// The record as the rest of the gateway sees it. `segment-writer.ts` makes one.
import type { BundleStep } from '../../engine/policy/bundle-problem.js'
import type { Action, Decision } from '../../engine/schemas/decision.js'
import type { Facts, IdentityFacts } from '../../engine/schemas/facts.js'
import type { Entrypoint } from '../../engine/policy/policy.js'

// Facts in the form they are recorded: two parts that repeat and what differs for this command.
// The same `base` and `command` objects (by identity) are serialised and digested only once.
export type RecordedFacts = {
  readonly base: Omit<Facts, 'command'>
  readonly command: NonNullable<Facts['command']>
  readonly overrides: Readonly<Record<string, unknown>>
}

export type CommandRecord = {
  readonly session: string
  readonly command: number
  // Protected literals already replaced.
  readonly text: string
  readonly redacted: boolean
  // What went to the target instead, protected literals replaced as well.
  readonly rewritten?: string | undefined
  readonly go: boolean
  readonly facts: RecordedFacts
  readonly decision: Decision
  readonly entrypoint: Entrypoint
  readonly bundle: string
  readonly approval?: string | undefined
  readonly refusal?: string | undefined
}

export type Outcome = {
  readonly session: string
  readonly command: number
  readonly result: 'done' | 'failed' | 'cancelled' | 'unknown'
  readonly tag?: string
  readonly sqlstate?: string
  readonly rows?: number
  readonly bytes?: number
  readonly durationUs?: number
  readonly masked?: number
}

export type SessionEvent = {
  readonly session: string
  readonly event: 'opened' | 'refused' | 'closed'
  readonly identity?: IdentityFacts
  readonly target?: string
  readonly database?: string
  readonly clientAddress?: string
  readonly application?: string
  readonly reason?: string
}

export type ApprovalEvent = {
  readonly approval: string
  readonly event:
    | 'requested'
    | 'joined'
    | 'escalated'
    | 'approved'
    | 'denied'
    | 'expired'
    | 'void'
    | 'used'
    | 'granted'
    | 'ended'
    | 'reviewed'
    | 'delegated'
    | 'undelegated'
  readonly session?: string
  readonly command?: number
  readonly by?: string
  readonly reason?: string
  readonly digest?: string
  readonly via?: 'console' | 'cli' | 'api' | 'slack' | 'teams' | 'email'
  readonly on_behalf?: string
  readonly rows_max?: number
  readonly target?: string
  readonly to?: string
  readonly groups?: readonly string[]
  readonly until?: number
  readonly break_glass?: true
}

export type BundleEvent = {
  readonly event: 'activated' | 'refused' | 'pinned' | 'unpinned' | 'rolled_back'
  readonly slot?: 'shadow'
  readonly bundle?: string
  readonly wasm?: string
  readonly revision?: string
  readonly fuel?: number
  readonly step?: BundleStep
  readonly reason?: string
  readonly signers?: readonly string[]
  readonly by?: string
}

// What the bundle in the shadow slot would have answered, where that differs.
export type ShadowEvent = {
  readonly session: string
  readonly command: number
  readonly bundle: string
  readonly shadow: string
  readonly action: Action
  readonly rules: readonly string[]
  readonly shadow_action: Action
  readonly shadow_rules: readonly string[]
}

// What became of a recording beside the record.
export type RecordingEvent = {
  readonly event: 'finished' | 'cut_short' | 'deleted' | 'held' | 'released'
  readonly session?: string
  readonly digest?: string
  readonly chunks?: number
  readonly bytes?: number
  readonly erased?: 'key' | 'all'
  readonly hold?: string
  readonly scope?: 'session' | 'person' | 'target'
  readonly of?: string
  readonly reason?: string
  readonly by?: string
}

// `os`: the line is with the operating system (survives the end of this process) when `written` is
// called. `disk`: it is on the disk (survives a power cut). All lines reach the disk within
// `sync_ms` of the configuration in any case.
export type Durability = 'os' | 'disk'

// Called exactly once: with undefined when the line is durable as asked, else with the reason.
// Lines asked for in one turn of the event loop are written together and called back in order.
export type Written = (failure: Error | undefined) => void

export type Recorder = {
  readonly command: (record: CommandRecord, durability: Durability, written: Written) => void
  // Outcomes are buffered within a bound and never dropped; where they cannot be written, `healthy`
  // turns false and no command passes until they are.
  readonly outcome: (outcome: Outcome) => void
  readonly session: (event: SessionEvent, written?: Written) => void
  readonly approval: (event: ApprovalEvent, written: Written) => void
  readonly bundle: (event: BundleEvent) => void
  readonly shadow: (event: ShadowEvent) => void
  // Called back once it is on the disk.
  readonly recording: (event: RecordingEvent, written: Written) => void
  readonly incident: (incident: {
    readonly event: string
    readonly session?: string
    readonly command?: number
    readonly detail?: string
    readonly by?: string
    readonly client_address?: string
  }) => void
  // False from a failed write until writing works again; the guard then denies without asking.
  readonly healthy: () => boolean
  // Lines accepted but not yet on disk.
  readonly lag: () => number
  readonly close: () => Promise<void>
}

// Somebody's keys are about to be taken away (`erasure/`).
export type ErasedEvent = {
  readonly by: string
  readonly reason: string
  readonly keys: readonly string[]
  readonly digest: string
}

// What the command line may also write.
export type OwnRecorder = Recorder & {
  readonly erased: (event: ErasedEvent, written: Written) => void
}
