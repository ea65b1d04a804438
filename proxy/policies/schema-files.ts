// The copies of our schemas that `opa check` and editors read: rego/schemas/*.json. They are generated
// from engine/schemas, and a test keeps the committed copies equal.
import { commandTestsSchema } from '../../engine/schemas/command-tests.js'
import { CONSOLE_VERBS } from '../../engine/policy/policy.js'
import { configSchema } from '../../engine/schemas/config.js'
import { decisionSchema } from '../../engine/schemas/decision.js'
import { deltaSchema } from '../../engine/schemas/delta.js'
import {
  effectSchema,
  factsSchema,
  identitySchema,
  targetSchema,
} from '../../engine/schemas/facts.js'
import { invariantsSchema } from '../../engine/schemas/invariants.js'
import { policySettingsSchema } from '../../engine/schemas/policy-settings.js'
import { recordSchema } from '../../engine/schemas/record.js'

const strings = { type: 'array', items: { type: 'string' } }

// What the entrypoint for approvals is asked; see `ApprovalQuestion`.
const approvalSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Sallyport approval question',
  type: 'object',
  additionalProperties: false,
  required: ['version', 'verb', 'approver'],
  properties: {
    version: { const: 1 },
    verb: { enum: ['list', 'approve', 'deny', 'operate', ...CONSOLE_VERBS] },
    approver: identitySchema,
    // Issuer and subject of who delegated the right; its groups are then among those of `approver`.
    on_behalf: { type: 'string' },
    // Since the person last proved who they are, where that is known.
    authenticated_ms_ago: { type: 'integer', minimum: 0 },
    // With the verbs about one session; `live` while it is open.
    session: {
      type: 'object',
      additionalProperties: false,
      required: ['identity', 'target', 'live'],
      properties: {
        identity: identitySchema,
        target: targetSchema,
        live: { type: 'boolean' },
      },
    },
    // With `try`: as whom.
    as: identitySchema,
    request: {
      type: 'object',
      additionalProperties: false,
      required: ['id', 'requester', 'target', 'approvers', 'rules', 'effects'],
      properties: {
        id: { type: 'string' },
        requester: identitySchema,
        target: targetSchema,
        approvers: strings,
        rules: strings,
        effects: { type: 'array', items: effectSchema },
      },
    },
  },
}

const SCHEMAS: Readonly<Record<string, object>> = {
  approval: approvalSchema,
  'command-tests': commandTestsSchema,
  config: configSchema,
  decision: decisionSchema,
  delta: deltaSchema,
  input: factsSchema,
  invariants: invariantsSchema,
  'policy-settings': policySettingsSchema,
  record: recordSchema,
}

// File name → text.
export function schemaFiles(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(SCHEMAS).map(([name, schema]) => [
      `${name}.json`,
      `${JSON.stringify(schema, null, 2)}\n`,
    ]),
  )
}
