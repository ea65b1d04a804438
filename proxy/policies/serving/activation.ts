// From bytes to a policy that may decide: the steps in their order, the first that refuses names itself.
// What was refused changes nothing.
import { atStep, BundleProblem } from '../../../engine/policy/bundle-problem.js'
import { policyOf } from '../../../engine/policy/bundle.js'
import type { Policy } from '../../../engine/policy/policy.js'
import { GatewayError } from '../../errors.js'

export type Verify = (
  bytes: Uint8Array,
  atMs: number,
) => Promise<{ readonly signers: readonly string[] } | undefined>

export type Examined = {
  readonly policy: Policy
  readonly bytes: Uint8Array
  // Names of the keys that signed; undefined where that was not asked.
  readonly signers: readonly string[] | undefined
}

export type Examination = {
  readonly fuel: number
  // Rejects where too few signed. `atMs`: when the signatures must hold. Undefined: nobody needs to.
  readonly verify: Verify | undefined
  // Says what stands against these policies, where somebody wrote down what must never be.
  readonly invariants?: (policy: Policy, bytes: Uint8Array) => Promise<string | undefined>
  // Beside the record, before it decides anything.
  readonly keep: (digest: string, bytes: Uint8Array) => void
}

// Rejects with a BundleProblem.
export async function examined(
  bytes: Uint8Array,
  parts: Examination,
  id: number,
  atMs: number,
): Promise<Examined> {
  const signers = await verified(bytes, parts, atMs)
  const policy = await policyOf(bytes, { id, fuel: parts.fuel })
  const against = await parts.invariants?.(policy, bytes)
  if (against !== undefined) throw new BundleProblem('invariants', against)
  return { policy, bytes, signers }
}

export function kept({ policy, bytes }: Examined, parts: Examination): void {
  atStep('keep', () => parts.keep(policy.digest, bytes))
}

async function verified(
  bytes: Uint8Array,
  parts: Examination,
  atMs: number,
): Promise<readonly string[] | undefined> {
  try {
    return (await parts.verify?.(bytes, atMs))?.signers
  } catch (cause) {
    if (cause instanceof BundleProblem) throw cause
    const isUnread = cause instanceof GatewayError && cause.code === 'bundle_invalid'
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new BundleProblem(isUnread ? 'archive' : 'signatures', why, { cause })
  }
}
