// A session as a film, as replay makes it, the API hands it out and the console shows it: the session, its
// commands, and where another policy parts from what happened.
import type { Action } from './decision.js'
import type { Facts } from './facts.js'
import type { Frame } from './frame.js'

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

// As `/api/sessions/:id/film` answers.
export type FilmPage = {
  readonly session: FilmSession
  readonly entries: readonly (FilmEntry & { readonly facts?: Facts })[]
  readonly next?: number
  readonly parted_at?: number
  readonly ended_at?: number
  // Under another bundle: so far it was looked at; absent: to the end.
  readonly looked_to?: number
}
