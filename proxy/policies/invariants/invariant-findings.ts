// Broken invariants as findings of a check: each at its own line, with the plainest command that breaks it.
import { bundleFiles } from '../../../engine/policy/bundle-files.js'
import type { Policy } from '../../../engine/policy/policy.js'
import type { Finding } from '../findings.js'
import { brokenText, bundledInvariants, checkInvariants } from './check.js'

// What the rule of these findings is about, for tables of rules.
export const INVARIANT_RULES: Readonly<Record<string, string>> = {
  'broken-invariant': 'a decision that invariants.yaml says must never be',
}

// `bytes` are the bundle that `policy` was made of; `file` is where its invariants stand in the repository.
export async function invariantFindings(
  policy: Policy,
  bytes: Uint8Array,
  file: string,
): Promise<readonly Finding[]> {
  const files = await bundleFiles(bytes)
  const { broken } = await checkInvariants(policy, files, bundledInvariants(files))
  return broken.map((one) => ({
    rule: 'broken-invariant',
    severity: 'error',
    file,
    line: Number(/:(\d+)$/.exec(one.invariant.place)?.[1] ?? 1),
    column: 1,
    message: brokenText(one).replace(/^\S+: /, ''),
    fix: 'change the rules so that this is denied or waits for an approval, or state the exception under unless',
  }))
}
