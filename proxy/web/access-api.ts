// Access to targets for a time over HTTP: asking for it ahead, who holds which, ending it early, the review
// of broken glass; and who approves for whom while somebody is away.
import type { FastifyInstance } from 'fastify'
import type { FromSchema } from 'json-schema-to-ts'
import type { AccessDesk } from '../approvals/access-desk.js'
import type { Delegations } from '../approvals/delegations.js'
import { APPROVAL_LIMITS } from '../approvals/limits.js'
import type { AskAccess } from '../gateway-access.js'
import {
  delegationSchema,
  grantSchema,
  paramsSchema,
  reasonSchema,
  viaSchema,
  viewSchema,
} from './approval-schemas.js'
import { viaOf } from './approvals-api.js'
import type { Callers } from './caller.js'

const name = { type: 'string', minLength: 1, maxLength: 200 } as const

const askSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['target', 'reason'],
  properties: {
    target: { ...name, description: 'as clients name it: target, or target/database' },
    for_ms: {
      type: 'integer',
      minimum: 1_000,
      maximum: APPROVAL_LIMITS.accessMostMs,
      description: 'absent: as long as the policy gives',
    },
    reason: { ...reasonSchema, minLength: 1 },
    break_glass: {
      type: 'boolean',
      description: 'an emergency: other people are asked, and everybody hears of it',
    },
  },
} as const

const saidSchema = {
  type: 'object',
  additionalProperties: false,
  properties: { reason: reasonSchema, via: viaSchema },
} as const

const grantsQuerySchema = {
  type: 'object',
  additionalProperties: false,
  properties: { status: { enum: ['standing', 'unreviewed', 'all'] } },
} as const

const delegateSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['to', 'for_ms', 'reason'],
  properties: {
    to: {
      type: 'object',
      additionalProperties: false,
      required: ['subject'],
      properties: {
        subject: name,
        issuer: { ...name, description: 'absent: the same as of who delegates' },
      },
    },
    groups: { type: 'array', items: name, minItems: 1, maxItems: 100 },
    for_ms: { type: 'integer', minimum: 1_000, maximum: APPROVAL_LIMITS.delegationMostMs },
    reason: reasonSchema,
    via: viaSchema,
  },
} as const

type Params = FromSchema<typeof paramsSchema>
type Ask = FromSchema<typeof askSchema>
type Said = FromSchema<typeof saidSchema>
type Delegate = FromSchema<typeof delegateSchema>

export type AccessParts = {
  readonly approvals: AccessDesk & Delegations
  // Absent where there are no targets.
  readonly askAccess: AskAccess | undefined
}

export function addAccess(app: FastifyInstance, parts: AccessParts, callers: Callers): void {
  const { approvals, askAccess } = parts
  const tags = ['access']
  if (askAccess !== undefined) {
    app.post<{ Body: Ask }>(
      '/api/approvals',
      {
        schema: {
          tags,
          summary: 'asks ahead for access to a target',
          body: askSchema,
          response: { 201: viewSchema },
        },
      },
      (request, reply) =>
        callers.as(request, async (caller) => {
          const { target, for_ms: forMs, reason, break_glass: breakGlass = false } = request.body
          const clientAddress = request.ip
          const wanted = { caller, clientAddress, target, forMs, reason, breakGlass }
          return reply.code(201).send(await askAccess(wanted))
        }),
    )
  }
  app.get<{ Querystring: FromSchema<typeof grantsQuerySchema> }>(
    '/api/grants',
    {
      schema: {
        tags,
        summary: 'who holds which access to targets, and which broken glass waits for a review',
        querystring: grantsQuerySchema,
        response: { 200: listed('grants', grantSchema) },
      },
    },
    (request) =>
      callers.as(request, async (caller) => ({
        grants: await approvals.grants(caller, request.query.status ?? 'standing'),
      })),
  )
  for (const verb of ['end', 'review'] as const) {
    app.post<{ Params: Params; Body: Said | undefined }>(
      `/api/grants/:id/${verb}`,
      {
        schema: {
          tags,
          summary: verb === 'end' ? 'ends access before its time' : 'reviews broken glass',
          params: paramsSchema,
          body: saidSchema,
          response: { 200: grantSchema },
        },
      },
      (request) =>
        callers.as(request, (by, signIn) => {
          const { reason = '', via } = request.body ?? {}
          const said = { id: request.params.id, by, reason, via: viaOf(signIn, via) }
          return verb === 'end' ? approvals.endGrant(said) : approvals.review(said)
        }),
    )
  }
  addDelegations(app, approvals, callers)
}

function addDelegations(app: FastifyInstance, desk: Delegations, callers: Callers): void {
  const tags = ['delegations']
  app.get(
    '/api/delegations',
    {
      schema: {
        tags,
        summary: 'what you have delegated, and what was delegated to you',
        response: { 200: listed('delegations', delegationSchema) },
      },
    },
    (request) =>
      callers.as(request, async (caller) => ({ delegations: await desk.delegations(caller) })),
  )
  app.post<{ Body: Delegate }>(
    '/api/delegations',
    {
      schema: {
        tags,
        summary: 'delegates one’s right to approve for a time',
        body: delegateSchema,
        response: { 201: delegationSchema },
      },
    },
    (request, reply) =>
      callers.as(request, async (from, signIn) => {
        const { to, groups, for_ms: forMs, reason, via } = request.body
        const wanted = { from, to, groups, forMs, reason, via: viaOf(signIn, via) }
        return reply.code(201).send(await desk.delegate(wanted))
      }),
  )
  app.delete<{ Params: Params }>(
    '/api/delegations/:id',
    {
      schema: {
        tags,
        summary: 'takes a delegation back',
        params: paramsSchema,
        response: { 200: delegationSchema },
      },
    },
    (request) =>
      callers.as(request, (by, signIn) =>
        desk.undelegate({ id: request.params.id, by, via: viaOf(signIn, undefined) }),
      ),
  )
}

function listed<Name extends string>(list: Name, items: object) {
  return {
    type: 'object',
    additionalProperties: false,
    required: [list],
    properties: { [list]: { type: 'array', items } },
  }
}
