// One way to people: how a single attempt is made, and what came of it. Repetition, memory, counting
// and logging are the same for all and live in `lasting.ts`.
import type { Notice, Notifier } from '../notifier.js'

export type Attempt =
  // `kept` is handed back when the end of the same request is told, also after a restart.
  { readonly told: true; readonly kept?: string; readonly remark?: string } | Failure

export type Failure = {
  readonly told: false
  // Whether a further attempt may fare better, and what the receiver says about when.
  readonly again: boolean
  readonly afterMs?: number
  // For the log: no secret, no address with one, no text of the command.
  readonly why: string
}

export type Channel = Pick<Notifier, 'name'> & {
  readonly kind: 'webhook' | 'email' | 'teams' | 'slack'
  // Names this receiver and no other; only its digest is stored.
  readonly place: string
  // When the end of a request is told here.
  readonly tellsEnd: 'always' | 'when it told the request' | 'never'
  readonly attemptMs: number
  readonly attempt: (
    notice: Notice,
    around: { readonly signal: AbortSignal; readonly kept: string | undefined },
  ) => Promise<Attempt>
}
