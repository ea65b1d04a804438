// `json.verify_schema` and `json.match_schema`, with the findings, words and order of OPA's gojsonschema;
// where that goes by the chance of a map, by name.
import { RE2JS } from 're2js'
import {
  isArray,
  isNumber,
  isObject,
  order,
  type RegoObject,
  type RegoValue,
} from '../rego-value.js'
import { memberAt, NoAnswer, perCharacter, product, type BuiltinEntry } from './builtin.js'
import { asJson, jsonText } from './json.js'
import { jsonValue } from './json-read.js'
import { checkSchema, resolved, SchemaProblem } from './json-schema-check.js'
import { combined } from './json-schema-combined.js'
import {
  add,
  best,
  fieldOf,
  merge,
  problemValue,
  schemas,
  sorted,
  type Path,
  type Result,
  type Run,
} from './json-schema-result.js'
import { numberProblems, textProblems } from './json-schema-scalars.js'

// Each value meets each part of the schema.
const cost = (texts: readonly string[]): number => 50_000 + 10 * product(texts)

export const JSON_SCHEMA: readonly BuiltinEntry[] = [
  ['json.verify_schema', { apply: verified, cost: perCharacter(2_000, 50_000) }],
  ['json.match_schema', { apply: matched, cost }],
]

function verified(schema: RegoValue = null): RegoValue {
  try {
    checkSchema(documentIn(schema))
    return [true, null]
  } catch (thrown) {
    if (thrown instanceof NoAnswer) return [false, `jsonschema: ${thrown.message}`]
    throw thrown
  }
}

function matched(document: RegoValue = null, schema: RegoValue = null): RegoValue {
  const [value, root] = [documentIn(document), documentIn(schema)]
  checkSchema(root)
  const { problems } = validated(runOf(root), root, value, [])
  return [problems.length === 0, problems.map(problemValue)]
}

// A JSON text, or a value that becomes JSON.
function documentIn(value: RegoValue): RegoValue {
  if (typeof value === 'string') {
    try {
      return jsonValue(value)
    } catch (thrown) {
      if (thrown instanceof NoAnswer) throw new SchemaProblem('invalid JSON string')
      throw thrown
    }
  }
  if (value === null || !(isObject(value) || isArray(value)))
    throw new SchemaProblem('wrong type, expected string or object')
  return asJson(value)
}

const STEPS_MAX = 100_000

function runOf(root: RegoValue): Run {
  const run: Run = {
    root,
    steps: STEPS_MAX,
    validated: (schema, value, path) => validated(run, schema, value, path),
  }
  return run
}

function validated(run: Run, schema: RegoValue, value: RegoValue, path: Path): Result {
  const result: Result = { problems: [], score: 0 }
  validate(run, schema, value, path, result)
  return result
}

function validate(run: Run, schema: RegoValue, value: RegoValue, path: Path, result: Result): void {
  if (--run.steps < 0) throw new RangeError('a document takes too many steps to validate')
  if (schema === null || !isObject(schema)) {
    if (schema === false) add(result, 'false', path, 'False always fails validation')
    return
  }
  const reference = memberAt(schema, '$ref')
  if (typeof reference === 'string') {
    validate(run, resolved(run.root, reference), value, path, result)
    return
  }
  const wanted = typesOf(memberAt(schema, 'type'))
  const given = typeOf(value)
  const fits = wanted.includes(given) || (given === 'integer' && wanted.includes('number'))
  if (wanted.length > 0 && !fits) {
    const expected = wanted.length > 1 ? `[${wanted.join(',')}]` : (wanted[0] ?? '')
    add(result, 'invalid_type', path, `Invalid type. Expected: ${expected}, given: ${given}`)
    return
  }
  combined(run, schema, value, path, result)
  if (value !== null && isArray(value)) items(run, schema, value, path, result)
  if (value !== null && isObject(value)) members(run, schema, value, path, result)
  if (isNumber(value))
    for (const [type, text] of numberProblems(schema, value.number)) add(result, type, path, text)
  constants(schema, value, path, result)
  if (typeof value === 'string')
    for (const [type, text] of textProblems(schema, value)) add(result, type, path, text)
  if (value !== null && isObject(value)) {
    for (const [key, inner] of sorted(memberAt(schema, 'properties'))) {
      const found = memberAt(value, key)
      if (found !== undefined) validate(run, inner, found, [...path, String(key)], result)
    }
  }
  result.score++
}

function typesOf(type: RegoValue | undefined): readonly string[] {
  if (type === undefined || type === null) return []
  return (isArray(type) ? type : [type]).map(String)
}

function typeOf(value: RegoValue): string {
  if (value === null) return 'null'
  if (isNumber(value)) return Number.isInteger(Number(value.number)) ? 'integer' : 'number'
  if (typeof value === 'object') return isArray(value) ? 'array' : 'object'
  return typeof value
}

