// Executes recorded decisions again: the same facts and the same bundle must give the same decision,
// byte for byte, whoever asks and whenever.
import { canonicalJson } from '../../engine/canonical.js'
import type { Policy } from '../../engine/policy/policy.js'
import { isErased } from './erasure/unseal-lines.js'
import { recordLines } from './read-record.js'
import { createPartsRead, factsDigest, factsOf, partIsSound } from './recorded-facts.js'
import type { CommandLine, PartsRead } from './recorded-facts.js'

// Differences listed in full; beyond this they are only counted.
const LISTED_MAX = 100
// Policies loaded at once; each holds megabytes.
const POLICIES_MAX = 4

export type Recheck = {
  readonly ok: boolean
  readonly decisions: number
  readonly same: number
  readonly different: number
  // Decisions that could not be executed: no bundle, or a part missing or not what its digest says.
  readonly unchecked: number
  readonly listed: readonly Difference[]
  readonly missingBundles: readonly string[]
}

// By the digest of its bundle; a text says why there is none.
export type PolicyOf = (bundle: string) => Promise<Policy | string> | Policy | string

export type Difference = {
  readonly file: string
  readonly line: number
  readonly seq: number
  readonly session: string
  readonly command: number
  readonly facts: string
  readonly what: string
}

export async function recheckRecord(place: string, policyOf: PolicyOf): Promise<Recheck> {
  const parts = createPartsRead()
  const policies = new Map<string, Policy | string>()
  const missing = new Set<string>()
  const listed: Difference[] = []
  const count = { decisions: 0, same: 0, different: 0, unchecked: 0 }
  for await (const { file, number, line } of recordLines(place)) {
    parts.take(line)
    if (line.kind !== 'command') continue
    count.decisions += 1
    const policy = policies.get(line.bundle) ?? (await policyOf(line.bundle))
    policies.delete(line.bundle)
    policies.set(line.bundle, policy)
    // Bundles follow one another; the one not used for longest goes first.
    const [oldest] = policies.keys()
    if (policies.size > POLICIES_MAX && oldest !== undefined) policies.delete(oldest)
    if (typeof policy === 'string') missing.add(line.bundle)
    const result = recheckedLine(line, parts, policy)
    if (result.same === true) count.same += 1
    else {
      count[result.same === false ? 'different' : 'unchecked'] += 1
      if (listed.length < LISTED_MAX) {
        const { seq, session, command } = line
        listed.push({
          file,
          line: number,
          seq,
          session,
          command,
          facts: result.facts,
          what: result.what,
        })
      }
    }
  }
  return {
    ok: count.different === 0 && count.unchecked === 0,
    ...count,
    listed,
    missingBundles: [...missing],
  }
}

type Result =
  | { readonly same: true }
  | { readonly same: false | undefined; readonly facts: string; readonly what: string }

function recheckedLine(line: CommandLine, parts: PartsRead, policy: Policy | string): Result {
  const unchecked = (what: string): Result => ({ same: undefined, facts: '', what })
  const facts = factsOf(line, parts)
  const recorded = parts.of(line.decision)
  if (facts === undefined || recorded === undefined) return unchecked('a part of it is missing')
  for (const digest of [line.facts.base, line.facts.command, line.decision]) {
    const value = parts.of(digest)
    if (value === undefined || !isSound(digest, value)) {
      return unchecked(`the part ${digest} is not what its digest says`)
    }
  }
  const base = parts.of(line.facts.base)
  if (isErased(line) || (base !== undefined && isErased(base))) {
    return unchecked('its facts were erased: it cannot be executed again')
  }
  if (typeof policy === 'string') return unchecked(policy)
  const again = canonicalJson(policy.decide(facts, line.entrypoint))
  if (again === canonicalJson(recorded)) return { same: true }
  return {
    same: false,
    facts: factsDigest(facts),
    what: `recorded ${canonicalJson(recorded)}, now ${again}`,
  }
}

// Parts are shared by many lines, and each is looked at once.
const sound = new WeakMap<object, string>()

function isSound(digest: string, value: object): boolean {
  if (sound.get(value) === digest) return true
  if (!partIsSound(digest, value)) return false
  sound.set(value, digest)
  return true
}
