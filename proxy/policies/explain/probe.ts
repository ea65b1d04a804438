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
  // The same without the copies at these places: the n-th module, and a line of it.
  readonly without: (places: readonly (readonly [module: number, line: number])[]) => Probe
}

// One rule as it is asked.
type Copy = { readonly text: string; readonly package: string; readonly module: PolicyModule }

// Of the rules that may have something to say about these operations.
export function probeOf(modules: readonly PolicyModule[], operations: readonly string[]): Probe {
  const asked: PolicyRule[] = []
  const copies = modules.flatMap((module) =>
    module.rules
      .filter(({ operation }) => operation === undefined || operations.includes(operation))
      .flatMap((rule) => {
        asked.push(rule)
        const at = asked.length - 1
        return copiesOf(rule, at).map((text) => ({ text, package: module.package, module }))
      }),
  )
  return probeWith(copies, asked)
}

function probeWith(copies: readonly Copy[], asked: readonly PolicyRule[]): Probe {
  const files = [...new Set(copies.map(({ module }) => module))].map((module) => {
    const own = copies.filter((one) => one.module === module)
    const head = [`package ${module.package}`, ...module.imports].join('\n')
    return { own, head, text: [head, ...own.map(({ text }) => text)].join('\n') }
  })
  const packages = [...new Set(copies.map((one) => one.package))]
  const entries = (answers: unknown): readonly Readonly<Record<string, unknown>>[] =>
    Array.isArray(answers) ? answers.flat().filter(isObject) : []
  return {
    modules: files.map(({ text }) => text),
    query: `[${packages.map((name) => `[one | some one in data.${name}.${NAME}]`).join(', ')}]`,
    hitsOf: (answers) => entries(answers).flatMap((entry) => hitOf(entry, asked)),
    heldOf: (answers) => heldOf(entries(answers), asked),
    without: (places) => {
      const bad = new Set(
        places.flatMap(([at, line]) => {
          const file = files[at]
          return file === undefined ? [] : [copyAt(file.head, file.own, line)]
        }),
      )
      return probeWith(
        copies.filter((one) => !bad.has(one)),
        asked,
      )
    },
  }
}

function copyAt(head: string, own: readonly Copy[], line: number): Copy | undefined {
  let next = linesOf(head) + 1
  for (const one of own) {
    next += linesOf(one.text)
    if (line < next) return one
  }
  return undefined
}

function linesOf(text: string): number {
  return text.split('\n').length
}

function copiesOf(rule: PolicyRule, at: number): readonly string[] {
  const { conditions, declares } = rule
  const value = rule.value === undefined ? 'true' : rule.value
  const whole = copy(
    `{"rule": ${at}, "kind": "held", "value": ${value}, "met": ${metOf(showsOf(conditions, conditions))}}`,
    conditions,
    declares,
  )
  const without = conditions.flatMap((condition, place) => {
    const others = conditions.filter((one) => one !== condition)
    if (!isApart(condition, others)) return []
    const met = metOf(showsOf([condition], others))
    const head = `{"rule": ${at}, "kind": "without", "place": ${place}, "met": ${met}}`
    return [copy(head, others, declares)]
  })
  const alone = conditions.map((condition, place) => {
    const head = `{"rule": ${at}, "kind": "alone", "place": ${place}}`
    return copy(head, withNeeded(condition, conditions), declares)
  })
  return [whole, ...without, ...alone]
}

// What is declared must be used.
function copy(head: string, conditions: readonly Condition[], declares: readonly string[]): string {
  const used = declares.filter((name) => conditions.some(({ uses }) => uses.has(name)))
  const body = [
    ...(used.length === 0 ? [] : [`some ${used.join(', ')}`]),
    ...(conditions.length === 0 ? ['true'] : conditions.map(({ text }) => text)),
  ]
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
