// sallyport-policy.yaml, at the top of a policy repository: where its parts are, whose eyes its tests see
// with, and which thresholds hold. `rego/schemas/policy-settings.json` is generated from this.
import type { FromSchema, JSONSchema } from 'json-schema-to-ts'

const strings = { type: 'array', items: { type: 'string' } } as const
const folder = { type: 'string', minLength: 1 } as const
const percent = { type: 'number', minimum: 0, maximum: 100 } as const
const texts = { type: 'object', additionalProperties: { type: 'string' } } as const
const name = { type: 'string', pattern: '^[a-z][a-z0-9_-]{0,62}$' } as const

export const policySettingsSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Sallyport policy repository',
  type: 'object',
  additionalProperties: false,
  required: ['version'],
  properties: {
    version: { const: 1 },
    policies: { ...folder, description: 'folder of rules (policies)' },
    data: { ...folder, description: 'folder whose data.yaml files become the rules’ data (data)' },
    tests: { ...folder, description: 'folder of tests, Rego and command tests (tests)' },
    identities: {
      type: 'object',
      propertyNames: name,
      description: 'who command tests, predict and can speak as, by name',
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['kind'],
        properties: {
          kind: { enum: ['human', 'agent', 'pipeline'] },
          groups: strings,
          subject: { type: 'string', minLength: 1 },
          issuer: { type: 'string', minLength: 1 },
          name: { type: 'string' },
          // Who acts for this one, innermost last.
          actor: strings,
          claims: texts,
          mfa: { type: 'boolean' },
        },
      },
    },
    targets: {
      type: 'object',
      propertyNames: name,
      description: 'what they speak to, by name',
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        properties: {
          kind: { enum: ['postgres'] },
          labels: texts,
          database: { type: 'string', minLength: 1 },
          zone: { type: 'string', description: 'IANA time zone of the target (UTC)' },
          unlabelled: {
            enum: ['open', 'mask'],
            description: 'as in the gateway’s configuration: what columns are that no rule labels',
          },
          keyed_masks: {
            enum: ['exit', 'source'],
            description: 'where hash and token are made, as the gateway is configured (exit)',
          },
          catalogue: {
            ...strings,
            description: 'files of DDL, in order, that say which names the database has',
          },
        },
      },
    },
    coverage: {
      type: 'object',
      additionalProperties: false,
      description: 'percent that tests must reach',
      properties: { rules: percent, lines: percent },
    },
    mutation: { ...percent, description: 'percent of mutants that tests must notice (80)' },
    invariants: { type: 'string', description: 'file of statements that no decision may break' },
    retired: { ...strings, description: 'ids of rules that were taken away; never used again' },
    fuel: {
      type: 'integer',
      minimum: 1000,
      description: 'budget of one decision, as the gateway has it (5000000)',
    },
  },
} as const satisfies JSONSchema

export type PolicySettings = FromSchema<typeof policySettingsSchema>
