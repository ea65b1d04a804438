// The policies in force over HTTP: what they are and were, and what operators do to them. Who may change them
// is decided in `policies/serving/operations.ts`, who may look by the policies themselves; here tokens become
// callers and answers become JSON.
import type { FastifyInstance } from 'fastify'
import type { FromSchema } from 'json-schema-to-ts'
import type { IdentityFacts } from '../../engine/schemas/facts.js'
import type { Access } from './access.js'
import type { Callers } from './caller.js'

const text = { type: 'string' } as const
const number = { type: 'number' } as const
const texts = { type: 'array', items: text } as const

const bundleSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['digest', 'content', 'revision', 'at_ms'],
  properties: { digest: text, content: text, revision: text, at_ms: number },
} as const

const refusedSchema = {
  type: ['object', 'null'],
  additionalProperties: false,
  required: ['step', 'reason'],
  properties: { step: text, reason: text, at_ms: number },
} as const

const statusSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['source', 'kind', 'active', 'age_ms', 'freshness', 'refused', 'pin', 'history'],
  properties: {
    source: text,
    kind: { enum: ['folder', 'file', 'server'] },
    active: {
      type: 'object',
      additionalProperties: false,
      required: ['digest', 'revision', 'since_ms', 'fuel'],
      properties: {
        ...bundleSchema.properties,
        since_ms: number,
        fuel: number,
        signers: { type: ['array', 'null'], items: text },
      },
    },
    // Since the active bundle was last known to be what the source has.
    age_ms: number,
    freshness: { enum: ['fresh', 'stale', 'expired'] },
    refused: refusedSchema,
    pin: {
      type: ['object', 'null'],
      additionalProperties: false,
      required: ['digest', 'by', 'reason', 'at_ms'],
      properties: { digest: text, by: text, reason: text, at_ms: number },
    },
    history: { type: 'array', items: bundleSchema },
    shadow: {
      type: ['object', 'null'],
      additionalProperties: false,
      required: ['source', 'bundle', 'revision'],
      properties: { source: text, bundle: text, revision: text },
    },
  },
} as const

const exampleSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['session', 'command', 'at_ms', 'text'],
  properties: { session: text, command: number, at_ms: number, text },
} as const

const shadowSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['source', 'bundle', 'revision', 'same', 'differs', 'dropped', 'failed', 'flips'],
  properties: {
    source: text,
    bundle: text,
    revision: text,
    since_ms: number,
    same: number,
    differs: number,
    dropped: number,
    failed: number,
    refused: refusedSchema,
    flips: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['action', 'rules', 'shadow_action', 'shadow_rules', 'count', 'examples'],
        properties: {
          action: text,
          rules: texts,
          shadow_action: text,
          shadow_rules: texts,
          count: number,
          examples: { type: 'array', items: exampleSchema },
        },
      },
    },
    other_flips: number,
  },
} as const

const historySchema = {
  type: 'object',
  additionalProperties: false,
  required: ['active', 'history'],
  properties: {
    active: text,
    history: { type: 'array', items: bundleSchema, description: 'newest first' },
  },
} as const

const diffQuerySchema = {
  type: 'object',
  additionalProperties: false,
  required: ['from', 'to'],
  properties: {
    from: { ...text, maxLength: 200, description: 'digest or revision, or a part that is unique' },
    to: { ...text, maxLength: 200, description: 'the same' },
  },
} as const

const sideSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['digest', 'revision'],
  properties: { digest: text, revision: text },
} as const

const diffSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['from', 'to', 'rules', 'files'],
  properties: {
    from: sideSchema,
    to: sideSchema,
    rules: {
      type: 'object',
      additionalProperties: false,
      required: ['added', 'removed'],
      properties: { added: texts, removed: texts },
    },
    files: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['path', 'change'],
        properties: {
          path: text,
          change: { enum: ['added', 'removed', 'changed'] },
          before: { ...text, description: 'absent where it was not there, or is too large' },
          after: text,
        },
      },
    },
  },
} as const

