// The only caller of the engine. A protocol hands it commands; it builds facts, decides, waits out
// approvals, records, and answers in one of two ways: go (with masks) or do not go (with words).
import type { ExitMasks } from '../engine/facts/postgres/exit-masks.js'
import type { Statement } from '../engine/facts/postgres/reading.js'
import type { Limits } from '../engine/schemas/decision.js'
import type { Outcome } from './recording/recorder.js'
import type { Session } from './session.js'

// One statement as the client sent it. The statements of one message are judged together.
export type CommandToJudge = {
  readonly statement: Statement
  // `id` of the reading that the statement came from.
  readonly reading: number
  // The exact text of the message (the whole text, also where it holds several statements).
  readonly text: string
  // Values of a Bind; undefined for the simple protocol.
  readonly binds: readonly (Uint8Array | null)[] | undefined
  readonly message: 'simple' | 'extended'
  readonly position: number
  readonly of: number
}

// How a protocol says "please wait", and how it tells that nobody waits any longer.
export type Waiting = {
  readonly notice: (words: Words) => void
  // Aborted when the client cancels or leaves.
  readonly signal: AbortSignal
}

export type Words = {
  readonly message: string
  readonly detail?: string
  readonly hint?: string
}

export type Refusal = Words & {
  readonly why: 'denied' | 'not_approved' | 'token' | 'unavailable' | 'cancelled' | 'limit'
  // Id of the rule that spoke first; `sallyport/…` for the gateway's own.
  readonly rule: string
}

export type Answer =
  | {
      readonly go: true
      // One for each command judged, in order.
      readonly commands: readonly {
        readonly command: number
        readonly masks: ExitMasks
        readonly limits: Limits
      }[]
    }
  | { readonly go: false; readonly refusal: Refusal }

export type Guard = {
  // Judges, holds, records. `answered` is called exactly once, at once or later, and never before
  // every intent is as durable as it must be.
  readonly judge: (
    session: Session,
    commands: readonly CommandToJudge[],
    waiting: Waiting,
    answered: (answer: Answer) => void,
  ) => void
  // Would this be refused whatever its values? Used before a Parse goes to the target. Records a
  // refusal, and nothing otherwise.
  readonly preview: (session: Session, command: CommandToJudge) => Refusal | undefined
  // May this identity open this target at all (stage `session`)?
  readonly admit: (session: Session) => Refusal | undefined
  readonly done: (session: Session, outcome: Omit<Outcome, 'session'>) => void
}
