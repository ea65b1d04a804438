// What would happen to a command, and who could send it: asked of the gateway's own judgement, with nothing
// sent anywhere. As oneself for everybody; as others, and who can, for whom the policies let.
import type { FastifyInstance } from 'fastify'
import type { FromSchema } from 'json-schema-to-ts'
import type { IdentityFacts } from '../../engine/schemas/facts.js'
import { GatewayError } from '../errors.js'
import type { Trials } from '../gateway-trial.js'
import type { Identity } from '../identity/identity.js'
import type { Access } from './access.js'
import type { Callers } from './caller.js'
import { WEB_LIMITS } from './limits.js'

const text = { type: 'string' } as const
const texts = { type: 'array', items: text } as const
const sql = { type: 'string', minLength: 1, maxLength: 20_000 } as const
const name = { type: 'string', minLength: 1, maxLength: 200 } as const
const open = { type: 'object', additionalProperties: true } as const

const bundleSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['digest', 'revision'],
  properties: { digest: text, revision: text },
} as const

const trySchema = {
  type: 'object',
  additionalProperties: false,
  required: ['sql', 'target'],
  properties: {
    sql,
    target: name,
    database: name,
    as: {
      type: 'object',
      additionalProperties: false,
      description: 'who would send it; absent: the caller',
      required: ['kind', 'groups'],
      properties: {
        kind: { enum: ['human', 'agent', 'pipeline'] },
        groups: { type: 'array', maxItems: 100, uniqueItems: true, items: name },
        subject: name,
        actor: { ...name, description: 'a program that acts for them' },
        mfa: { type: 'boolean' },
      },
    },
  },
} as const

const triedSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['bundle', 'opens', 'statements'],
  properties: {
    bundle: bundleSchema,
    opens: {
      type: 'object',
      description: 'whether this identity may open the target at all',
      additionalProperties: false,
      required: ['go', 'why', 'rules'],
      properties: { go: { type: 'boolean' }, why: text, rules: texts },
    },
    statements: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['text', 'facts', 'decision', 'flows', 'answer', 'nearest'],
        properties: {
          text,
          facts: { ...open, description: 'the policies’ input: rego/schemas/input.json' },
          decision: { ...open, description: 'rego/schemas/decision.json' },
          flows: { type: 'array', items: open },
          rewritten: { ...text, description: 'what the target would get, to mask at the source' },
          answer: {
            type: 'object',
            description: 'what the client would meet; held: it would wait for people',
            additionalProperties: false,
            required: ['action', 'go', 'held'],
            properties: {
              action: text,
              go: { type: 'boolean' },
              held: { type: 'boolean' },
              rule: text,
              message: text,
              hint: text,
            },
          },
          nearest: {
            type: 'array',
            description: 'small changes that would pass, or wait for people where this is refused',
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['change', 'action'],
              properties: { change: text, text, action: text, approvers: texts },
            },
          },
        },
      },
    },
  },
} as const

const whoCanSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['sql', 'target'],
  properties: { sql, target: name, database: name },
} as const

const result = { enum: ['allowed', 'masked', 'approval', 'never'] } as const

const whoCanAnswerSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['bundle', 'groups', 'rows'],
  properties: {
    bundle: bundleSchema,
    groups: { ...texts, description: 'those that were asked about' },
    rows: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['kind', 'result', 'rules', 'approvers', 'otherwise'],
        properties: {
          kind: { enum: ['human', 'agent', 'pipeline'] },
          group: {
            ...text,
            description: 'absent: whatever the groups, but for rows that name one',
          },
          result,
          rules: texts,
          approvers: texts,
          otherwise: {
            type: 'array',
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['when', 'result'],
              properties: { when: text, result },
            },
          },
        },
      },
    },
  },
} as const

type TryBody = FromSchema<typeof trySchema>
type WhoCanBody = FromSchema<typeof whoCanSchema>

export function addTry(
  app: FastifyInstance,
  parts: { readonly trials: Trials; readonly access: Access },
  callers: Callers,
): void {
  const { trials, access } = parts
  const asking = new Map<string, number>()
  // One person’s questions must not keep all others waiting.
  const inTurn = async <T>({ key }: Identity, work: () => Promise<T>): Promise<T> => {
    const before = asking.get(key) ?? 0
    if (before >= WEB_LIMITS.triesPerCaller) {
      throw new GatewayError('limit_exceeded', 'your questions before this one are still answered')
    }
    asking.set(key, before + 1)
    try {
      return await work()
    } finally {
      const left = (asking.get(key) ?? 1) - 1
      if (left > 0) asking.set(key, left)
      else asking.delete(key)
    }
  }
  const bodyLimit = WEB_LIMITS.commandBodyBytes
  app.post<{ Body: TryBody }>(
    '/api/try',
    {
      bodyLimit,
      schema: {
        summary: 'what would happen to a command; nothing is executed',
        tags: ['try'],
        body: trySchema,
        response: { 200: triedSchema },
      },
    },
    (request) =>
      callers.as(request, (caller) => {
        const { as: wanted, ...question } = request.body
        const as = wanted === undefined ? caller.facts : identityOf(wanted, caller)
        if (wanted !== undefined) access.demand('try', caller, { as })
        return inTurn(caller, () => trials.tried({ ...question, as }))
      }),
  )
  app.post<{ Body: WhoCanBody }>(
    '/api/who-can',
    {
      bodyLimit,
      schema: {
        summary: 'who could send a command, and when; nothing is executed',
        tags: ['try'],
        body: whoCanSchema,
        response: { 200: whoCanAnswerSchema },
      },
    },
    (request) =>
      callers.as(request, (caller) => {
        access.demand('try', caller, { as: identityOf({ kind: 'human', groups: [] }, caller) })
        return inTurn(caller, () => trials.whoCan(request.body))
      }),
  )
}

// Never the caller's own subject: who they are is settled by their token alone.
function identityOf(
  { kind, groups, subject, actor, mfa = false }: NonNullable<TryBody['as']>,
  caller: Identity,
): IdentityFacts {
  const named = subject === undefined || subject === caller.facts.subject ? 'somebody' : subject
  return {
    subject: named,
    issuer: caller.facts.issuer,
    name: named,
    kind,
    groups: [...groups].sort(),
    actor: actor === undefined ? [] : [{ subject: actor }],
    claims: {},
    mfa,
  }
}
