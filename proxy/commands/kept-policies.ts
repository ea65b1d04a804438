// The policies that decided, loaded from the bundles kept beside the record.
import { policyOf } from '../../engine/policy/bundle.js'
import type { Policy } from '../../engine/policy/policy.js'
import { keptBundle } from '../recording/kept-bundles.js'

// Or why there is none. `fuel` is the budget that the gateway had: a decision that ran out of it then
// must do so again.
export function keptPolicies(
  directory: string,
  fuel: number,
): (digest: string) => Promise<Policy | string> {
  return async (digest) => {
    const bytes = keptBundle(directory, digest)
    if (bytes === undefined) return 'the bundle was not kept'
    try {
      return await policyOf(bytes, { id: 0, fuel })
    } catch (problem) {
      return problem instanceof Error ? problem.message : String(problem)
    }
  }
}
