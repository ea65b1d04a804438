// What came of commands, as the record tells it: on a line of its own, or riding on the line of a later
// command, whose time it then shares. Riding outcomes are older than the command they ride on.
import type { RecordLine } from '../../engine/schemas/record.js'

export type RecordedOutcome = Omit<
  Extract<RecordLine, { kind: 'outcome' }>,
  'seq' | 'time' | 'prev' | 'kind'
>

const NONE: readonly RecordedOutcome[] = []

export function outcomesOf(line: RecordLine): readonly RecordedOutcome[] {
  switch (line.kind) {
    case 'outcome':
      return [line]
    case 'command':
      return line.outcomes ?? NONE
    default:
      return NONE
  }
}
