// Is a JSON Schema (drafts 4 to 7) one that OPA's gojsonschema takes; if not, its words for why. References
// may lead within the schema only.
import { RE2JS } from 're2js'
import {
  isArray,
  isNumber,
  isObject,
  order,
  type RegoObject,
  type RegoValue,
} from '../rego-value.js'
import { memberAt, NoAnswer } from './builtin.js'
import { compareFractions, fractionOf, isWhole } from './fraction.js'

export class SchemaProblem extends NoAnswer {}

export const TYPES = ['array', 'boolean', 'integer', 'number', 'null', 'object', 'string']
const DEPTH_MAX = 100

export function checkSchema(root: RegoValue): void {
  if (!isSchema(root)) fail('schema is invalid')
  check(root, root, 0)
}

function fail(text: string): never {
  throw new SchemaProblem(text)
}

function isSchema(value: RegoValue): boolean {
  return typeof value === 'boolean' || (value !== null && isObject(value))
}

function check(root: RegoValue, schema: RegoValue, depth: number): void {
  if (depth > DEPTH_MAX) throw new RangeError('a schema is nested too deeply')
  if (typeof schema === 'boolean') return
  if (schema === null || !isObject(schema)) fail('Invalid type. Expected: Valid Schema, given: ')
  const inner = (value: RegoValue): void => check(root, value, depth + 1)
  const reference = memberAt(schema, '$ref')
  eachOf(schema, 'definitions', inner)
  if (reference !== undefined) {
    if (typeof reference !== 'string') fail('Invalid type. Expected: string, given: $ref')
    resolved(root, reference)
    return
  }
  checkType(memberAt(schema, 'type'))
  for (const name of ['properties', 'patternProperties'] as const) eachOf(schema, name, inner)
  for (const [pattern] of entries(schema, 'patternProperties')) regex(String(pattern))
  for (const name of ['additionalProperties', 'additionalItems', 'not', 'if', 'then', 'else'])
    one(schema, name, inner)
  for (const name of ['propertyNames', 'contains']) one(schema, name, inner)
  checkItems(memberAt(schema, 'items'), inner)
  for (const name of ['oneOf', 'anyOf', 'allOf']) list(schema, name).forEach(inner)
  for (const [, value] of entries(schema, 'dependencies')) {
    if (value !== null && isArray(value)) {
      if (!value.every((item) => typeof item === 'string'))
        fail('Dependency must be of type Schema Or Array Of Strings')
    } else {
      inner(value)
    }
  }
  checkNumbers(schema)
  checkTexts(schema)
  checkLists(schema)
}

function one(schema: RegoObject, name: string, inner: (value: RegoValue) => void): void {
  const found = memberAt(schema, name)
  if (found === undefined) return
  if (!isSchema(found)) fail(`${name} must be of an object`)
  inner(found)
}

function entries(schema: RegoObject, name: string): RegoObject['object'] {
  const found = memberAt(schema, name)
  if (found === undefined || found === null) return []
  if (!isObject(found)) fail(`Invalid type. Expected: object, given: ${name}`)
  return found.object
}

function eachOf(schema: RegoObject, name: string, inner: (value: RegoValue) => void): void {
  for (const [, value] of entries(schema, name)) inner(value)
}

function list(schema: RegoObject, name: string): readonly RegoValue[] {
  const found = memberAt(schema, name)
  if (found === undefined) return []
  if (found === null || !isArray(found)) fail(`Invalid type. Expected: array, given: ${name}`)
  return found
}

function checkType(type: RegoValue | undefined): void {
  if (type === undefined) return
  const names = type !== null && isArray(type) ? type : [type]
  for (const [at, name] of names.entries()) {
    if (typeof name !== 'string')
      fail('Invalid type. Expected: type, given: string/Array Of Strings')
    if (!TYPES.includes(name))
      fail(
        `has a primitive type that is NOT VALID -- given: /${name}/ Expected valid values are:[${TYPES.join(' ')}]`,
      )
    if (names.indexOf(name) !== at) fail(`${name} type is duplicated`)
  }
}

