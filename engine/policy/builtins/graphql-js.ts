// graphql-js, loaded when a policy first asks for it: most never do, and it takes its time.
import { createRequire } from 'node:module'
import type { Kind as Kinds } from 'graphql'

export function graphqlJs(): typeof import('graphql') {
  return createRequire(import.meta.url)('graphql') as typeof import('graphql')
}

// Of its Kind what is used here, by the same words.
export const Kind = {
  DOCUMENT: 'Document',
  OPERATION_DEFINITION: 'OperationDefinition',
  FRAGMENT_DEFINITION: 'FragmentDefinition',
  FIELD: 'Field',
  FRAGMENT_SPREAD: 'FragmentSpread',
  INLINE_FRAGMENT: 'InlineFragment',
  NON_NULL_TYPE: 'NonNullType',
  LIST_TYPE: 'ListType',
  NAMED_TYPE: 'NamedType',
  VARIABLE: 'Variable',
  INT: 'IntValue',
  FLOAT: 'FloatValue',
  STRING: 'StringValue',
  BOOLEAN: 'BooleanValue',
  NULL: 'NullValue',
  ENUM: 'EnumValue',
  LIST: 'ListValue',
  OBJECT: 'ObjectValue',
  SCHEMA_DEFINITION: 'SchemaDefinition',
  SCHEMA_EXTENSION: 'SchemaExtension',
  DIRECTIVE_DEFINITION: 'DirectiveDefinition',
  FIELD_DEFINITION: 'FieldDefinition',
} as unknown as typeof Kinds
