// GraphQL: trees and verdicts as in OPA's gqlparser, for texts and for trees.
import t from 'tap'
import { disagreements } from './agreement.js'

const SCHEMA = `
"The root" type Query @d { pet(id: ID! = "1", at: [Int!]): Pet all(first: Int = 5, where: Where): [Pet!]! }
interface Named { name: String } interface Aged { age: Int }
type Dog implements Named & Aged { name: String @deprecated(reason: "no") age: Int barks: Boolean }
type Cat implements Named { name: String lives: Float }
union Pet = Dog | Cat
enum Size { "little" SMALL LARGE @deprecated }
input Where { name: String = "x" size: Size = SMALL deep: Where list: [[Int]] }
scalar Date @specifiedBy(url: "x")
directive @d(a: Int = 1) repeatable on OBJECT | FIELD
extend type Dog { born: Date }
extend schema { mutation: M } type M { do: Int }
`
const QUERIES = [
  '{ pet(id: "1") { ... on Dog { name barks born } ...C __typename } } fragment C on Cat { lives }',
  'query Q($id: ID!, $n: Int = 3) @d { a: pet(id: $id) { ... on Named { name } } all(first: $n) { __typename } }',
  'query ($w: Where) { all(where: $w) { ... { __typename } } }',
  '{ all(where: {name: "y", size: LARGE, deep: {list: [[1, 2], []]}}) { __typename } }',
  'mutation { do }',
  '{ pet { __typename } }',
  '{ pet(id: 1.5) { __typename } }',
  '{ nothing }',
  '{ pet(id: "1") { barks } }',
  '{ pet(id: "1") }',
  'query A { all { __typename } } query A { all { __typename } }',
  'query ($unused: Int) { all { __typename } }',
  '{ all(first: $undefined) { __typename } }',
  '{ ...Unknown }',
  '{ all { ...F } } fragment F on Pet { ...F }',
  '{ all(where: {size: HUGE}) { __typename } }',
  'subscription { x }',
  '{ __schema { types { name } } }',
  '',
  '{',
  'type T { a: Int }',
]

t.test('queries are read and checked as in OPA', async (t) => {
  const schema = JSON.stringify(SCHEMA)
  const calls = QUERIES.map((query) => JSON.stringify(query)).flatMap((query) => [
    `graphql.parse_query(${query})`,
    `graphql.parse(${query}, ${schema})`,
    `graphql.is_valid(${query}, ${schema})`,
    `graphql.parse_and_verify(${query}, ${schema})`,
    // OPA itself ends in a panic where a tree has directives.
    ...(query.includes('@')
      ? []
      : [`graphql.is_valid(graphql.parse_query(${query}), graphql.parse_schema(${schema}))`]),
  ])
  t.same(await disagreements(calls), [])
})

t.test('schemas are read and checked as in OPA', async (t) => {
  const schemas = [
    SCHEMA,
    'type Query { a: Int }',
    'type A { a: B }',
    'type A { a: Int } type A { b: Int }',
    'type A { a: Int a: Int }',
    'enum E { A A }',
    'interface I { a: Int } type A implements I { b: Int }',
    'input I { a: I! }',
    'type A { __a: Int }',
    'directive @d on NOWHERE',
    'type A @unknown { a: Int }',
    'extend type B { b: Int }',
    'schema { query: A } type A { a: Int }',
    'scalar Int2 union U = Int2',
    '{ a }',
    '',
    '"""\n  block\n    text\n""" type A { "d" a("e" b: Int): Int }',
  ].map((schema) => JSON.stringify(schema))
  const calls = schemas.flatMap((schema) => [
    `graphql.parse_schema(${schema})`,
    `graphql.schema_is_valid(${schema})`,
    `graphql.schema_is_valid(graphql.parse_schema(${schema}))`,
  ])
  t.same(await disagreements(calls), [])
})
