// Small changes of a command and of what stands around it, each as a change of its facts: what somebody who
// was refused might do instead. Whether any of them helps is for a policy to say. Facts hold no literals of
// the command, so neither does a change made from them.
import type { Facts } from '../../../engine/schemas/facts.js'
import { commandChanges } from './command-changes.js'
import { situationChanges } from './situation-changes.js'

export type Candidate = {
  // The command itself is changed, or who sends it where and when.
  readonly about: 'command' | 'situation'
  // Of one family one change is enough: whoever narrows to a range need not narrow to a key.
  readonly family: string
  // What to do, as words after “you can”.
  readonly words: string
  readonly changed: (facts: Facts) => Facts
}

// What a caller knows besides the facts.
export type Surroundings = {
  // Values of a target's label `env` that there are.
  readonly environments?: readonly string[]
  // Groups that policies speak of.
  readonly groups?: readonly string[]
}

// Those that ask least come first.
export function candidatesFor(facts: Facts, around: Surroundings): readonly Candidate[] {
  const { command } = facts
  return [
    ...(command === undefined ? [] : commandChanges(command)),
    ...situationChanges(facts, around),
  ]
}
