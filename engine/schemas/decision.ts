// What a bundle's entrypoint answers. Anything that does not fit this schema is a denial.
import type { FromSchema, JSONSchema } from 'json-schema-to-ts'

export const MASK_METHODS = ['redact', 'partial', 'null', 'hash', 'token', 'constant'] as const

export const maskSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['match', 'method'],
  properties: {
    // `label:pii` (every column with that label), `column:schema.table.column`, or
    // `pattern:ssn|card|email|iban` (values found in any text that leaves).
    match: { type: 'string', pattern: '^(label|column|pattern):.+$' },
    method: { enum: MASK_METHODS },
    // `partial` only: how many characters stay readable at the end, 0 to 8.
    keep: { type: 'integer', minimum: 0, maximum: 8 },
    // `constant` only.
    value: { type: 'string' },
  },
} as const satisfies JSONSchema

export const decisionSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Sallyport decision',
  type: 'object',
  additionalProperties: false,
  required: ['action', 'rules', 'masks', 'limits'],
  properties: {
    action: { enum: ['allow', 'deny', 'mask-fields', 'require-approval'] },
    // Every rule that spoke, most severe first. The hint says what would pass.
    rules: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'message'],
        properties: {
          id: { type: 'string', minLength: 1 },
          message: { type: 'string' },
          hint: { type: 'string' },
        },
      },
    },
    // Also with require-approval: they hold once approved.
    masks: { type: 'array', items: maskSchema },
    approval: {
      type: 'object',
      additionalProperties: false,
      required: ['approvers', 'quorum', 'expires_ms', 'reason_required', 'scope'],
      properties: {
        // Groups whose members may approve.
        approvers: { type: 'array', items: { type: 'string' }, minItems: 1 },
        quorum: { type: 'integer', minimum: 1, maximum: 10 },
        expires_ms: { type: 'integer', minimum: 1000, maximum: 86_400_000 },
        reason_required: { type: 'boolean' },
        scope: { enum: ['command', 'session'] },
      },
    },
    limits: {
      type: 'object',
      additionalProperties: false,
      properties: {
        rows_max: { type: 'integer', minimum: 0 },
        bytes_max: { type: 'integer', minimum: 0 },
        timeout_ms: { type: 'integer', minimum: 1 },
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
export type ApprovalTerms = NonNullable<Decision['approval']>