function checkItems(items: RegoValue | undefined, inner: (value: RegoValue) => void): void {
  if (items === undefined) return
  const all = items !== null && isArray(items) ? items : [items]
  for (const item of all) {
    if (!isSchema(item)) fail('Invalid type. Expected: Valid Schema/Array Of Schemas, given: items')
    inner(item)
  }
}

function checkNumbers(schema: RegoObject): void {
  const multiple = memberAt(schema, 'multipleOf')
  if (multiple !== undefined) {
    if (!isNumber(multiple)) fail('Invalid type. Expected: Number, given: multipleOf')
    if (compareFractions(fractionOf(multiple.number), { over: 0n, under: 1n }) <= 0)
      fail('multipleOf must be strictly greater than 0')
  }
  for (const name of ['minimum', 'maximum']) {
    const bound = memberAt(schema, name)
    if (bound !== undefined && !isNumber(bound)) fail(`${name} must be of a Number`)
  }
  for (const [name, other] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    const bound = memberAt(schema, name)
    if (typeof bound === 'boolean' && memberAt(schema, other) === undefined)
      fail(`${name} cannot be used without ${other}`)
    if (bound !== undefined && typeof bound !== 'boolean' && !isNumber(bound))
      fail(`Invalid type. Expected: boolean/number, given: ${name}`)
  }
}

function checkTexts(schema: RegoObject): void {
  const sizes = ['minLength', 'maxLength', 'minProperties', 'maxProperties', 'minItems', 'maxItems']
  for (const name of sizes) {
    const size = memberAt(schema, name)
    if (size === undefined) continue
    if (!isNumber(size) || !isWhole(fractionOf(size.number))) fail(`${name} must be of an integer`)
    if (size.number.startsWith('-')) fail(`${name} must be greater than or equal to 0`)
  }
  const [least, most] = [memberAt(schema, 'minLength'), memberAt(schema, 'maxLength')]
  if (isNumber(least) && isNumber(most) && Number(least.number) > Number(most.number))
    fail('minLength cannot be greater than maxLength')
  for (const name of ['pattern', 'format', 'title', 'description', '$id']) {
    const text = memberAt(schema, name)
    if (text !== undefined && typeof text !== 'string')
      fail(`Invalid type. Expected: string, given: ${name}`)
  }
  const pattern = memberAt(schema, 'pattern')
  if (typeof pattern === 'string' && !isRegex(pattern)) fail('pattern must be a valid regex')
}

export function isRegex(pattern: string): boolean {
  try {
    RE2JS.compile(pattern)
    return true
  } catch {
    return false
  }
}

function regex(pattern: string): void {
  if (!isRegex(pattern)) fail(`Invalid regex pattern '${pattern}'`)
}

function checkLists(schema: RegoObject): void {
  for (const [name, what] of [
    ['required', 'string'],
    ['enum', ''],
  ] as const) {
    const all = list(schema, name)
    if (what !== '' && !all.every((item) => typeof item === what))
      fail('Invalid type. Expected: string, given: required')
    if (all.some((item, at) => all.findIndex((other) => order(item, other) === 0) !== at))
      fail(`${name} items must be unique`)
  }
  const unique = memberAt(schema, 'uniqueItems')
  if (unique !== undefined && typeof unique !== 'boolean') fail('uniqueItems must be of a boolean')
}

// `#` or a pointer behind it. What lies elsewhere would ask the network.
export function resolved(root: RegoValue, reference: string): RegoValue {
  if (reference !== '#' && !reference.startsWith('#/'))
    throw new RangeError(`a schema refers to “${reference}”, outside of itself`)
  let found: RegoValue = root
  for (const part of decodeURIComponent(reference).split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const next =
      found !== null && isObject(found)
        ? memberAt(found, key)
        : found !== null && isArray(found)
          ? found[Number(key)]
          : undefined
    if (next === undefined) fail(`Object has no key '${key}'`)
    found = next
  }
  if (!isSchema(found)) fail('Valid Schema must be of type object')
  return found
}
