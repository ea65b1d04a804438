// What a change of policies changes: the rules whose texts differ, and decisions on generated facts that
// cover what traffic has not shown.
import type { Facts } from '../../../engine/schemas/facts.js'
import { invariantSituations } from '../invariants/invariant-situations.js'
import type { Invariant } from '../invariants/read-invariants.js'
import type { Expectation } from './expected.js'
import { focusVocabularies } from './focus.js'
import { labelSituations, placesOf } from './label-situations.js'
import { generatedComparison } from './generated-comparison.js'
import type { NamedPolicy } from './named-policy.js'
import { pairwiseSituations, type Generated } from './pairwise.js'
import type { BrokenInvariant, Comparison, ExpectationResult, RuleChange } from './report.js'
import { createRereading } from './reread.js'
import { changesBetween, dataOf } from './rule-changes.js'
import { ruleChunks } from './rule-chunks.js'
import { situationFacts } from './situation-facts.js'
import { joined, vocabularyOf, wordsOf } from './vocabulary.js'

const SESSIONS_MAX = 20
// Of values that are not ordinary.
const PLAIN_WEIGHT = 3

export type DiffOptions = {
  readonly before: NamedPolicy
  readonly after: NamedPolicy
  readonly expectations: readonly Expectation[]
  readonly invariants?: readonly Invariant[]
  // Where names of synthesised tables are kept; absent where commands are not to be read again.
  readonly cache?: string | undefined
  readonly progress: (what: string) => void
}

export type PolicyDiff = {
  readonly rules: readonly RuleChange[]
  readonly situations: readonly Generated[]
  readonly comparison: Comparison
  readonly expectations: readonly ExpectationResult[]
  readonly broken: readonly BrokenInvariant[]
}

export async function policyDiff(options: DiffOptions): Promise<PolicyDiff> {
  const { before, after, expectations, invariants = [], cache, progress } = options
  const changes = changesBetween(before.files, after.files)
  const labels = [...before.policy.labels, ...after.policy.labels]
  const [one, other] = [before, after].map(({ files }) => ({
    all: ruleChunks(files),
    data: dataOf(files),
  }))
  if (one === undefined || other === undefined) throw new Error('there are two sides')
  const whole = joined(
    vocabularyOf(one.all, one.all, one.data),
    vocabularyOf(other.all, other.all, other.data),
  )
  const situations = [
    ...pairwiseSituations(whole, labels, focusVocabularies(changes, one, other)),
    ...invariantSituations(after.files, labels, invariants),
  ]
  const places = placesOf(before.policy.labels, after.policy.labels)
  const rereading =
    cache === undefined
      ? undefined
      : await createRereading({
          tables: [
            ...wordsOf(whole, 'object').filter((name) => /^[\w$]+\.[\w$]+$/.test(name)),
            ...places.map(({ table }) => table),
          ],
          columns: [...columnsOf(situations), ...places.map(({ column }) => column)],
          labels: { before: before.policy.labels, after: after.policy.labels },
          cache,
          progress,
        })
  const labelled =
    rereading === undefined || places.length === 0
      ? []
      : await labelSituations(
          places,
          sessionsOf(situations),
          { policy: before.policy, catalogue: rereading.catalogues.before },
          { policy: after.policy, catalogue: rereading.catalogues.after },
        )
  const found = await generatedComparison({
    before: before.policy,
    after: after.policy,
    situations,
    labelSituations: labelled,
    expectations,
    invariants,
    rereading,
  })
  return { rules: changes.listed, situations, ...found }
}

function columnsOf(situations: readonly Generated[]): readonly string[] {
  return situations.flatMap(({ space }) => space.columns.map(({ column }) => column))
}

// Sessions that differ in who and where: each command on a column is tried in all of them.
function sessionsOf(situations: readonly Generated[]): readonly Facts[] {
  const found = new Map<string, Facts>()
  for (const { space, rows, stage } of situations) {
    if (stage !== 'session') continue
    for (const row of rows) {
      const { identity, target, ...facts } = situationFacts(space, row, 'session')
      const key = `${identity.kind} ${identity.actor.length} ${identity.groups.join()}`
      const known = found.get(key)
      const weight = row.filter((value) => value !== 0).length
      if (known === undefined && weight <= PLAIN_WEIGHT) {
        found.set(key, { ...facts, identity, target })
      }
    }
  }
  return [...found.values()].slice(0, SESSIONS_MAX)
}
