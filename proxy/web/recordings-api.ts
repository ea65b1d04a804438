// Recordings over HTTP, for who keeps them: legal holds, and deletion with a reason. The policies must allow it,
// and the configuration name who keeps recordings (`recordings/keepers-desk.ts`).
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { FromSchema } from 'json-schema-to-ts'
import type { ConsoleVerb } from '../../engine/policy/policy.js'
import type { IdentityFacts } from '../../engine/schemas/facts.js'
import type { KeepersDesk } from '../recordings/keepers-desk.js'
import type { Access } from './access.js'
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

type Asking = <Answer>(
  request: FastifyRequest,
  verb: ConsoleVerb,
  what: (who: IdentityFacts) => Promise<Answer>,
) => Promise<Answer>

export function addRecordings(
  app: FastifyInstance,
  { desk, access }: { readonly desk: KeepersDesk; readonly access: Access },
  callers: Callers,
): void {
  const asking: Asking = (request, verb, what) =>
    callers.as(request, (caller) => {
      access.demand(verb, caller)
      return what(caller.facts)
    })
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
    (request) => asking(request, 'see_holds', async (who) => ({ holds: await desk.holds(who) })),
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
    (request) => asking(request, 'set_hold', (who) => desk.hold(who, request.body)),
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
      asking(request, 'lift_hold', (who) =>
        desk.release(who, request.params.id, request.body.reason),
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
      asking(request, 'delete_recording', async (who) => {
        await desk.remove(who, request.params.id, request.body.reason)
        return {}
      }),
  )
}
