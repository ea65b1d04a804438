// JSON Schema: valid where OPA finds it valid, and the same findings in the same words.
import t from 'tap'
import { BUILTINS } from '../../../../engine/policy/builtins/table.js'
import { disagreements } from './agreement.js'

const SCHEMAS = [
  {},
  { type: 'object', required: ['a', 'b'], properties: { a: { type: 'string', minLength: 2 } } },
  { properties: { a: { type: ['integer', 'null'] } }, additionalProperties: false },
  { properties: { a: { minimum: 3, exclusiveMaximum: 10, multipleOf: 0.5 } } },
  { properties: { a: { minimum: 3, exclusiveMinimum: true, maximum: 1e12 } } },
  {
    properties: { a: { pattern: '^x+$', maxLength: 3 } },
    patternProperties: { '^b': { type: 'null' } },
  },
  { properties: { a: { enum: [1, 'x', null] } }, minProperties: 2, maxProperties: 2 },
  { properties: { a: { const: { x: 1 } } }, propertyNames: { maxLength: 1 } },
  {
    properties: { a: { items: { type: 'integer' }, minItems: 2, maxItems: 3, uniqueItems: true } },
  },
  {
    properties: { a: { items: [{ type: 'integer' }, { type: 'string' }], additionalItems: false } },
  },
  {
    properties: { a: { items: [{}], additionalItems: { type: 'string' }, contains: { const: 1 } } },
  },
  { anyOf: [{ required: ['x'] }, { properties: { a: { type: 'string' } } }] },
  { oneOf: [{ required: ['a'] }, { properties: { a: {} } }] },
  { allOf: [{ required: ['a'] }, { required: ['z'] }] },
  { not: { required: ['a'] } },
  { dependencies: { a: ['q'] } },
  { dependencies: { b: { required: ['r'] } } },
  { if: { required: ['a'] }, then: { required: ['t'] }, else: { required: ['e'] } },
  { definitions: { s: { type: 'string' } }, properties: { a: { $ref: '#/definitions/s' } } },
  { properties: { a: { properties: { b: { items: { type: 'string' } } } } } },
  { type: 'array' },
]
const DOCUMENTS = [
  {},
  '[]',
  '3',
  '{"a": "x", "b": [true]}',
  '{',
  { a: 'x' },
  { a: 'xxxx', b: null },
  { a: 3 },
  { a: 10, b: 1 },
  { a: 3.25 },
  { a: null },
  { a: { x: 1 } },
  { a: { b: [1, 'x'] } },
  { a: [1, 1, 2] },
  { a: ['x', 2, 'y', 4] },
  { a: [1] },
]
const FORMATS: Readonly<Record<string, readonly string[]>> = {
  date: ['2026-11-24', '2026-1-2', 'x'],
  time: ['10:20:30', '10:20:30Z', '10:20'],
  'date-time': ['2026-11-24T10:20:30Z', '2026-11-24', 'x'],
  hostname: ['a.b', '-a', 'a_b'],
  email: ['a@b.c', 'a', 'A <a@b.c>', 'a@b@c'],
  ipv4: ['1.2.3.4', '1.2.3', '::1'],
  ipv6: ['::1', '1.2.3.4', 'x'],
  uri: ['http://a', '/a', 'a\\b'],
  'uri-reference': ['/a', ':a'],
  uuid: ['00000000-0000-0000-0000-000000000000', 'x'],
  regex: ['a+', '('],
  'json-pointer': ['/a/b', 'a'],
  'relative-json-pointer': ['0#', 'x'],
  unknown: ['anything'],
}
const BAD = [
  { type: 'nothing' },
  { type: ['string', 'string'] },
  { type: 5 },
  { minLength: -1 },
  { minLength: 'x' },
  { minLength: 3, maxLength: 2 },
  { multipleOf: 0 },
  { pattern: '(' },
  { patternProperties: { '(': {} } },
  { required: ['a', 'a'] },
  { required: [1] },
  { enum: [1, 1] },
  { uniqueItems: 'x' },
  { minimum: 'x' },
  { exclusiveMinimum: true },
]

t.test('documents fit schemas, or not, as in OPA', async (t) => {
  const calls = SCHEMAS.flatMap((schema) =>
    DOCUMENTS.map(
      (document) => `json.match_schema(${JSON.stringify(document)}, ${JSON.stringify(schema)})`,
    ),
  )
  t.same(await disagreements(calls), [])
})

t.test('formats are checked as in OPA', async (t) => {
  const calls = Object.entries(FORMATS).flatMap(([format, texts]) =>
    texts.map(
      (text) =>
        `json.match_schema({"a": ${JSON.stringify(text)}}, {"properties": {"a": {"format": "${format}"}}})`,
    ),
  )
  t.same(await disagreements(calls), [])
})

t.test('schemas are refused as in OPA', async (t) => {
  const calls = [...BAD.map((schema) => JSON.stringify(schema)), '"{"', '"5"', '"[]"'].map(
    (schema) => `json.verify_schema(${schema})`,
  )
  t.same(await disagreements(calls), [])
})

t.test('a schema that leads into the network ends the evaluation', async (t) => {
  const reference: readonly (readonly [string, string])[] = [['$ref', 'https://example.com/x.json']]
  t.throws(() => BUILTINS.get('json.verify_schema')?.apply({ object: reference }), RangeError)
})
