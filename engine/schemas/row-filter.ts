// Which rows of a relation an identity sees: conditions in a small closed form, put into the command by
// the gateway. No SQL text, so that a filter cannot say more than it seems to.
import type { FromSchema, JSONSchema } from 'json-schema-to-ts'

const literalSchema = {
  type: ['string', 'number', 'boolean'],
  description: 'as it is stored: text, a number, a boolean; dates and times in ISO form',
} as const satisfies JSONSchema

export const ROW_OPERATORS = [
  'eq',
  'ne',
  'lt',
  'le',
  'gt',
  'ge',
  'in',
  'not_in',
  'is_null',
  'is_not_null',
] as const

const comparisonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['column', 'op'],
  properties: {
    column: { type: 'string', minLength: 1, description: 'of the relation' },
    op: { enum: ROW_OPERATORS, description: 'as in SQL: NULL satisfies is_null alone' },
    value: literalSchema,
    values: {
      type: 'array',
      minItems: 1,
      maxItems: 1000,
      description: 'with in and not_in, in place of value',
      items: literalSchema,
    },
  },
} as const satisfies JSONSchema

const allSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['all'],
  properties: {
    all: { type: 'array', minItems: 1, description: 'all of these', items: comparisonSchema },
  },
} as const satisfies JSONSchema

const anySchema = {
  type: 'object',
  additionalProperties: false,
  required: ['any'],
  properties: {
    any: {
      type: 'array',
      minItems: 1,
      description: 'one of these is enough',
      items: { anyOf: [comparisonSchema, allSchema] },
    },
  },
} as const satisfies JSONSchema

export const rowFilterSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['relation', 'rows'],
  properties: {
    relation: {
      type: 'string',
      pattern: '^[^.]+\\..+$',
      description: 'schema.table; it holds for partitions and heirs of that table as well',
    },
    rows: {
      type: 'array',
      minItems: 1,
      description: 'a row is seen where all of these hold: comparisons, or {any: [...]}',
      items: { anyOf: [comparisonSchema, anySchema] },
    },
  },
} as const satisfies JSONSchema

export type RowFilter = FromSchema<typeof rowFilterSchema>
export type RowClause = RowFilter['rows'][number]
export type RowComparison = FromSchema<typeof comparisonSchema>
export type RowLiteral = FromSchema<typeof literalSchema>
