// What could not be written: commands are refused and counted, and events that nobody waits for are kept
// until they can be written.
import type { Entry } from './record-entry.js'

// One a command in flight and a few a session: more than this is only reached by a flood of incidents.
const OWED_MAX = 200_000

export type Owed = {
  readonly owe: (entry: Entry) => void
  // Keeps those that nobody waits for and returns the others, who must be told.
  readonly sorted: (entries: readonly Entry[]) => readonly Entry[]
  readonly size: () => number
  // Everything owed since the last call, oldest first; none of it is kept any longer.
  readonly settled: () => {
    readonly entries: readonly Entry[]
    readonly refused: number
    readonly lost: number
  }
}

export function createOwed(): Owed {
  let owed: Entry[] = []
  let refused = 0
  let lost = 0
  const owe = (entry: Entry): void => {
    if (owed.length < OWED_MAX) owed.push(entry)
    else lost += 1
  }
  return {
    owe,
    sorted(entries) {
      const told: Entry[] = []
      for (const entry of entries) {
        if (entry.command !== undefined) refused += 1
        if (entry.written === undefined) owe(entry)
        else told.push(entry)
      }
      return told
    },
    size: () => owed.length,
    settled() {
      const settled = { entries: owed, refused, lost }
      owed = []
      refused = 0
      lost = 0
      return settled
    },
  }
}
