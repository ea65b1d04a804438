// How a protocol waits with a command that is held, and what it can tell about it meanwhile.
import type { Consequence } from '../engine/schemas/consequence.js'
import type { CommandToJudge } from './guard.js'

// How a protocol says "please wait", and how it tells that nobody waits any longer.
export type Waiting = {
  readonly notice: (words: Words) => void
  // Aborted when the client cancels or leaves.
  readonly signal: AbortSignal
  // False once the names that the command was read with may mean something else: an approval given
  // for it is then void. Absent: always true.
  readonly current?: () => boolean
  // What the command would do, for approvers, found out without effects and in a known time; never
  // rejects. Absent where the protocol cannot tell.
  readonly consequence?: (
    command: CommandToJudge,
    which: 'estimate' | 'count',
  ) => Promise<Consequence | undefined>
}

export type Words = {
  readonly message: string
  readonly detail?: string
  readonly hint?: string
}
