// The policies that decided, loaded from the bundles kept beside the record.
import { policyOf } from '../../engine/policy/bundle.js'
import type { Policy } from '../../engine/policy/policy.js'
import { keptBundle } from '../recording/kept-bundles.js'

// Undefined for a bundle that was never kept. `fuel` is the budget that the gateway had: a decision that
// ran out of it then must do so again.
export function keptPolicies(
  directory: string,
  fuel = 5_000_000,
): (digest: string) => Promise<Policy | undefined> {
  return async (digest) => {
    const bytes = keptBundle(directory, digest)
    return bytes === undefined ? undefined : policyOf(bytes, { id: 0, fuel })
  }
}
