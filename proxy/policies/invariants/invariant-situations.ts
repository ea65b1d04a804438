// Situations in which invariants could be broken: all that each speaks of combined in full, among the words of
// the policy. Fewer than a comparison makes, since a gateway decides them before it activates a bundle.
import type { LabelRule } from '../../../engine/policy/policy.js'
import type { InvariantEntry } from '../../../engine/schemas/invariants.js'
import { focusedSituations, type Generated } from '../backtest/pairwise.js'
import { dataOf } from '../backtest/rule-changes.js'
import { ruleChunks } from '../backtest/rule-chunks.js'
import { joined, vocabularyOf, type Field, type Vocabulary } from '../backtest/vocabulary.js'
import type { Invariant } from './read-invariants.js'

export function invariantSituations(
  files: ReadonlyMap<string, Buffer>,
  labels: readonly LabelRule[],
  invariants: readonly Invariant[],
): readonly Generated[] {
  const chunks = ruleChunks(files)
  const words = invariants.map(({ entry }) => vocabularyOfEntry(entry))
  const policy = vocabularyOf(chunks, chunks, dataOf(files))
  const whole = words.reduce(joined, policy)
  return words.flatMap((vocabulary, at): readonly Generated[] => {
    const around = focusedSituations(whole, labels, vocabulary)
    const { stage, effects, flows, unread } = invariants[at]?.entry.never ?? {}
    const ofSessions = [effects, flows, unread].every((one) => one === undefined)
    return [
      ...(stage === 'session' ? [] : [around]),
      ...(ofSessions && stage !== 'command' ? [{ ...around, stage: 'session' as const }] : []),
    ]
  })
}

export function vocabularyOfEntry({ never }: InvariantEntry): Vocabulary {
  const words = new Map<Field, Set<string>>()
  const targetLabels = new Set<string>()
  const add = (field: Field, values: readonly string[]): void => {
    if (values.length > 0) words.set(field, new Set([...(words.get(field) ?? []), ...values]))
  }
  for (const conditions of [never, never.unless ?? {}]) {
    for (const effect of conditions.effects ?? []) {
      if (typeof effect === 'string') {
        add('op', [effect])
        continue
      }
      add('op', effect.op ?? [])
      add('kind', effect.kind ?? [])
      add('where', effect.where ?? [])
      add('object', namesIn(effect.object))
      add('label', namesIn(effect.label))
      add('detail', namesIn(effect.detail))
    }
    for (const flow of conditions.flows ?? []) {
      add('to', flow.to ?? [])
      add('label', namesIn(flow.label))
    }
    add('identity', conditions.identity?.kind ?? [])
    if (conditions.identity?.acted_for !== undefined) add('identity', ['human'])
    add('group', namesIn(conditions.identity?.group))
    add('subject', namesIn(conditions.identity?.subject))
    add('purpose', namesIn(conditions.session?.purpose))
    add('weekday', conditions.time?.weekday ?? [])
    for (const [key, names] of Object.entries(conditions.target ?? {})) {
      if (key === 'name' || key === 'database') add('target', namesIn(names))
      else {
        targetLabels.add(key)
        add('env', namesIn(names))
      }
    }
  }
  return { words, numbers: numbersIn(never), targetLabels, fields: fieldsIn(never), grants: true }
}

function namesIn(names: unknown): readonly string[] {
  const list: unknown =
    typeof names === 'object' && names !== null && 'not' in names ? names.not : names
  const all = typeof list === 'string' ? [list] : Array.isArray(list) ? list.map(String) : []
  return all.map((name) => name.replaceAll('*', 'x')).filter((name) => name !== '')
}

function fieldsIn(never: InvariantEntry['never']): ReadonlySet<string> {
  const found = new Set<string>()
  for (const { effects = [], identity = {}, session = {}, time, grants } of [
    never,
    never.unless ?? {},
  ]) {
    if (time !== undefined) found.add('time')
    if (grants !== undefined) found.add('grants')
    for (const effect of effects) {
      if (typeof effect !== 'string') Object.keys(effect).forEach((name) => found.add(name))
    }
    for (const name of [...Object.keys(identity), ...Object.keys(session)]) found.add(name)
  }
  return found
}

function numbersIn(never: InvariantEntry['never']): ReadonlySet<number> {
  const found = new Set<number>()
  for (const { session = {}, time = {} } of [never, never.unless ?? {}]) {
    for (const value of [...Object.values(session), ...Object.values(time)]) {
      if (typeof value === 'number') found.add(value)
    }
  }
  return found
}
