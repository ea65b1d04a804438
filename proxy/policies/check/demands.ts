// Puts together all that a body demands of one value: the words that are left, or why none is.
import type { Condition } from './conditions.js'
import { typeOf, wordsOf } from './field-schema.js'
import type { Scalar } from './rego-tree.js'

export type Demands = {
  readonly subject: string
  readonly conditions: readonly Condition[]
  // The closed list of what the value can still be.
  readonly left: readonly unknown[] | undefined
}

export function demandsOf(conditions: readonly Condition[]): readonly Demands[] {
  const bySubject = new Map<string, Condition[]>()
  for (const one of conditions) {
    const known = bySubject.get(one.subject)
    if (known === undefined) bySubject.set(one.subject, [one])
    else known.push(one)
  }
  return [...bySubject].map(([subject, all]) => ({ subject, conditions: all, left: leftOf(all) }))
}

function leftOf(conditions: readonly Condition[]): readonly unknown[] | undefined {
  const field = conditions.find((one) => one.field !== undefined)?.field
  const isThere = conditions.some(({ needsValue }) => needsValue)
  let left: readonly unknown[] | undefined =
    field !== undefined && (isThere || !field.optional) ? wordsOf(field) : undefined
  for (const { demand } of conditions) {
    if (demand.kind !== 'in') continue
    left = left === undefined ? demand.values : left.filter((one) => includes(demand.values, one))
  }
  for (const { demand } of conditions) {
    if (demand.kind === 'not-in') left = left?.filter((one) => !includes(demand.values, one))
  }
  return left
}

// Why no value can be all of this; undefined where one can, or where that is not certain.
export function contradiction({ subject, conditions, left }: Demands): string | undefined {
  const shown = shownSubject(subject)
  const kinds = new Set(conditions.map(({ demand }) => demand.kind))
  if (kinds.has('never')) return 'this is false, whatever the facts are'
  if (kinds.has('holds') && kinds.has('fails')) return `${shown} would have to be true and not true`
  const wrong = wrongType(conditions)
  if (wrong !== undefined) return `${shown} ${wrong}`
  // That none of the words is left over is how a rule guards against words that a later version brings.
  if (left?.length === 0 && kinds.has('in') && !hasForeignWords(conditions)) {
    const wishes = conditions.flatMap(({ demand }) => wishOf(demand))
    if (wishes.length > 0) return `${shown} would have to be ${wishes.join(', and ')}`
  }
  return outOfRange(conditions, left, shown)
}

function wishOf(demand: Condition['demand']): readonly string[] {
  const words = (values: readonly Scalar[]): string =>
    values.map((value) => JSON.stringify(value)).join(' or ')
  if (demand.kind === 'in') return [words(demand.values)]
  return demand.kind === 'not-in' ? [`not ${words(demand.values)}`] : []
}

// Those are reported as words that do not exist.
function hasForeignWords(conditions: readonly Condition[]): boolean {
  return conditions.some(({ demand, field }) => {
    const known = field === undefined ? undefined : wordsOf(field)
    return (
      known !== undefined &&
      demand.kind === 'in' &&
      !demand.values.some((one) => includes(known, one))
    )
  })
}

function wrongType(conditions: readonly Condition[]): string | undefined {
  for (const { demand, field } of conditions) {
    const type = field === undefined || wordsOf(field) !== undefined ? undefined : typeOf(field)
    if (type === undefined) continue
    if (demand.kind === 'in' && demand.values.length > 0) {
      const others = demand.values.filter((value) => typeName(value) !== type)
      if (others.length === demand.values.length) {
        return `is ${articled(type)}, and ${JSON.stringify(others[0])} is ${articled(typeName(others[0] ?? null))}`
      }
    }
    if ((demand.kind === 'least' || demand.kind === 'most') && type !== 'number') {
      return `is ${articled(type)}, and is compared with the number ${demand.value}`
    }
  }
  return undefined
}

function outOfRange(
  conditions: readonly Condition[],
  left: readonly unknown[] | undefined,
  shown: string,
): string | undefined {
  const field = conditions.find((one) => one.field !== undefined)?.field
  const isCount = shown.startsWith('count(')
  let least = { value: isCount ? 0 : (field?.schema.minimum ?? -Infinity), strict: false }
  let most = { value: field?.schema.maximum ?? Infinity, strict: false }
  let bounded = false
  for (const { demand } of conditions) {
    if (demand.kind === 'least' || demand.kind === 'most') bounded = true
    if (demand.kind === 'least' && isTighter(demand, least, 1)) least = demand
    if (demand.kind === 'most' && isTighter(demand, most, -1)) most = demand
  }
  const fits = (value: number): boolean =>
    (least.strict ? value > least.value : value >= least.value) &&
    (most.strict ? value < most.value : value <= most.value)
  if (left !== undefined && left.length > 0 && left.every((one) => typeof one === 'number')) {
    if (left.some((one) => fits(one))) return undefined
    return `${shown} would have to be ${left.join(' or ')}, which is out of its range`
  }
  if (!bounded) return undefined
  const isWhole = isCount || field?.schema.type === 'integer'
  const first = isWhole && least.strict ? Math.floor(least.value) + 1 : least.value
  const last = isWhole && most.strict ? Math.ceil(most.value) - 1 : most.value
  const isEmpty = first > last || (first === last && !isWhole && (least.strict || most.strict))
  if (!isEmpty) return undefined
  return `${shown} would have to be at least ${first} and at most ${last}`
}

type Bound = { readonly value: number; readonly strict: boolean }

function isTighter(one: Bound, other: Bound, sign: 1 | -1): boolean {
  const difference = (one.value - other.value) * sign
  return difference > 0 || (difference === 0 && one.strict && !other.strict)
}

export function shownSubject(subject: string): string {
  return subject.replaceAll(/(\d+:\d+\/)+/g, '')
}

function includes(values: readonly unknown[], one: unknown): boolean {
  return values.includes(one)
}

function typeName(value: Scalar): string {
  return value === null ? 'null' : typeof value
}

function articled(type: string): string {
  return { array: 'a list', object: 'an object', string: 'a text' }[type] ?? `a ${type}`
}