function items(
  run: Run,
  schema: RegoObject,
  value: readonly RegoValue[],
  path: Path,
  result: Result,
): void {
  const wanted = memberAt(schema, 'items')
  const list = wanted !== undefined && wanted !== null && isArray(wanted) ? wanted : undefined
  const rest = list === undefined ? wanted : memberAt(schema, 'additionalItems')
  for (const [at, item] of value.entries()) {
    const own = list !== undefined && at < list.length ? list[at] : rest
    if (list !== undefined && list.length === 0) break
    if (list !== undefined && at === list.length && rest === false)
      add(result, 'array_no_additional_items', path, 'No additional items allowed on array')
    if (own === undefined || (typeof own === 'boolean' && own === rest && list !== undefined))
      continue
    merge(result, validated(run, own, item, [...path, String(at)]))
  }
  size(schema, 'minItems', value.length, path, result)
  size(schema, 'maxItems', value.length, path, result)
  if (memberAt(schema, 'uniqueItems') === true) {
    value.forEach((item, at) => {
      const before = value.slice(0, at).findLastIndex((other) => order(item, other) === 0)
      if (before >= 0) add(result, 'unique', path, `array items[${before},${at}] must be unique`)
    })
  }
  const contained = memberAt(schema, 'contains')
  if (contained !== undefined) {
    const tried = value.map((item, at) => validated(run, contained, item, [...path, String(at)]))
    if (!tried.some(({ problems }) => problems.length === 0)) {
      add(result, 'contains', path, 'At least one of the items must match')
      merge(result, best(tried) ?? { problems: [], score: 0 })
    }
  }
  result.score++
}

const SIZES: Readonly<Record<string, readonly [type: string, text: (size: string) => string]>> = {
  minItems: ['array_min_items', (size) => `Array must have at least ${size} items`],
  maxItems: ['array_max_items', (size) => `Array must have at most ${size} items`],
  minProperties: ['array_min_properties', (size) => `Must have at least ${size} properties`],
  maxProperties: ['array_max_properties', (size) => `Must have at most ${size} properties`],
}

function size(schema: RegoObject, name: string, count: number, path: Path, result: Result): void {
  const bound = memberAt(schema, name)
  if (!isNumber(bound)) return
  const limit = Number(bound.number)
  const [type, text] = SIZES[name] ?? ['', String]
  if (name.startsWith('min') ? count < limit : count > limit)
    add(result, type, path, text(String(limit)))
}

function members(
  run: Run,
  schema: RegoObject,
  value: RegoObject,
  path: Path,
  result: Result,
): void {
  size(schema, 'minProperties', value.object.length, path, result)
  size(schema, 'maxProperties', value.object.length, path, result)
  for (const name of schemas(schema, 'required')) {
    if (memberAt(value, name) !== undefined) result.score++
    else add(result, 'required', path, `${String(name)} is required`)
  }
  const properties = sorted(memberAt(schema, 'properties')).map(([key]) => key)
  const patterns = sorted(memberAt(schema, 'patternProperties'))
  const additional = memberAt(schema, 'additionalProperties')
  for (const [key, inner] of sorted(value)) {
    const matching = patterns.filter(([pattern]) =>
      RE2JS.compile(String(pattern)).matcher(String(key)).find(),
    )
    for (const [, own] of matching)
      merge(result, validated(run, own, inner, [...path, String(key)]))
    if (matching.length > 0) result.score++
    if (matching.length > 0 || properties.includes(key) || additional === undefined) continue
    if (additional === false)
      add(
        result,
        'additional_property_not_allowed',
        path,
        `Additional property ${String(key)} is not allowed`,
      )
    else merge(result, validated(run, additional, inner, [...path, String(key)]))
  }
  const names = memberAt(schema, 'propertyNames')
  if (names !== undefined) {
    for (const [key] of sorted(value)) {
      const found = validated(run, names, key, path)
      if (found.problems.length === 0) continue
      const text = `Property name of "${String(key)}" does not match`
      add(result, 'invalid_property_name', path, text)
      merge(result, found)
    }
  }
  result.score++
}

function constants(schema: RegoObject, value: RegoValue, path: Path, result: Result): void {
  const [wanted, allowed] = [memberAt(schema, 'const'), memberAt(schema, 'enum')]
  const same = (other: RegoValue): boolean => order(value, other) === 0
  if (wanted !== undefined && !same(wanted))
    add(result, 'const', path, `${fieldOf(path)} does not match: ${jsonText(wanted)}`)
  if (allowed !== undefined && allowed !== null && isArray(allowed) && !allowed.some(same)) {
    const list = allowed.map(jsonText).join(', ')
    add(result, 'enum', path, `${fieldOf(path)} must be one of the following: ${list}`)
  }
  result.score++
}
