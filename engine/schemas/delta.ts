// The differences that a change of policies intends, stated beside the change (`delta.yaml`). What
// `sallyport policy backtest --expect` and `diff --expect` find beyond them fails.
// `rego/schemas/delta.json` is generated from this.
import type { FromSchema, JSONSchema } from 'json-schema-to-ts'

const actions = {
  type: 'array',
  minItems: 1,
  items: { enum: ['allow', 'deny', 'mask-fields', 'require-approval'] },
} as const
const globs = {
  type: 'array',
  minItems: 1,
  items: { type: 'string', minLength: 1 },
  description: 'names, in which * stands for any run of characters',
} as const

export const deltaSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Sallyport expected differences',
  type: 'object',
  additionalProperties: false,
  required: ['flips'],
  properties: {
    flips: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['why'],
        properties: {
          why: { type: 'string', minLength: 1, description: 'why this is meant, in words' },
          from: actions,
          to: actions,
          direction: { enum: ['wider', 'stricter', 'mixed'] },
          rule: globs,
          target: globs,
          person: globs,
          object: globs,
          max: { type: 'integer', minimum: 0, description: 'at most so many recorded commands' },
        },
      },
    },
  },
} as const satisfies JSONSchema

export type Delta = FromSchema<typeof deltaSchema>
export type ExpectedFlip = Delta['flips'][number]
