// Labels that followed data, over HTTP: which there are and where each came from, for who may see targets; and
// that one of them is none, said with a reason by who operates policies.
import type { FastifyInstance } from 'fastify'
import type { FromSchema } from 'json-schema-to-ts'
import { GatewayError } from '../errors.js'
import type { Identity } from '../identity/identity.js'
import type { Access } from './access.js'
import type { Callers } from './caller.js'
import { sessionParamsSchema } from './sessions-api.js'

const text = { type: 'string' } as const
const time = { type: 'number', description: 'milliseconds, Unix epoch' } as const

const followedSchema = {
  type: 'object',
  additionalProperties: false,
  required: [
    'id',
    'target',
    'database',
    'schema',
    'table',
    'column',
    'labels',
    'from',
    'kept',
    'bound',
    'session',
    'command',
    'by',
    'at_ms',
    'dismissed',
  ],
  properties: {
    id: text,
    target: text,
    database: text,
    schema: text,
    table: text,
    column: { ...text, description: 'as the database calls it now; * for any' },
    labels: { type: 'array', items: text },
    from: { ...text, description: 'schema.table.column that the values came from' },
    kept: {
      type: 'boolean',
      description: 'the values stayed where they were, under another name or without their parent',
    },
    bound: { type: 'boolean', description: 'false until the database has shown the column' },
    session: { ...text, description: 'whose statement moved the data' },
    command: { type: 'integer' },
    by: text,
    at_ms: time,
    dismissed: {
      type: ['object', 'null'],
      additionalProperties: false,
      required: ['by', 'reason', 'at_ms'],
      properties: { by: text, reason: text, at_ms: time },
    },
  },
} as const

const listSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['labels'],
  properties: { labels: { type: 'array', items: followedSchema } },
} as const

const querySchema = {
  type: 'object',
  additionalProperties: false,
  properties: { target: { ...text, maxLength: 200 } },
} as const

const reasonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['reason'],
  properties: { reason: { type: 'string', minLength: 1, maxLength: 500 } },
} as const

const nothingSchema = { type: 'object', additionalProperties: false, properties: {} } as const

export type FollowedView = FromSchema<typeof followedSchema>

export type LabelsDesk = {
  readonly all: (target: string | undefined) => readonly FollowedView[]
  // False: there is none such, or it is dismissed already.
  readonly dismiss: (id: string, by: Identity, reason: string) => Promise<boolean>
}

export type LabelsParts = {
  readonly desk: LabelsDesk
  readonly access: Access
  readonly mayOperate: (caller: Identity) => boolean
}

export function addLabels(
  app: FastifyInstance,
  { desk, access, mayOperate }: LabelsParts,
  callers: Callers,
): void {
  const tags = ['labels']
  app.get<{ Querystring: FromSchema<typeof querySchema> }>(
    '/api/labels/derived',
    {
      schema: {
        summary: 'labels that followed data into columns which no rule names',
        tags,
        querystring: querySchema,
        response: { 200: listSchema },
      },
    },
    (request) =>
      callers.as(request, async (caller) => {
        if (!mayOperate(caller)) access.demand('see_targets', caller)
        return { labels: desk.all(request.query.target) }
      }),
  )
  app.post<{
    Params: FromSchema<typeof sessionParamsSchema>
    Body: FromSchema<typeof reasonSchema>
  }>(
    '/api/labels/derived/:id/dismiss',
    {
      schema: {
        summary: 'say that a column does not hold what its derived label says',
        tags,
        params: sessionParamsSchema,
        body: reasonSchema,
        response: { 200: nothingSchema },
      },
    },
    (request) =>
      callers.as(request, async (caller) => {
        if (!mayOperate(caller)) {
          throw new GatewayError(
            'not_allowed',
            'only who may operate policies may say that a column holds nothing protected',
          )
        }
        const { id } = request.params
        if (await desk.dismiss(id, caller, request.body.reason)) return {}
        throw new GatewayError('not_found', `no derived label ${id} stands`)
      }),
  )
}
