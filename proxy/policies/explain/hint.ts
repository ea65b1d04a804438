// The hint of a refusal for which the policy has none: what would pass, in one line for a client that waits.
// Few decisions and little time, since a client can have as many refusals as it likes. Facts hold no values
// of the command or of the data, so a hint made of them tells none.
import type { Policy } from '../../../engine/policy/policy.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import { whatWouldPass, type Suggestion } from './what-would-pass.js'

const DECISIONS_MAX = 40
const SUGGESTIONS_MAX = 2
const BUDGET_US = 10_000
// Asked also where the machine is so busy that the time is over at once: the changes that ask least.
// Fuel bounds each of them.
const DECISIONS_AT_LEAST = 10

export type Hints = (policy: Policy, facts: Facts) => string | undefined

export function createHints(monotonicUs: () => number): Hints {
  return (policy, facts) => {
    const until = monotonicUs() + BUDGET_US
    let asked = 0
    const found = whatWouldPass(policy, facts, {
      decisionsMax: DECISIONS_MAX,
      suggestionsMax: SUGGESTIONS_MAX,
      goOn: () => asked++ < DECISIONS_AT_LEAST || monotonicUs() < until,
    })
    return found.length === 0 ? undefined : found.map(textOf).join('; or ')
  }
}

function textOf({ words, approvers }: Suggestion): string {
  return approvers === undefined ? words : `${words} (it then waits for ${approvers.join(' or ')})`
}
