// Asks OPA about each rule on its own: did it hold, and did all of its conditions but one? A rule is asked by
// copies of it in its own package, each with one condition left out, which hand back what the author's
// expressions met. So the answers are OPA's, and nothing of Rego's meaning is guessed here.
import type { Condition, PolicyModule, PolicyRule } from './policy-rules.js'
import { isObject } from './json-value.js'

const NAME = 'sallyport_probe'

// What an expression of the author was worth; `values` is empty where it was undefined.
export type Met = { readonly text: string; readonly values: readonly unknown[] }

export type Hit = {
  readonly rule: PolicyRule
  // The condition that failed; undefined where all held.
  readonly failed: Condition | undefined
  // What the rule adds to its set, where it held.
  readonly value: unknown
  readonly met: readonly Met[]
}

export type Probe = {
  // Rego to be evaluated beside the policy, one module for each file with rules.
  readonly modules: readonly string[]
  // Gives a list of answers for `hitsOf`.
  readonly query: string
  readonly hitsOf: (answers: unknown) => readonly Hit[]
  // Conditions that hold on their own, by rule.
  readonly heldOf: (answers: unknown) => ReadonlyMap<PolicyRule, ReadonlySet<Condition>>
}

// Of the rules that may have something to say about these operations.
export function probeOf(modules: readonly PolicyModule[], operations: readonly string[]): Probe {
  const asked: PolicyRule[] = []
  const texts: string[] = []
  const packages = new Set<string>()
  for (const module of modules) {
    const rules = module.rules.filter(
      ({ operation }) => operation === undefined || operations.includes(operation),
    )
    if (rules.length === 0) continue
    packages.add(module.package)
    const copies = rules.flatMap((rule) => {
      asked.push(rule)
      return copiesOf(rule, asked.length - 1)
    })
    texts.push([`package ${module.package}`, ...module.imports, ...copies].join('\n\n'))
  }
  const sets = [...packages].map((name) => `[one | some one in data.${name}.${NAME}]`)
  const entries = (answers: unknown): readonly Readonly<Record<string, unknown>>[] =>
    Array.isArray(answers) ? answers.flat().filter(isObject) : []
  return {
    modules: texts,
    query: `[${sets.join(', ')}]`,
    hitsOf: (answers) => entries(answers).flatMap((entry) => hitOf(entry, asked)),
    heldOf: (answers) => heldOf(entries(answers), asked),
  }
}

function copiesOf(rule: PolicyRule, at: number): readonly string[] {
  const { conditions } = rule
  const value = rule.value === undefined ? 'true' : rule.value
  const whole = copy(
    `{"rule": ${at}, "kind": "held", "value": ${value}, "met": ${metOf(showsOf(conditions, conditions))}}`,
    conditions,
  )
  const without = conditions.flatMap((condition, place) => {
    const others = conditions.filter((one) => one !== condition)
    if (!isApart(condition, others)) return []
    const head = `{"rule": ${at}, "kind": "without", "place": ${place}, "met": ${metOf(showsOf([condition], others))}}`
    return [copy(head, others)]
  })
  const alone = conditions.map((condition, place) =>
    copy(`{"rule": ${at}, "kind": "alone", "place": ${place}}`, withNeeded(condition, conditions)),
  )
  return [whole, ...without, ...alone]
}

function copy(head: string, conditions: readonly Condition[]): string {
  const body = conditions.length === 0 ? ['true'] : conditions.map(({ text }) => text)
  return `${NAME} contains ${head} if {\n\t${body.join('\n\t')}\n}`
}

// Nothing else needs a value that it gives.
function isApart(condition: Condition, others: readonly Condition[]): boolean {
  const given = new Set(others.flatMap(({ binds }) => [...binds]))
  const used = new Set(others.flatMap(({ uses }) => [...uses]))
  return [...condition.binds].every((name) => given.has(name) || !used.has(name))
}

// It and those that give it its variables, and those that give these theirs; in the author's order, since
// what is declared must not be used before.
function withNeeded(condition: Condition, all: readonly Condition[]): readonly Condition[] {
  const needed = new Set([condition])
  const add = (one: Condition): void => {
    for (const other of all) {
      if (needed.has(other)) continue
      if (![...other.binds].some((name) => one.uses.has(name) && !one.binds.has(name))) continue
      needed.add(other)
      add(other)
    }
  }
  add(condition)
  return all.filter((one) => needed.has(one))
}

// Of what stands in these, as far as those give its variables.
function showsOf(conditions: readonly Condition[], given: readonly Condition[]): readonly string[] {
  const bound = new Set(given.flatMap(({ binds }) => [...binds]))
  const all = new Set(conditions.flatMap(({ binds, uses }) => [...binds, ...uses]))
  const loose = [...all].filter((name) => !bound.has(name) && boundSomewhere(name, conditions))
  const texts = conditions.flatMap(({ shows }) => shows)
  return [...new Set(texts)].filter(
    (text) => !loose.some((name) => new RegExp(`\\b${name}\\b`).test(text)),
  )
}

function boundSomewhere(name: string, conditions: readonly Condition[]): boolean {
  return conditions.some(({ binds }) => binds.has(name))
}

function metOf(texts: readonly string[]): string {
  const entries = texts.map(
    (text) =>
      `{"text": ${JSON.stringify(text)}, "values": [${NAME}_value | ${NAME}_value := ${text}]}`,
  )
  return `[${entries.join(', ')}]`
}

function hitOf(
  entry: Readonly<Record<string, unknown>>,
  asked: readonly PolicyRule[],
): readonly Hit[] {
  const rule = asked[Number(entry['rule'])]
  if (rule === undefined || entry['kind'] === 'alone') return []
  const met = Array.isArray(entry['met']) ? entry['met'].filter(isMet) : []
  const failed = entry['kind'] === 'without' ? rule.conditions[Number(entry['place'])] : undefined
  return [{ rule, failed, value: entry['value'], met }]
}

function heldOf(
  entries: readonly Readonly<Record<string, unknown>>[],
  asked: readonly PolicyRule[],
): ReadonlyMap<PolicyRule, ReadonlySet<Condition>> {
  const held = new Map(asked.map((rule) => [rule, new Set<Condition>()]))
  for (const entry of entries) {
    const rule = asked[Number(entry['rule'])]
    const condition = rule?.conditions[Number(entry['place'])]
    if (rule === undefined || condition === undefined || entry['kind'] !== 'alone') continue
    held.get(rule)?.add(condition)
  }
  return held
}

function isMet(value: unknown): value is Met {
  return isObject(value) && typeof value['text'] === 'string' && Array.isArray(value['values'])
}
