// The hint of a refusal for which the policy has none: what would pass, in one line for a client that waits.
// Few decisions, since a client can have as many refusals as it likes; counted and not timed, so that the same
// facts get the same hint however busy the machine is. Facts hold no values of the command or of the data, so
// a hint made of them tells none.
import type { Policy } from '../../../engine/policy/policy.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import { whatWouldPass, type Suggestion } from './what-would-pass.js'

// Each is bounded by its fuel.
const DECISIONS_MAX = 40
const SUGGESTIONS_MAX = 2

export function hintFor(policy: Policy, facts: Facts): string | undefined {
  const found = whatWouldPass(policy, facts, {
    decisionsMax: DECISIONS_MAX,
    suggestionsMax: SUGGESTIONS_MAX,
  })
  return found.length === 0 ? undefined : found.map(textOf).join('; or ')
}

function textOf({ words, approvers }: Suggestion): string {
  return approvers === undefined ? words : `${words} (it then waits for ${approvers.join(' or ')})`
}
