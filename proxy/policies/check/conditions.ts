// What must hold for a body to be true, as far as it is about one value and constants: `effect.op` is one of
// these, `input.time.hour` is below that. Rules and functions of one definition are read into. A value is told
// by its subject: the same text is the same value within one body.
import type { CheckInput } from './check.js'
import type { Field } from './field-schema.js'
import type { Constant } from './knowledge.js'
import { chainOf, type PlacedRule } from './library.js'
import type { At, Expression, Scalar, Term } from './rego-tree.js'
import { functionNamed, resolved, rulesNamed, scopeOf, type Scope } from './scope.js'

export type Demand =
  | { readonly kind: 'in'; readonly values: readonly Scalar[] }
  | { readonly kind: 'not-in'; readonly values: readonly Scalar[] }
  | { readonly kind: 'least' | 'most'; readonly value: number; readonly strict: boolean }
  // True or anything but false; or false or not there at all.
  | { readonly kind: 'holds' | 'fails' }
  // Whatever the facts are.
  | { readonly kind: 'never' }

export type Condition = {
  readonly subject: string
  readonly field: Field | undefined
  // Whether the condition is not true where the value is missing.
  readonly needsValue: boolean
  readonly demand: Demand
  readonly file: string
  readonly at: At
}

const DEPTH_MAX = 4

// `args`: what the arguments of a function are where it is called; `within`: tells the variables of one
// body from those of another.
type Reading = {
  readonly scope: Scope
  readonly input: CheckInput
  readonly args: ReadonlyMap<string, string>
  readonly within: string
  readonly depth: number
  // Where the body stands that all is read for.
  readonly from: { readonly file: string; readonly at: At } | undefined
}

export function conditionsOf(
  body: readonly Expression[],
  scope: Scope,
  input: CheckInput,
): readonly Condition[] {
  const reading = { scope, input, args: new Map(), within: '', depth: DEPTH_MAX, from: undefined }
  return body.flatMap((one) => conditions(one, reading))
}

function conditions(one: Expression, reading: Reading): readonly Condition[] {
  if (one.kind !== 'term') return []
  const { term } = one
  if (term.kind === 'call') return callConditions(term, one, reading)
  const [constant] = reading.input.knowledge.followed(term, reading.scope)
  if (constant.kind === 'scalar') {
    const fails = (constant.value === false) !== one.negated
    return fails ? [condition('', undefined, true, { kind: 'never' }, one, reading)] : []
  }
  const subject = subjectOf(term, reading)
  if (subject === undefined) return []
  const field = reading.input.knowledge.fieldOf(term, reading.scope)
  const demand = { kind: one.negated ? 'fails' : 'holds' } as const
  const own = condition(subject, field, !one.negated, demand, one, reading)
  return [own, ...inlined(term, one, reading)]
}

// Data is what a policy is set with: that it switches a rule off is no mistake of the rule.
function fixed(
  choices: readonly Constant[] | undefined,
  { library }: CheckInput,
): readonly Constant[] | undefined {
  return choices?.some(({ file }) => library.data.files.includes(file)) === true
    ? undefined
    : choices
}

function callConditions(
  term: Extract<Term, { kind: 'call' }>,
  one: Expression,
  reading: Reading,
): readonly Condition[] {
  const [left, right] = term.args
  const { knowledge } = reading.input
  const { scope } = reading
  const { negated } = one
  if (left === undefined || right === undefined || term.args.length > 2) {
    return negated ? [] : inlinedCall(term, one, reading)
  }
  const about = (subject: Term, needsValue: boolean, demand: Demand): readonly Condition[] => {
    const text = subjectOf(subject, reading)
    if (text === undefined) return []
    return [condition(text, knowledge.fieldOf(subject, scope), needsValue, demand, one, reading)]
  }
  switch (term.callee) {
    case 'equal':
    case 'eq':
    case 'neq': {
      const [lefts, rights] = [left, right].map((side) =>
        fixed(knowledge.choicesOf(side, scope), reading.input),
      )
      const isEqual = (term.callee !== 'neq') !== negated
      if (lefts !== undefined && rights !== undefined) {
        const can = isEqual
          ? lefts.some(({ value }) => rights.some((other) => other.value === value))
          : lefts.length > 1 || rights.length > 1 || lefts[0]?.value !== rights[0]?.value
        // A name given to a constant is no comparison.
        const named = left.kind === 'var' && lefts.length === 1 && term.callee === 'eq'
        return can || named ? [] : [condition('', undefined, true, { kind: 'never' }, one, reading)]
      }
      const [subject, choices] = rights === undefined ? [right, lefts] : [left, rights]
      if (choices === undefined) return []
      const values = choices.map(({ value }) => value)
      // `not x == 1` is true where x is missing; every other form is not.
      const needsValue = !(negated && term.callee !== 'neq')
      if (isEqual) return about(subject, needsValue, { kind: 'in', values })
      return values.length === 1 ? about(subject, needsValue, { kind: 'not-in', values }) : []
    }
    case 'internal.member_2': {
      const elements = fixed(knowledge.elementsOf(right, scope), reading.input)
      if (elements === undefined) return []
      const values = elements.map(({ value }) => value)
      return about(left, true, { kind: negated ? 'not-in' : 'in', values })
    }
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return boundConditions(term.callee, left, right, negated, about, reading)
    default:
      return negated ? [] : inlinedCall(term, one, reading)
  }
}

