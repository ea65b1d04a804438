// Recordings over HTTP, for who keeps them: legal holds, and deletion with a reason. Who may is decided in
// `recordings/keepers-desk.ts`; here tokens become callers and answers become JSON.
import type { FastifyInstance } from 'fastify'
import type { FromSchema } from 'json-schema-to-ts'
import type { KeepersDesk } from '../recordings/keepers-desk.js'
import type { Callers } from './caller.js'
import { sessionParamsSchema } from './sessions-api.js'

const text = { type: 'string' } as const
const reason = { type: 'string', minLength: 1, maxLength: 500 } as const

const holdSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'scope', 'of', 'reason', 'by', 'since'],
  properties: {
    id: text,
    scope: { enum: ['session', 'person', 'target'] },
    of: text,
    reason: text,
    by: text,
    since: { type: 'number', description: 'milliseconds, Unix epoch' },
  },
} as const

const askedSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['scope', 'of', 'reason'],
  properties: {
    scope: { enum: ['session', 'person', 'target'] },
    of: {
      type: 'string',
      minLength: 1,
      maxLength: 1000,
      description:
        'id of the session; issuer and subject of the person, one blank between; name of the target',
    },
    reason,
  },
} as const

const reasonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['reason'],
  properties: { reason },
} as const

const nothingSchema = { type: 'object', additionalProperties: false, properties: {} } as const

type Asked = FromSchema<typeof askedSchema>
type Id = FromSchema<typeof sessionParamsSchema>
type Reason = FromSchema<typeof reasonSchema>

export function addRecordings(app: FastifyInstance, desk: KeepersDesk, callers: Callers): void {
  const tags = ['recordings']
  app.get(
    '/api/recordings/holds',
    {
      schema: {
        summary: 'the legal holds that stand',
        tags,
        response: {
          200: {
            type: 'object',
            additionalProperties: false,
            required: ['holds'],
            properties: { holds: { type: 'array', items: holdSchema } },
          },
        },
      },
    },
    (request) => callers.as(request, async ({ facts }) => ({ holds: await desk.holds(facts) })),
  )
  app.post<{ Body: Asked }>(
    '/api/recordings/holds',
    {
      schema: {
        summary: 'put recordings under legal hold',
        tags,
        body: askedSchema,
        response: { 200: holdSchema },
      },
    },
    (request) => callers.as(request, ({ facts }) => desk.hold(facts, request.body)),
  )
  app.post<{ Params: Id; Body: Reason }>(
    '/api/recordings/holds/:id/release',
    {
      schema: {
        summary: 'end a legal hold',
        tags,
        params: sessionParamsSchema,
        body: reasonSchema,
        response: { 200: holdSchema },
      },
    },
    (request) =>
      callers.as(request, ({ facts }) =>
        desk.release(facts, request.params.id, request.body.reason),
      ),
  )
  app.delete<{ Params: Id; Body: Reason }>(
    '/api/recordings/:id',
    {
      schema: {
        summary: 'delete the recording of a session, for a reason',
        tags,
        params: sessionParamsSchema,
        body: reasonSchema,
        response: { 200: nothingSchema },
      },
    },
    (request) =>
      callers.as(request, async ({ facts }) => {
        await desk.remove(facts, request.params.id, request.body.reason)
        return {}
      }),
  )
}
