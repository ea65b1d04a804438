// invariants.yaml: statements that no decision may break, whatever the rules say. Checked when policies are
// compared and tested, and by a gateway before it activates a bundle that holds them.
// `rego/schemas/invariants.json` is generated from this.
import type { FromSchema, JSONSchema } from 'json-schema-to-ts'
import {
  commandSchema,
  effectSchema,
  flowSchema,
  identitySchema,
  OBJECT_KINDS,
  OPERATIONS,
} from './facts.js'

// A name or several, in which * stands for any run of characters.
const names = {
  anyOf: [
    { type: 'string', minLength: 1 },
    { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } },
    {
      type: 'object',
      additionalProperties: false,
      required: ['not'],
      properties: {
        not: { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } },
      },
    },
  ],
} as const

function listOf<const T>(items: T) {
  return { type: 'array', minItems: 1, items } as const
}

const atLeast = { type: 'integer', minimum: 0 } as const

const effect = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    op: listOf({ enum: OPERATIONS }),
    kind: listOf({ enum: OBJECT_KINDS }),
    object: names,
    where: listOf({ enum: effectSchema.properties.where.enum }),
    label: names,
    column: names,
    detail: names,
    temporary: { type: 'boolean' },
  },
} as const

const flow = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    from: names,
    label: names,
    to: listOf({ enum: flowSchema.properties.to.enum }),
  },
} as const

const conditions = {
  stage: { enum: ['session', 'command'] },
  // Any effect of the command: an operation, or whatever is said of one effect.
  effects: listOf({ anyOf: [{ enum: OPERATIONS }, effect] }),
  // Any flow of a labelled value.
  flows: listOf(flow),
  // Whether anything of the command could not be read.
  unread: { type: 'boolean' },
  protocol: listOf({ enum: commandSchema.properties.protocol.enum }),
  identity: {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    properties: {
      kind: listOf({ enum: identitySchema.properties.kind.enum }),
      // Any of the groups; with `not`, none of them.
      group: names,
      subject: names,
      // Whether a program acts for the person.
      acted_for: { type: 'boolean' },
      mfa: { type: 'boolean' },
    },
  },
  // `name` and `database` are those of the target; every other key is one of its labels. A label that the
  // target lacks fits no name, and every `not`.
  target: { type: 'object', minProperties: 1, additionalProperties: names },
  session: {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    properties: {
      purpose: names,
      application: names,
      transaction: listOf({ enum: ['idle', 'open', 'failed'] }),
      commands: atLeast,
      commands_last_minute: atLeast,
      rows: atLeast,
      labelled_rows: atLeast,
      denials: atLeast,
    },
  },
  time: {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    properties: {
      weekday: listOf({
        enum: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'],
      }),
      // From the first hour on, before the second; over midnight where the first is later.
      from: { type: 'integer', minimum: 0, maximum: 23 },
      to: { type: 'integer', minimum: 0, maximum: 24 },
    },
  },
  // `other_person`: somebody approved who is not in the chain of who asks.
  grants: { enum: ['none', 'any', 'other_person'] },
} as const

export const invariantsSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Sallyport invariants',
  type: 'object',
  additionalProperties: false,
  required: ['invariants'],
  properties: {
    invariants: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'title', 'never'],
        properties: {
          id: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,62}$' },
          title: { type: 'string', minLength: 1, description: 'the statement in words' },
          never: {
            type: 'object',
            additionalProperties: false,
            required: ['decision'],
            properties: {
              ...conditions,
              decision: listOf({ enum: ['allow', 'deny', 'mask-fields', 'require-approval'] }),
              // Masks that the decision does not have, such as label:pii.
              without_mask: listOf({ type: 'string', pattern: '^(label|column|pattern):.+$' }),
              // Nothing is broken where all of these hold.
              unless: {
                type: 'object',
                additionalProperties: false,
                minProperties: 1,
                properties: conditions,
              },
            },
          },
        },
      },
    },
  },
} as const satisfies JSONSchema

export type InvariantsFile = FromSchema<typeof invariantsSchema>
export type InvariantEntry = InvariantsFile['invariants'][number]
