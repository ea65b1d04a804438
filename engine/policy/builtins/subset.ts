// `object.subset`: is the second within the first, at any depth of objects; of an array, a run of it.
import { isArray, isObject, isSet, order, type RegoObject, type RegoValue } from '../rego-value.js'
import { memberAt, NoAnswer, product, type BuiltinEntry } from './builtin.js'

export const SUBSET: readonly BuiltinEntry[] = [
  [
    'object.subset',
    {
      apply: (one = null, other = null) => {
        const found = subset(one, other)
        if (found === undefined) throw new NoAnswer('values that cannot be compared')
        return found
      },
      cost: product,
    },
  ],
]

function subset(one: RegoValue, other: RegoValue): boolean | undefined {
  if (one === null || other === null || typeof one !== 'object' || typeof other !== 'object')
    return undefined
  if (isObject(one) && isObject(other)) return withinObject(one, other)
  if (isSet(one) && isSet(other))
    return other.set.every((item) => one.set.some((x) => order(x, item) === 0))
  // In OPA an empty set is found at the first member only.
  if (isArray(one) && isSet(other))
    return (
      (one.length > 0 || other.set.length > 0) &&
      other.set.every((item) => one.some((x) => order(x, item) === 0))
    )
  if (isArray(one) && isArray(other)) {
    return (
      one.some((_, at) => other.every((item, n) => equals(one[at + n], item))) || other.length === 0
    )
  }
  return undefined
}

function withinObject(one: RegoObject, other: RegoObject): boolean {
  return other.object.every(([key, wanted]) => {
    const found = memberAt(one, key)
    if (found === undefined) return false
    if (equals(found, wanted)) return true
    return isArray(found) && isSet(wanted) ? false : subset(found, wanted) === true
  })
}

function equals(one: RegoValue | undefined, other: RegoValue): boolean {
  return one !== undefined && order(one, other) === 0
}
