// What a bundle's entrypoint answers. Anything that does not fit this schema is a denial.
import type { FromSchema, JSONSchema } from 'json-schema-to-ts'
import { approvalTermsSchema } from './approval-terms.js'
import { rowFilterSchema } from './row-filter.js'

export const MASK_METHODS = [
  'redact',
  'partial',
  'null',
  'hash',
  'token',
  'constant',
  'generalise',
] as const

export const maskSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['match', 'method'],
  properties: {
    match: {
      type: 'string',
      pattern: '^(label|column|pattern):.+$',
      description:
        'label:pii (every column with that label), column:schema.table.column, or pattern:ssn|card|email|iban (values found in any text that leaves)',
    },
    method: { enum: MASK_METHODS, description: 'what the client sees in place of the value' },
    keep: {
      type: 'integer',
      minimum: 0,
      maximum: 8,
      description:
        'partial: how many characters stay readable at the end; generalise: of a text, at its beginning',
    },
    value: { type: 'string', description: 'constant alone: the value that is shown' },
    stored: {
      type: 'boolean',
      description:
        'true: its masked values may be added by INSERT … SELECT to tables that are there already; else only to what a statement makes and to temporary tables',
    },
    period: {
      enum: ['year', 'quarter', 'month'],
      description: 'generalise alone: of a date or timestamp (in UTC), the first day of its period',
    },
    width: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000_000_000,
      description: 'generalise alone: of a number, the lower end of its bucket of this width',
    },
    network: {
      type: 'integer',
      minimum: 0,
      maximum: 32,
      description:
        'generalise alone: of an address, its network with so many bits; twice as many of IPv6',
    },
    except: {
      type: 'array',
      maxItems: 100,
      items: { type: 'string', minLength: 1 },
      description:
        'with match label: labels below it that other masks speak of; what has no other label is not masked by this one',
    },
    tier: {
      enum: ['strict', 'output'],
      description:
        'strict (default): answered as if the masked values were stored; output: compared, joined, sorted and grouped as stored, masked in what is answered',
    },
  },
} as const satisfies JSONSchema

export const decisionSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Sallyport decision',
  type: 'object',
  additionalProperties: false,
  required: ['action', 'rules', 'masks', 'limits'],
  properties: {
    action: {
      enum: ['allow', 'deny', 'mask-fields', 'require-approval'],
      description: 'anything missing, undefined or malformed is deny',
    },
    rules: {
      type: 'array',
      description: 'every rule that spoke, most severe first',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'message'],
        properties: {
          id: { type: 'string', minLength: 1, description: 'area/what-it-stops' },
          message: { type: 'string', description: 'what was wrong, for the caller' },
          hint: { type: 'string', description: 'what would pass' },
        },
      },
    },
    masks: {
      type: 'array',
      items: maskSchema,
      description: 'also with require-approval: they hold once approved',
    },
    filters: {
      type: 'array',
      items: rowFilterSchema,
      description:
        'which rows of a relation are seen and changed, whatever the command says; several of one relation hold together; absent: all rows',
    },
    approval: approvalTermsSchema,
    record: {
      type: 'object',
      description:
        'what of the command is recorded beside the record; absent: as the configuration says',
      additionalProperties: false,
      required: ['level'],
      properties: {
        level: {
          enum: ['none', 'commands', 'results'],
          description: 'nothing; what was sent and how it ended; the rows as well, masked',
        },
        rows_max: { type: 'integer', minimum: 0, description: 'so many rows of its answer' },
        bytes_max: { type: 'integer', minimum: 0, description: 'so many bytes of its rows' },
        required: {
          type: 'boolean',
          description: 'what cannot be recorded does not run, and the session ends',
        },
      },
    },
    limits: {
      type: 'object',
      additionalProperties: false,
      properties: {
        rows_max: { type: 'integer', minimum: 0, description: 'rows; one more is an error' },
        bytes_max: { type: 'integer', minimum: 0, description: 'bytes of rows' },
        timeout_ms: { type: 'integer', minimum: 1, description: 'milliseconds on the target' },
        rows_affected_max: {
          type: 'integer',
          minimum: 0,
          description:
            'rows that one command may insert, update, delete or copy in; one more and it is rolled back. What changes rows without a count of the database is refused',
        },
      },
    },
  },
} as const satisfies JSONSchema

export type Decision = FromSchema<typeof decisionSchema>
export type Action = Decision['action']
export type Mask = FromSchema<typeof maskSchema>
export type MaskMethod = (typeof MASK_METHODS)[number]
export type Limits = Decision['limits']
export type Rule = Decision['rules'][number]
