// `graphql.*`: queries and schemas read, and checked against each other, by graphql-js where OPA has gqlparser.
// As there, a type may be extended that is not defined, and a schema needs no query type.
import type { DefinitionNode, DocumentNode, GraphQLSchema, OperationTypeNode } from 'graphql'
import { isObject, type RegoValue } from '../rego-value.js'
import { NoAnswer, perCharacter, textOf, type BuiltinEntry } from './builtin.js'
import { graphqlJs, Kind } from './graphql-js.js'
import { documentOf, queryValue, schemaValue } from './graphql-ast.js'
import { queryText, schemaText } from './graphql-text.js'

const READING = perCharacter(400, 50_000)
// A schema is built whole, and fields are compared with each other.
const CHECKING = perCharacter(2_000, 1_500_000)

export const GRAPHQL: readonly BuiltinEntry[] = [
  [
    'graphql.parse_query',
    { apply: (query) => queryValue(documentOf(textOf(query))), cost: READING },
  ],
  [
    'graphql.parse_schema',
    { apply: (schema) => schemaValue(documentOf(textOf(schema))), cost: READING },
  ],
  [
    'graphql.parse',
    { apply: (query = null, schema = null) => parsed(query, schema), cost: CHECKING },
  ],
  ['graphql.parse_and_verify', { apply: parsedAndVerified, cost: CHECKING }],
  [
    'graphql.is_valid',
    { apply: (query = null, schema = null) => holds(() => parsed(query, schema)), cost: CHECKING },
  ],
  [
    'graphql.schema_is_valid',
    { apply: (schema = null) => holds(() => builtSchema(schemaDocument(schema))), cost: CHECKING },
  ],
]

function holds(work: () => unknown): boolean {
  try {
    work()
    return true
  } catch (thrown) {
    if (thrown instanceof NoAnswer) return false
    throw thrown
  }
}

function parsed(query: RegoValue, schema: RegoValue): readonly [RegoValue, RegoValue] {
  const document =
    query !== null && isObject(query) ? documentOf(queryText(query)) : documentOf(textOf(query))
  const tree = queryValue(document)
  const schemas = schemaDocument(schema)
  const built = builtSchema(schemas)
  const unsupported = document.definitions.some(
    (one) => one.kind === Kind.OPERATION_DEFINITION && !rootType(built, one.operation),
  )
  if (
    unsupported ||
    (document.definitions.length > 0 && graphqlJs().validate(built, document).length > 0)
  )
    throw new NoAnswer('the query does not fit the schema')
  return [tree, schemaValue(schemas)]
}

function rootType(schema: GraphQLSchema, operation: OperationTypeNode): boolean {
  return (schema.getRootType(operation) ?? undefined) !== undefined
}

function parsedAndVerified(query: RegoValue = null, schema: RegoValue = null): RegoValue {
  try {
    return [true, ...parsed(query, schema)]
  } catch (thrown) {
    if (!(thrown instanceof NoAnswer)) throw thrown
    return [false, { object: [] }, { object: [] }]
  }
}

function schemaDocument(schema: RegoValue): DocumentNode {
  if (schema !== null && isObject(schema)) return documentOf(schemaText(schema))
  const document = documentOf(textOf(schema))
  schemaValue(document)
  return document
}

const NO_QUERY_TYPE = 'Query root type must be provided.'

// Valid itself; a query is then checked without asking again.
function builtSchema(document: DocumentNode): GraphQLSchema {
  const defined = new Set(document.definitions.flatMap((one) => nameOf(one, 'Definition')))
  const definitions = document.definitions.map((one) => {
    const [name] = nameOf(one, 'Extension')
    if (name === undefined || defined.has(name)) return one
    defined.add(name)
    const kind = one.kind.replace('Extension', 'Definition')
    return { ...one, kind } as DefinitionNode
  })
  const { buildASTSchema, validateSchema, GraphQLSchema: Schema } = graphqlJs()
  let schema: GraphQLSchema
  try {
    schema = buildASTSchema({ kind: Kind.DOCUMENT, definitions })
  } catch (thrown) {
    throw new NoAnswer('no schema', { cause: thrown })
  }
  const errors = validateSchema(schema).filter(({ message }) => message !== NO_QUERY_TYPE)
  if (errors.length > 0) throw new NoAnswer('no schema', { cause: errors[0] })
  return new Schema({ ...schema.toConfig(), assumeValid: true })
}

function nameOf(one: DefinitionNode, kind: 'Definition' | 'Extension'): readonly string[] {
  if (!one.kind.endsWith(`Type${kind}`) || !('name' in one) || one.name === undefined) return []
  return [one.name.value]
}
