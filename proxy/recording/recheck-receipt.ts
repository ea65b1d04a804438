// Executes the decision of a receipt again: the bundle must be the very one that the record says decided,
// and must come to the same decision on the same facts, byte for byte.
import { canonicalJson } from '../../engine/canonical.js'
import type { Policy } from '../../engine/policy/policy.js'
import type { Told, Wrong } from './receipt.js'

// Undefined where it is the same.
export function differenceFrom(
  { bundle, facts, command, decision }: Told,
  policy: Pick<Policy, 'digest' | 'wasmDigest' | 'revision' | 'decide'>,
): Wrong | undefined {
  const wrong = (what: string): Wrong => ({ at: 'the bundle given', what })
  if (policy.digest !== bundle.digest) {
    return wrong(`its digest is ${policy.digest}; ${bundle.digest} decided`)
  }
  if (policy.wasmDigest !== bundle.wasm) {
    return wrong(`its Wasm is ${policy.wasmDigest}; ${bundle.wasm} was in force`)
  }
  if (policy.revision !== bundle.revision) {
    return wrong(`its revision is ${policy.revision}; ${bundle.revision} was in force`)
  }
  const recorded = canonicalJson(decision)
  const again = canonicalJson(policy.decide(facts, command.entrypoint))
  return again === recorded
    ? undefined
    : { at: 'the decision', what: `recorded ${recorded}, now ${again}` }
}
