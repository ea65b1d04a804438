// Counts how often each invariant is broken, and keeps the first case of each.
import type { Decision } from '../../../engine/schemas/decision.js'
import type { Invariant } from '../invariants/read-invariants.js'
import type { BrokenInvariant, Example } from './report.js'
import { outcomeOf } from './tally.js'

export type BrokenTally = {
  readonly add: (
    invariants: readonly Invariant[],
    after: Decision,
    example: () => Omit<Example, 'before' | 'after'>,
  ) => void
  readonly broken: () => readonly BrokenInvariant[]
}

export function createBrokenTally(): BrokenTally {
  const found = new Map<string, BrokenInvariant & { count: number }>()
  return {
    add(invariants, after, example) {
      for (const { id, title, place } of invariants) {
        const known = found.get(id)
        if (known !== undefined) {
          known.count += 1
          continue
        }
        const outcome = outcomeOf(after)
        const shown = { ...example(), before: outcome, after: outcome }
        found.set(id, { id, title, place, count: 1, example: shown })
      }
    },
    broken: () => [...found.values()],
  }
}

// Of several comparisons: recorded cases are shown before generated ones.
export function brokenInAll(
  lists: readonly (readonly BrokenInvariant[])[],
): readonly BrokenInvariant[] {
  const found = new Map<string, BrokenInvariant>()
  for (const one of lists.flat()) {
    const known = found.get(one.id)
    found.set(one.id, known === undefined ? one : { ...known, count: known.count + one.count })
  }
  return [...found.values()]
}
