// tests/**/*.commands.yaml of a policy repository: tables of commands with what a client would meet, for
// those who write no Rego. `rego/schemas/command-tests.json` is generated from this, for editors.
import type { FromSchema, JSONSchema } from 'json-schema-to-ts'

const strings = { type: 'array', items: { type: 'string', minLength: 1 } } as const
const count = { type: 'integer', minimum: 0 } as const
const text = { type: 'string', minLength: 1 } as const

// What a client would meet, and why. What is left out is not looked at.
const expectation = {
  action: {
    enum: ['allow', 'deny', 'mask-fields', 'require-approval'],
    description: 'what the client would meet',
  },
  rules: { ...strings, description: 'ids of the rules that speak: exactly these, in any order' },
  rules_include: { ...strings, description: 'ids of rules that speak, among others' },
  masked: {
    ...strings,
    description: 'columns that are masked, exactly these, such as customers.ssn',
  },
  approvers: {
    ...strings,
    description: 'groups whose approval it waits for, exactly these; [] where it waits for none',
  },
} as const

const who = {
  target: { ...text, description: 'a name under targets in sallyport-policy.yaml' },
  as: { ...text, description: 'a name under identities in sallyport-policy.yaml' },
} as const

export const commandTestsSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Sallyport command tests',
  type: 'object',
  additionalProperties: false,
  required: ['cases'],
  properties: {
    ...who,
    cases: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name'],
        properties: {
          name: { ...text, description: 'what the case promises' },
          // One member for each protocol; see `proxy/policies/testing/case-command.ts`.
          sql: { ...text, description: 'the text that a client sends' },
          ...who,
          groups: { ...strings, description: 'in place of those of the identity' },
          at: { ...text, description: 'when, such as 2026-01-05T12:00:00Z' },
          purpose: { type: 'string', description: 'what the session was opened for' },
          transaction: { enum: ['idle', 'open', 'failed'] },
          message: { enum: ['simple', 'extended'], description: 'extended: a prepared statement' },
          counters: {
            type: 'object',
            additionalProperties: false,
            properties: {
              commands: count,
              commands_last_minute: count,
              rows: count,
              labelled_rows: count,
              denials: count,
            },
          },
          grants: {
            type: 'array',
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['scope'],
              properties: {
                id: text,
                scope: { enum: ['command', 'session'] },
                approvers: strings,
                rules: strings,
                break_glass: { type: 'boolean' },
              },
            },
          },
          degraded: { type: 'boolean', description: 'while nobody can be asked for an approval' },
          ...expectation,
          statements: {
            type: 'array',
            minItems: 1,
            description: 'one entry for each statement of the text; else the worst counts',
            items: { type: 'object', additionalProperties: false, properties: expectation },
          },
        },
      },
    },
  },
} as const satisfies JSONSchema

export type CommandTests = FromSchema<typeof commandTestsSchema>
export type CommandCase = CommandTests['cases'][number]
export type Expectation = Pick<
  CommandCase,
  'action' | 'rules' | 'rules_include' | 'masked' | 'approvers'
>
