// `numbers.range_step`, and the casts of old Rego, which pass what already has the type.
import { isArray, isObject, isSet, numberOf, type RegoValue } from '../rego-value.js'
import { integerOf, membersOf, NoAnswer, setOf, type BuiltinEntry } from './builtin.js'

export const NUMBERS: readonly BuiltinEntry[] = [
  ['numbers.range_step', { apply: rangeStep }],
  ['cast_array', { apply: (value) => membersOf(value) }],
  ['cast_set', { apply: (value) => setOf(membersOf(value)) }],
  ['cast_string', { apply: passing((value) => typeof value === 'string') }],
  ['cast_boolean', { apply: passing((value) => typeof value === 'boolean') }],
  ['cast_null', { apply: passing((value) => value === null) }],
  [
    'cast_object',
    { apply: passing((value) => isObject(value) && !isArray(value) && !isSet(value)) },
  ],
]

const RANGE_MAX = 100_000n

function passing(fits: (value: RegoValue) => boolean) {
  return (value: RegoValue = null): RegoValue => {
    if (!fits(value)) throw new NoAnswer('another type')
    return value
  }
}

function rangeStep(from: RegoValue = null, to: RegoValue = null, by: RegoValue = null): RegoValue {
  const [first, last, step] = [integerOf(from), integerOf(to), integerOf(by)]
  if (step <= 0n) throw new NoAnswer('a step must be positive')
  const distance = last >= first ? last - first : first - last
  const count = distance / step + 1n
  if (count > RANGE_MAX) throw new RangeError(`a range has ${count} numbers`)
  const signed = last >= first ? step : -step
  return Array.from({ length: Number(count) }, (_, at) => numberOf(first + BigInt(at) * signed))
}
