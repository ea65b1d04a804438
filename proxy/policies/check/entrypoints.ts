// The three questions that the gateway asks must have an answer whatever the facts are, and one answer: no
// answer is a denial that explains nothing. So each ends in something without a condition, and no value is
// given twice.
import { ENTRYPOINTS } from '../../../engine/policy/decide.js'
import type { Finding } from '../findings.js'
import { problem, type Check, type CheckInput, type Place } from './check.js'
import { chainOf, nameOf, type Library, type PlacedRule } from './library.js'
import { nearest } from './near-miss.js'
import { resolved, rulesNamed, scopeOf } from './scope.js'

const DEPTH_MAX = 8

export const entrypoints: Check = {
  rules: {
    'undefined-entrypoint': 'the gateway’s question can be without an answer',
    'conflicting-rules': 'one name is given two values at once',
  },
  run: (input) => {
    const names = Object.values(ENTRYPOINTS).map((name) => name.replaceAll('/', '.'))
    const found = names.flatMap((name) => undefinedEntrypoint(name, input))
    // One that hands on to another is as open as that.
    const places = new Map(found.reverse().map((one) => [`${one.file}:${one.line}`, one]))
    return [...places.values(), ...conflicts(input.library)]
  },
}

// Where an entrypoint is, or should be.
export function entrypointPlace(library: Library, name: string): Place {
  const [rule] = library.named(name)
  if (rule !== undefined) return { file: rule.file.file, at: rule.rule.at }
  const home = name.split('.').slice(0, -1).join('.')
  const file = library.files.find((one) => one.package.join('.') === home) ?? library.files[0]
  return { file: file?.file ?? '.', at: file?.packageAt ?? { line: 1, column: 1 } }
}

function undefinedEntrypoint(name: string, input: CheckInput): readonly Finding[] {
  const { library } = input
  const [short = name] = name.split('.').reverse()
  const rules = library.named(name)
  const place = entrypointPlace(library, name)
  if (rules.length === 0) {
    const home = name.split('.').slice(0, -1).join('.')
    const there = library.rules.filter(({ file }) => file.package.join('.') === home)
    const near = nearest(
      short,
      there.map(({ rule }) => rule.path.join('.')),
    )
    const fix =
      near === undefined ? `write a rule ${short} in package ${home}` : `did you mean “${near}”?`
    return [
      problem(
        'undefined-entrypoint',
        place,
        `the gateway asks data.${name}, which there is not`,
        fix,
      ),
    ]
  }
  const open = unanswered(rules, library, DEPTH_MAX)
  if (open === undefined) return []
  const inner = nameOf(open)
  const where = { file: open.file.file, at: (chainOf(open.rule).at(-1) ?? open.rule).at }
  const through = inner === name ? '' : `, which is ${inner},`
  const message = `data.${name}${through} has no value where none of its conditions is true; the gateway then denies without a reason`
  const fix = `end it with: else := … (no condition), or write: default ${open.rule.path.join('.')} := …`
  return [problem('undefined-entrypoint', where, message, fix)]
}

// A rule among these, or those that they hand on to, that nothing gives a value in the end.
function unanswered(
  rules: readonly PlacedRule[],
  library: Library,
  depth: number,
): PlacedRule | undefined {
  if (depth === 0 || rules.some(({ rule }) => rule.isDefault || rule.form === 'set'))
    return undefined
  const ends = rules.map((placed) => {
    const last = chainOf(placed.rule).at(-1) ?? placed.rule
    return { placed, last }
  })
  const sure = ends.filter(({ last }) => last.unconditional)
  if (sure.length === 0) return rules.at(-1)
  const [{ placed, last } = { placed: undefined, last: undefined }] = sure
  if (placed === undefined || last === undefined) return undefined
  const scope = scopeOf(library, { file: placed.file, rule: last })
  const found = resolved(last.value, scope)
  if (found.root !== 'data') return undefined
  const next = rulesNamed(found, library)
  return next === undefined || next.rest.length > 0
    ? undefined
    : unanswered(next.rules, library, depth - 1)
}

// One of the definitions always has a value, so another one with another value breaks the evaluation.
function conflicts(library: Library): readonly Finding[] {
  const names = new Set(library.rules.map(nameOf))
  return [...names].flatMap((name) => {
    const rules = library
      .named(name)
      .filter(({ rule }) => rule.form === 'complete' && !rule.open && !rule.isDefault)
    const always = rules.find(({ rule }) => chainOf(rule).at(-1)?.unconditional === true)
    const [other] = rules.filter((one) => one !== always && !isSameValue(one, always))
    if (always === undefined || other === undefined) return []
    const place = { file: other.file.file, at: other.rule.at }
    const first = `${always.file.file}:${always.rule.at.line}`
    const message = `${other.rule.path.join('.')} has a value already (${first}); where this is true too, there is no decision at all`
    const fix = 'make one chain of them: … if { … } else := …'
    return [problem('conflicting-rules', place, message, fix)]
  })
}

function isSameValue(one: PlacedRule, other: PlacedRule | undefined): boolean {
  const [value, known] = [one.rule.value, other?.rule.value]
  return value.kind === 'scalar' && known?.kind === 'scalar' && value.value === known.value
}
