// What the shadow would have decided otherwise, counted by what became of what and by the rules that spoke,
// with a few commands of each as examples. Bounded, whatever comes.
import type { Action } from '../../../engine/schemas/decision.js'

export type Divergence = {
  readonly session: string
  readonly command: number
  readonly at_ms: number
  // The command as it is recorded, its beginning.
  readonly text: string
  readonly action: Action
  readonly rules: readonly string[]
  readonly shadow_action: Action
  readonly shadow_rules: readonly string[]
}

export type Flip = Pick<Divergence, 'action' | 'rules' | 'shadow_action' | 'shadow_rules'> & {
  readonly count: number
  readonly examples: readonly Pick<Divergence, 'session' | 'command' | 'at_ms' | 'text'>[]
}

export type Divergences = {
  // True where this one should stand in the record: of each kind so many a minute.
  readonly add: (divergence: Divergence) => boolean
  // The most frequent first.
  readonly flips: () => readonly Flip[]
  // Of kinds beyond the bound.
  readonly others: () => number
}

const KINDS_MAX = 500
const EXAMPLES_MAX = 5
const RECORDED_A_MINUTE = 20
const MINUTE_MS = 60_000

type Kind = {
  readonly first: Divergence
  readonly examples: Divergence[]
  count: number
  minute: number
  recorded: number
}

export function createDivergences(): Divergences {
  const kinds = new Map<string, Kind>()
  let others = 0
  return {
    add(divergence) {
      const { action, rules, shadow_action: other, shadow_rules: otherRules } = divergence
      const key = JSON.stringify([action, rules, other, otherRules])
      let kind = kinds.get(key)
      if (kind === undefined) {
        if (kinds.size >= KINDS_MAX) {
          others++
          return false
        }
        kind = { first: divergence, examples: [], count: 0, minute: 0, recorded: 0 }
        kinds.set(key, kind)
      }
      kind.count++
      if (kind.examples.length < EXAMPLES_MAX) kind.examples.push(divergence)
      const minute = Math.floor(divergence.at_ms / MINUTE_MS)
      if (minute !== kind.minute) {
        kind.minute = minute
        kind.recorded = 0
      }
      kind.recorded++
      return kind.recorded <= RECORDED_A_MINUTE
    },
    flips: () => [...kinds.values()].map(flipOf).sort((one, other) => other.count - one.count),
    others: () => others,
  }
}

function flipOf({ first, examples, count }: Kind): Flip {
  return {
    action: first.action,
    rules: first.rules,
    shadow_action: first.shadow_action,
    shadow_rules: first.shadow_rules,
    count,
    examples: examples.map(({ session, command, at_ms: at, text }) => ({
      session,
      command,
      at_ms: at,
      text,
    })),
  }
}
