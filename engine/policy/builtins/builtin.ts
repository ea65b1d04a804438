// What a builtin of the host is, and how one reads its arguments. Where OPA's would fail, ours throws
// NoAnswer: to a policy that is undefined. Any other throw ends the evaluation, which denies.
import {
  isArray,
  isNumber,
  isObject,
  isSet,
  order,
  type RegoObject,
  type RegoValue,
} from '../rego-value.js'

export type Builtin = {
  readonly apply: (...args: readonly RegoValue[]) => RegoValue | undefined
  // Fuel beside that for reading the arguments; their texts are at hand.
  readonly cost?: (texts: readonly string[]) => number
}

// Fuel for each character of the arguments, on top of some for the call; a unit is about a nanosecond.
export function perCharacter(units: number, call = 0): NonNullable<Builtin['cost']> {
  return (texts) => call + units * texts.reduce((sum, text) => sum + text.length, 0)
}

// Fuel where each character of one argument may meet each of the others.
export function product(texts: readonly string[]): number {
  return texts.reduce((size, text) => size * Math.max(1, text.length), 1)
}

export type BuiltinEntry = readonly [name: string, builtin: Builtin]

// Where OPA's builtin fails, which a policy sees as undefined.
export class NoAnswer extends Error {}

// Answers undefined in place of throwing NoAnswer.
export function answerOf(work: () => RegoValue | undefined): RegoValue | undefined {
  try {
    return work()
  } catch (thrown) {
    if (thrown instanceof NoAnswer) return undefined
    throw thrown
  }
}

export function textOf(value: RegoValue | undefined): string {
  if (typeof value !== 'string') throw new NoAnswer('no text')
  return value
}

export function objectOf(value: RegoValue | undefined): RegoObject {
  if (value === undefined || !isObject(value)) throw new NoAnswer('no object')
  return value
}

export function arrayOf(value: RegoValue | undefined): readonly RegoValue[] {
  if (value === undefined || !isArray(value)) throw new NoAnswer('no array')
  return value
}

// Of an array, or of a set in OPA's order.
export function membersOf(value: RegoValue | undefined): readonly RegoValue[] {
  if (value === undefined || value === null) throw new NoAnswer('no array or set')
  if (isArray(value)) return value
  if (!isSet(value)) throw new NoAnswer('no array or set')
  return [...value.set].sort(order)
}

// A whole number that a Go int holds.
export function integerOf(value: RegoValue | undefined): bigint {
  if (!isNumber(value) || !/^-?\d+$/.test(value.number)) throw new NoAnswer('no integer')
  return BigInt(value.number)
}

export function memberAt(object: RegoObject, name: RegoValue): RegoValue | undefined {
  return object.object.find(([key]) => order(key, name) === 0)?.[1]
}

// An object in Rego of what is defined.
export function objectWith(members: Readonly<Record<string, RegoValue | undefined>>): RegoObject {
  return {
    object: Object.entries(members).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value] as const],
    ),
  }
}

// Without repetition, in OPA's order.
export function setOf(values: readonly RegoValue[]): RegoValue {
  const sorted = [...values].sort(order)
  return { set: sorted.filter((one, at) => at === 0 || order(sorted[at - 1] ?? null, one) !== 0) }
}
