// Requests for approval over HTTP: the list, one of them, approve, deny, take back. Who may do what is decided
// in `approvals/authority.ts`; here tokens become callers and answers become JSON.
import type { FastifyInstance } from 'fastify'
import type { FromSchema } from 'json-schema-to-ts'
import type { Answers } from '../approvals/answers.js'
import type { Via } from '../approvals/via.js'
import {
  paramsSchema,
  reasonSchema,
  rowsMaxSchema,
  viaSchema,
  viewSchema,
} from './approval-schemas.js'
import type { Callers } from './caller.js'
import type { SignIn } from './sign-ins.js'

const listSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['approvals'],
  properties: { approvals: { type: 'array', items: viewSchema } },
} as const

const querySchema = {
  type: 'object',
  additionalProperties: false,
  properties: { status: { enum: ['pending', 'all'] } },
} as const

const bodySchema = {
  type: 'object',
  additionalProperties: false,
  properties: { reason: reasonSchema, via: viaSchema, rows_max: rowsMaxSchema },
} as const

const VERB_WORDS = {
  approve: 'approve a request; what waited goes on at once',
  deny: 'deny a request; the client is told the reason',
  withdraw: 'take back one’s own approval while the request waits',
} as const

type Params = FromSchema<typeof paramsSchema>
type Query = FromSchema<typeof querySchema>
type Body = FromSchema<typeof bodySchema>

// A cookie is the console’s; where a link in a message led there, its page says so.
export function viaOf(signIn: SignIn | undefined, said: Body['via']): Via {
  if (signIn === undefined) return said === 'cli' ? 'cli' : 'api'
  return said === 'teams' || said === 'email' ? said : 'console'
}

export function addApprovals(app: FastifyInstance, answers: Answers, callers: Callers): void {
  app.get<{ Querystring: Query }>(
    '/api/approvals',
    {
      schema: {
        summary: 'requests for approval that the caller may see, newest first',
        tags: ['approvals'],
        querystring: querySchema,
        response: { 200: listSchema },
      },
    },
    (request) =>
      callers.as(request, async (caller) => ({
        approvals: await answers.list(caller, request.query.status ?? 'pending'),
      })),
  )
  app.get<{ Params: Params }>(
    '/api/approvals/:id',
    {
      schema: {
        summary: 'one request for approval',
        tags: ['approvals'],
        params: paramsSchema,
        response: { 200: viewSchema },
      },
    },
    (request) => callers.as(request, (caller) => answers.one(caller, request.params.id)),
  )
  for (const verb of ['approve', 'deny', 'withdraw'] as const) {
    app.post<{ Params: Params; Body: Body | undefined }>(
      `/api/approvals/:id/${verb}`,
      {
        schema: {
          summary: VERB_WORDS[verb],
          tags: ['approvals'],
          params: paramsSchema,
          body: bodySchema,
          response: { 200: viewSchema },
        },
      },
      (request) =>
        callers.as(request, (approver, signIn) => {
          const { id } = request.params
          const { reason = '', via, rows_max: rowsMax } = request.body ?? {}
          const words = { id, verb, approver, reason, rowsMax }
          return answers.answer({ ...words, via: viaOf(signIn, via) })
        }),
    )
  }
}