function boundConditions(
  callee: 'lt' | 'lte' | 'gt' | 'gte',
  left: Term,
  right: Term,
  negated: boolean,
  about: (subject: Term, needsValue: boolean, demand: Demand) => readonly Condition[],
  { input, scope }: Reading,
): readonly Condition[] {
  const numberOf = (term: Term): number | undefined => {
    const [choice, ...others] = fixed(input.knowledge.choicesOf(term, scope), input) ?? []
    return others.length === 0 && typeof choice?.value === 'number' ? choice.value : undefined
  }
  const [less, strict] = [callee.startsWith('lt'), callee.length === 2]
  const bound = (subject: Term, value: number, isMost: boolean): readonly Condition[] => {
    const kind = isMost !== negated ? 'most' : 'least'
    return about(subject, true, { kind, value, strict: strict !== negated })
  }
  const [leftNumber, rightNumber] = [numberOf(left), numberOf(right)]
  if (leftNumber === undefined && rightNumber !== undefined) return bound(left, rightNumber, less)
  if (rightNumber === undefined && leftNumber !== undefined) return bound(right, leftNumber, !less)
  return []
}

// A rule of one definition holds where its body does.
function inlined(term: Term, one: Expression, reading: Reading): readonly Condition[] {
  const { scope, input, depth } = reading
  const found = resolved(term, scope)
  if (found.root !== 'data' || depth === 0) return []
  const named = rulesNamed(found, input.library)
  const [only, ...others] = named?.rules ?? []
  if (only === undefined || others.length > 0 || named?.rest.length !== 0) return []
  if (!isTest(only) || only.rule.form !== 'complete') return []
  const { body } = only.rule
  const inner = { ...within(reading, only, one), args: new Map<string, string>() }
  if (!one.negated) return body.flatMap((each) => conditions(each, inner))
  const [single, ...more] = body
  if (single?.negated !== true || more.length > 0 || single.kind !== 'term') return []
  return conditions({ ...single, negated: false }, inner)
}

function inlinedCall(
  term: Extract<Term, { kind: 'call' }>,
  one: Expression,
  reading: Reading,
): readonly Condition[] {
  const name = functionNamed(term.callee, reading.scope)
  const [only, ...others] = name === undefined ? [] : reading.input.library.named(name)
  if (only === undefined || others.length > 0 || reading.depth === 0 || !isTest(only)) return []
  const args = new Map<string, string>()
  only.rule.args.forEach((arg, position) => {
    const given = term.args[position]
    const subject = given === undefined ? undefined : subjectOf(given, reading)
    if (arg.kind === 'var' && subject !== undefined) args.set(arg.name, subject)
  })
  const inner = { ...within(reading, only, one), args }
  return only.rule.body.flatMap((each) => conditions(each, inner))
}

function within(reading: Reading, rule: PlacedRule, one: Expression): Omit<Reading, 'args'> {
  return {
    ...reading,
    scope: scopeOf(reading.input.library, rule),
    within: `${reading.within}${one.at.line}:${one.at.column}/`,
    depth: reading.depth - 1,
    from: reading.from ?? { file: reading.scope.placed.file.file, at: one.at },
  }
}

// Its value is true wherever its body holds.
function isTest({ rule }: PlacedRule): boolean {
  const { value } = rule
  return (
    value.kind === 'scalar' &&
    value.value === true &&
    !rule.isDefault &&
    !rule.open &&
    !rule.unconditional &&
    chainOf(rule).length === 1
  )
}

function condition(
  subject: string,
  field: Field | undefined,
  needsValue: boolean,
  demand: Demand,
  one: Expression,
  { scope, from }: Reading,
): Condition {
  const place = from ?? { file: scope.placed.file.file, at: one.at }
  return { subject, field, needsValue, demand, ...place }
}

// The same text for the same value; undefined where that is not certain.
function subjectOf(term: Term, reading: Reading): string | undefined {
  if (term.kind === 'call' && term.callee === 'count' && term.args[0] !== undefined) {
    const counted = subjectOf(term.args[0], reading)
    return counted === undefined ? undefined : `count(${counted})`
  }
  const { scope, args } = reading
  const found = resolved(term, scope)
  if (found.root === 'other') return undefined
  const start = startOf(found, reading)
  if (start === undefined) return undefined
  const parts: string[] = [start]
  for (const part of found.path) {
    if (part.kind === 'scalar') parts.push(`.${String(part.value)}`)
    else {
      const inner =
        part.kind === 'var' && !args.has(part.name) ? subjectOf(part, reading) : undefined
      if (inner === undefined) return undefined
      parts.push(`[${inner}]`)
    }
  }
  return parts.join('')
}

function startOf(
  found: Exclude<ReturnType<typeof resolved>, { root: 'other' }>,
  reading: Reading,
): string | undefined {
  if (found.root === 'input') return 'input'
  if (found.root === 'data') return `data.${found.name.join('.')}`
  const binding = reading.scope.variables.get(found.name)
  switch (binding?.kind) {
    case 'alias':
      return subjectOf(binding.term, { ...reading, scope: binding.scope })
    case 'argument':
      return reading.within === '' ? found.name : reading.args.get(found.name)
    default:
      return `${reading.within}${found.name}`
  }
}
