// Requests for approval over HTTP: the list, one of them, approve, deny. Who may do what is decided in
// `approvals/authority.ts`; here tokens become callers and answers become JSON.
import type { FastifyInstance } from 'fastify'
import type { FromSchema } from 'json-schema-to-ts'
import type { Answers } from '../approvals/answers.js'
import { APPROVAL_LIMITS } from '../approvals/limits.js'
import { REQUEST_ID_PATTERN } from '../approvals/request-id.js'
import { effectSchema } from '../../engine/schemas/facts.js'
import { APPROVAL_STATUSES } from '../state/tables.js'
import type { Callers } from './caller.js'

const text = { type: 'string' } as const
const texts = { type: 'array', items: text } as const

const viewSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'status', 'requester', 'target', 'text', 'created_at', 'expires_at'],
  properties: {
    id: text,
    status: { enum: APPROVAL_STATUSES },
    requester: {
      type: 'object',
      additionalProperties: false,
      required: ['subject', 'issuer', 'name', 'kind'],
      properties: {
        subject: text,
        issuer: text,
        name: text,
        kind: text,
        groups: texts,
        actor: {
          type: 'array',
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['subject'],
            properties: { subject: text, issuer: text },
          },
        },
      },
    },
    target: {
      type: 'object',
      additionalProperties: false,
      required: ['name', 'kind', 'database'],
      properties: {
        name: text,
        kind: text,
        database: text,
        labels: { type: 'object', additionalProperties: text },
      },
    },
    session: text,
    command: { type: 'integer' },
    // The command with protected literals replaced by '…'.
    text,
    rules: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'message'],
        properties: { id: text, message: text, hint: text },
      },
    },
    effects: { type: 'array', items: effectSchema },
    approvers: texts,
    quorum: { type: 'integer' },
    reason_required: { type: 'boolean' },
    scope: text,
    digest: text,
    created_at: text,
    expires_at: text,
    approvals: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['subject', 'at'],
        properties: { subject: text, name: text, reason: text, at: text },
      },
    },
    settled_at: text,
    settled_by: text,
    reason: text,
  },
} as const

const listSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['approvals'],
  properties: { approvals: { type: 'array', items: viewSchema } },
} as const

const paramsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['id'],
  properties: { id: { type: 'string', pattern: REQUEST_ID_PATTERN } },
} as const

const querySchema = {
  type: 'object',
  additionalProperties: false,
  properties: { status: { enum: ['pending', 'all'] } },
} as const

const bodySchema = {
  type: 'object',
  additionalProperties: false,
  properties: { reason: { type: 'string', maxLength: APPROVAL_LIMITS.reasonCharacters } },
} as const

type Params = FromSchema<typeof paramsSchema>
type Query = FromSchema<typeof querySchema>
type Body = FromSchema<typeof bodySchema>

export function addApprovals(app: FastifyInstance, answers: Answers, callers: Callers): void {
  app.get<{ Querystring: Query }>(
    '/api/approvals',
    { schema: { querystring: querySchema, response: { 200: listSchema } } },
    (request) =>
      callers.as(request, async (caller) => ({
        approvals: await answers.list(caller, request.query.status ?? 'pending'),
      })),
  )
  app.get<{ Params: Params }>(
    '/api/approvals/:id',
    { schema: { params: paramsSchema, response: { 200: viewSchema } } },
    (request) => callers.as(request, (caller) => answers.one(caller, request.params.id)),
  )
  for (const verb of ['approve', 'deny'] as const) {
    app.post<{ Params: Params; Body: Body | undefined }>(
      `/api/approvals/:id/${verb}`,
      { schema: { params: paramsSchema, body: bodySchema, response: { 200: viewSchema } } },
      (request) =>
        callers.as(request, (approver) => {
          const { id } = request.params
          return answers.answer({ id, verb, approver, reason: request.body?.reason ?? '' })
        }),
    )
  }
}
