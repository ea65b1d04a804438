// A line that was asked for and is not written yet. It gets its place in the chain only when it is
// written, so that a failed write leaves no gap.
import type { CommandRecord, Durability, Outcome, Written } from './recorder.js'

export type Entry = {
  readonly time: number
  // The command, the outcome of one, or the finished text of any other line.
  readonly command?: CommandRecord
  readonly outcome?: Outcome
  readonly body?: string
  readonly durability: Durability
  // Absent where nobody waits: the line is then kept until it can be written.
  readonly written?: Written | undefined
}

export function outcomeEntry(time: number, outcome: Outcome): Entry {
  return { time, outcome, durability: 'os' }
}
