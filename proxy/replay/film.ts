// A session as a film: each command at its time, what was decided and by which rules, what came of it, who
// was asked in between, and what the client saw. Made of the record's lines, and of the recording
// where there is one; nothing in it was worked out by looking at a command's text.
import type { Decision } from '../../engine/schemas/decision.js'
import type { Entrypoint } from '../../engine/policy/policy.js'
import type { Facts, IdentityFacts } from '../../engine/schemas/facts.js'
import type { FilmEntry, FilmSession } from '../../engine/schemas/film.js'

export type { Frame } from '../recordings/film.js'
export type {
  FilmApprovalEvent,
  FilmEntry,
  FilmOutcome,
  FilmPage,
  FilmRule,
  FilmSession,
  Parting,
  UnderEntry,
} from '../../engine/schemas/film.js'

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
