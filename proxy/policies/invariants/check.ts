// Holds a policy against invariants: on the facts that it is given, and on facts made around what the
// invariants speak of.
import { bundleFiles } from '../../../engine/policy/bundle-files.js'
import type { Policy } from '../../../engine/policy/policy.js'
import type { Decision } from '../../../engine/schemas/decision.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import { grantsArePossible } from '../backtest/possible-grants.js'
import { circumstancesOf, personOf, situationFacts } from '../backtest/situation-facts.js'
import { synthesised } from '../backtest/synthesise.js'
import { invariantSituations } from './invariant-situations.js'
import { INVARIANTS_FILE, invariantsIn, type Invariant } from './read-invariants.js'

const SITUATIONS_A_TURN = 100

export type Violation = {
  readonly invariant: Invariant
  readonly facts: Facts
  readonly decision: Decision
}

// In the order of the facts; each invariant as often as it is broken.
export function violations(
  policy: Pick<Policy, 'decide'>,
  invariants: readonly Invariant[],
  facts: Iterable<Facts>,
): readonly Violation[] {
  if (invariants.length === 0) return []
  const found: Violation[] = []
  for (const one of facts) {
    const decision = policy.decide(one, 'decision')
    for (const invariant of invariants) {
      if (invariant.isBroken(one, decision)) found.push({ invariant, facts: one, decision })
    }
  }
  return found
}

export type InvariantCheck = {
  // How many situations were decided.
  readonly checked: number
  readonly broken: readonly BrokenByCommand[]
}

export type BrokenByCommand = {
  readonly invariant: Invariant
  readonly count: number
  // The plainest situation that breaks it.
  readonly text: string
  readonly person: string
  readonly target: string
  readonly circumstances: string
  readonly facts: Facts
  readonly decision: Decision
}

// On generated facts alone: for checks of a repository, and before a bundle is activated. `files` are those of
// the bundle.
export async function checkInvariants(
  policy: Policy,
  files: ReadonlyMap<string, Buffer>,
  invariants: readonly Invariant[],
): Promise<InvariantCheck> {
  const found = new Map<string, BrokenByCommand & { readonly weight: number }>()
  let checked = 0
  if (invariants.length === 0) return { checked, broken: [] }
  for (const { space, rows, stage } of invariantSituations(files, policy.labels, invariants)) {
    for (const row of rows) {
      const facts = situationFacts(space, row, stage)
      if (!grantsArePossible(policy, facts)) continue
      checked += 1
      // A gateway answers others meanwhile.
      if (checked % SITUATIONS_A_TURN === 0) await new Promise((done) => setImmediate(done))
      const weight = row.filter((value) => value !== 0).length
      for (const { invariant, decision } of violations(policy, invariants, [facts])) {
        const known = found.get(invariant.id)
        if (known !== undefined && known.weight <= weight) {
          found.set(invariant.id, { ...known, count: known.count + 1 })
          continue
        }
        found.set(invariant.id, {
          invariant,
          count: (known?.count ?? 0) + 1,
          text: synthesised(facts).text,
          person: personOf(space, row),
          target: facts.target.name,
          circumstances: circumstancesOf(space, row),
          facts,
          decision,
          weight,
        })
      }
    }
  }
  return { checked, broken: [...found.values()].map(({ weight: _, ...one }) => one) }
}

// Those that a bundle carries.
export function bundledInvariants(files: ReadonlyMap<string, Buffer>): readonly Invariant[] {
  const text = files.get(INVARIANTS_FILE)?.toString('utf8')
  return text === undefined ? [] : invariantsIn(text, INVARIANTS_FILE)
}

// Why a bundle is not to be activated; undefined where it keeps to its own invariants.
export async function invariantProblem(
  policy: Policy,
  bytes: Uint8Array,
): Promise<string | undefined> {
  const files = await bundleFiles(bytes)
  const { broken } = await checkInvariants(policy, files, bundledInvariants(files))
  return broken.length === 0 ? undefined : broken.map(brokenText).join('; ')
}

export function brokenText({ invariant, text, person, circumstances, decision }: BrokenByCommand) {
  const when = circumstances === '' ? '' : ` (${circumstances})`
  return (
    `${invariant.place}: ${invariant.id} (${invariant.title}) is broken: ${text} by ${person}${when} ` +
    `is decided ${decision.action}`
  )
}
