// A session as a film: each command at its time, what was decided and by which rules, what came of it, who
// was asked in between, and what the client saw. Made of the record's lines, and of the recording
// where there is one; nothing in it was worked out by looking at a command's text.
import type { Action, Decision } from '../../engine/schemas/decision.js'
import type { Entrypoint } from '../../engine/policy/policy.js'
import type { Facts, IdentityFacts } from '../../engine/schemas/facts.js'
import type { Frame } from '../recordings/film.js'

export type { Frame } from '../recordings/film.js'

export type FilmSession = {
  readonly id: string
  readonly subject: string
  readonly issuer: string
  readonly name: string
  readonly kind: string
  readonly target: string
  readonly database: string
  readonly client_address: string
  readonly application: string
  // Unix epoch, milliseconds; of the opening, or of the first line where that is not on record.
  readonly opened: number
  readonly closed?: number
  readonly state: 'open' | 'closed' | 'refused' | 'ended with the gateway'
  readonly reason?: string
  readonly commands: number
  // What whoever watches must know: missing segments, a clock that went backwards, no recording.
  readonly notes: readonly string[]
}

export type FilmApprovalEvent = {
  readonly at: number
  readonly event: string
  readonly by?: string
  readonly reason?: string
}

export type FilmOutcome = {
  readonly result: 'done' | 'failed' | 'cancelled' | 'unknown'
  readonly tag?: string
  readonly sqlstate?: string
  readonly rows?: number
  readonly bytes?: number
  readonly duration_us?: number
  readonly masked?: number
}

export type FilmRule = { readonly id: string; readonly message: string; readonly hint?: string }

export type FilmEntry = {
  // Milliseconds since the session opened; never less than that of the entry before.
  readonly at: number
  // As recorded, Unix epoch.
  readonly time: number
  readonly command: number
  readonly text: string
  readonly redacted: boolean
  readonly rewritten?: string
  readonly action: Action | '?'
  readonly rules: readonly FilmRule[]
  readonly go: boolean
  readonly refusal?: string
  readonly approval?: { readonly id: string; readonly events: readonly FilmApprovalEvent[] }
  readonly outcome?: FilmOutcome
  readonly incidents?: readonly {
    readonly at: number
    readonly event: string
    readonly detail: string
  }[]
  readonly frames: readonly Frame[]
  readonly under?: UnderEntry
}

// How the films part at a command: not at all, or by what would have been done instead.
export type Parting =
  | 'same'
  // Another answer for the same commands: more was masked, or less.
  | 'masked'
  | 'unmasked'
  // Nobody would have been asked; what was approved would have gone at once.
  | 'unheld'
  // The branch ends here: what would have come after is on no record.
  | 'denied'
  | 'held'
  | 'refused'
  | 'limited'
  | 'ran'
  // No decision could be computed.
  | 'unknown'

export type UnderEntry = {
  readonly action: Action | '?'
  readonly rules: readonly FilmRule[]
  // This command would have gone, or its answer looked, otherwise.
  readonly parted: boolean
  readonly parting: Parting
  // The branch ended at an earlier command.
  readonly after: boolean
  readonly notes: readonly string[]
}

// A command as it was decided on, for whoever decides again or exports.
export type Shot = {
  readonly entry: FilmEntry
  readonly facts?: Facts
  readonly decision?: Decision
  // Some of it is gone for good: it cannot be decided again.
  readonly erased: boolean
  readonly entrypoint: Entrypoint
  readonly bundle: string
}

export type Film = {
  readonly session: FilmSession
  // Whose it is, as recorded at the opening; undefined where that is not on record.
  readonly identity: IdentityFacts | undefined
  // Another one after something was erased: what was read before is not to be shown any more.
  readonly generation: number
  // Numbers of its commands, ascending.
  readonly commands: readonly number[]
  // Commands from this number on, without frames.
  readonly shots: (from: number) => AsyncGenerator<Shot>
}