const reason = { type: 'string', maxLength: 500 } as const

const reasonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: { reason },
} as const

const pinSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['bundle'],
  properties: { bundle: { type: 'string', minLength: 1, maxLength: 200 }, reason },
} as const

type DiffQuery = FromSchema<typeof diffQuerySchema>
type Reason = FromSchema<typeof reasonSchema>
type PinBody = FromSchema<typeof pinSchema>

// Each rejects with a GatewayError where it is not allowed or not done.
export type PolicyOperations = {
  readonly status: (who: IdentityFacts) => Promise<unknown>
  readonly shadow: (who: IdentityFacts) => Promise<unknown>
  // For whom the policies let look, who need not operate them.
  readonly view: () => unknown
  readonly shadowView: () => unknown
  readonly history: () => unknown
  readonly compared: (from: string, to: string) => Promise<unknown>
  readonly activate: (who: IdentityFacts) => Promise<unknown>
  readonly rollback: (who: IdentityFacts, reason: string) => Promise<unknown>
  readonly pin: (who: IdentityFacts, bundle: string, reason: string) => Promise<unknown>
  readonly unpin: (who: IdentityFacts, reason: string) => Promise<unknown>
}

const STATUS = { 200: statusSchema } as const

const VERB_WORDS = {
  activate: 'look at the source now, and put in force what it has',
  rollback: 'go back to the bundle before',
  unpin: 'follow the source again',
} as const

export function addPolicy(
  app: FastifyInstance,
  { operations, access }: { readonly operations: PolicyOperations; readonly access: Access },
  callers: Callers,
): void {
  app.get(
    '/api/policy',
    { schema: { summary: 'the policies in force', tags: ['policy'], response: STATUS } },
    (request) =>
      callers.as(request, async (caller) =>
        access.may('see_policies', caller) ? operations.view() : operations.status(caller.facts),
      ),
  )
  app.get(
    '/api/policy/shadow',
    {
      schema: {
        summary: 'what the bundle in the shadow would have decided otherwise',
        tags: ['policy'],
        response: { 200: shadowSchema },
      },
    },
    (request) =>
      callers.as(request, async (caller) =>
        access.may('see_policies', caller)
          ? operations.shadowView()
          : operations.shadow(caller.facts),
      ),
  )
  app.get(
    '/api/policy/history',
    {
      schema: {
        summary: 'the bundles that were in force',
        tags: ['policy'],
        response: { 200: historySchema },
      },
    },
    (request) =>
      callers.as(request, async (caller) => {
        access.demand('see_policies', caller)
        return operations.history()
      }),
  )
  app.get<{ Querystring: DiffQuery }>(
    '/api/policy/diff',
    {
      schema: {
        summary: 'what changed from one bundle to another',
        tags: ['policy'],
        querystring: diffQuerySchema,
        response: { 200: diffSchema },
      },
    },
    (request) =>
      callers.as(request, (caller) => {
        access.demand('see_policies', caller)
        return operations.compared(request.query.from, request.query.to)
      }),
  )
  app.post<{ Body: PinBody }>(
    '/api/policy/pin',
    {
      schema: {
        summary: 'hold a bundle in force',
        tags: ['policy'],
        body: pinSchema,
        response: STATUS,
      },
    },
    (request) =>
      callers.as(request, ({ facts }) =>
        operations.pin(facts, request.body.bundle, request.body.reason ?? ''),
      ),
  )
  for (const verb of ['activate', 'rollback', 'unpin'] as const) {
    app.post<{ Body: Reason | undefined }>(
      `/api/policy/${verb}`,
      {
        schema: {
          summary: VERB_WORDS[verb],
          tags: ['policy'],
          body: reasonSchema,
          response: STATUS,
        },
      },
      (request) =>
        callers.as(request, ({ facts }) => operations[verb](facts, request.body?.reason ?? '')),
    )
  }
}
