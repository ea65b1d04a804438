// The film of one session over HTTP, page by page: for those whom the policies let watch it. A session that
// somebody may not see is for them as if it did not exist.
import type { FastifyInstance } from 'fastify'
import type { FromSchema } from 'json-schema-to-ts'
import { GatewayError } from '../errors.js'
import type { SessionList } from '../session-list.js'
import type { Access } from './access.js'
import type { Callers } from './caller.js'
import { aboutSession, type TargetOf } from './session-views.js'
import { sessionParamsSchema } from './sessions-api.js'

export type FilmQuestion = {
  readonly session: string
  readonly from: number
  readonly limit: number
  readonly under?: string
  readonly brief: boolean
}

export type FilmParts = {
  readonly list: Pick<SessionList, 'find'>
  readonly access: Access
  readonly targetOf: TargetOf
  // Lists are bounded, the record is not: whose session it was that is in no list any more.
  readonly recorded: (id: string) => Promise<Parameters<typeof aboutSession>[0] | undefined>
  // undefined: it is not on record (any more).
  readonly page: (question: FilmQuestion) => Promise<object | undefined>
}

const LIMIT = { usual: 100, most: 500, brief: 2_000 } as const

const querySchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    from: {
      type: 'string',
      pattern: '^[1-9][0-9]{0,8}$',
      description: 'number of the first command; `next` of the page before',
    },
    limit: {
      type: 'string',
      pattern: '^[1-9][0-9]{0,3}$',
      description: 'default 100, most 500; 2000 in brief. A page that is full ends earlier',
    },
    under: {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      description: 'decide each command anew under this bundle: digest or revision of one kept',
    },
    brief: {
      enum: ['true'],
      description: 'neither facts nor what the client saw; texts are cut at 400 characters',
    },
  },
} as const

const text = { type: 'string' } as const
const number = { type: 'integer' } as const
const rules = {
  type: 'array',
  items: {
    type: 'object',
    required: ['id', 'message'],
    properties: { id: text, message: text, hint: text },
  },
} as const

// Described here, and written as it is: entries are large, and were checked when they were recorded.
export const filmSchema = {
  type: 'object',
  additionalProperties: true,
  required: ['session', 'entries'],
  properties: {
    session: {
      type: 'object',
      additionalProperties: true,
      description: 'who, where, when; notes: what whoever watches must know',
    },
    entries: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: true,
        required: ['at', 'time', 'command', 'text', 'action', 'rules', 'go', 'frames'],
        properties: {
          at: { ...number, description: 'milliseconds since the session opened' },
          time: { ...number, description: 'milliseconds, Unix epoch' },
          command: number,
          text,
          action: text,
          rules,
          go: { type: 'boolean' },
          frames: {
            type: 'array',
            items: { type: 'object', additionalProperties: true },
            description: 'what the client sent and saw, masked as it went out',
          },
          under: {
            type: 'object',
            additionalProperties: true,
            required: ['action', 'rules', 'parted', 'parting', 'after', 'notes'],
            properties: {
              action: text,
              rules,
              parted: { type: 'boolean', description: 'it would have gone otherwise' },
              parting: {
                enum: [
                  'same',
                  'masked',
                  'unmasked',
                  'unheld',
                  'denied',
                  'held',
                  'refused',
                  'limited',
                  'ran',
                  'unknown',
                ],
              },
              after: { type: 'boolean', description: 'behind the end of the branch' },
              notes: { type: 'array', items: text },
            },
          },
        },
      },
    },
    next: { ...number, description: 'give it as `from` to read on; absent: the end' },
    parted_at: { ...number, description: 'the first command that would have gone otherwise' },
    ended_at: { ...number, description: 'the first after which nothing is certain' },
    looked_to: { ...number, description: 'partings were looked for up to here; absent: all' },
  },
} as const

type Params = FromSchema<typeof sessionParamsSchema>
type Query = FromSchema<typeof querySchema>

export function addFilm(app: FastifyInstance, parts: FilmParts, callers: Callers): void {
  const { access, list, targetOf } = parts
  app.get<{ Params: Params; Querystring: Query }>(
    '/api/sessions/:id/film',
    {
      schema: {
        summary: 'a session as a film, also under another bundle',
        tags: ['sessions'],
        params: sessionParamsSchema,
        querystring: querySchema,
        response: { 200: filmSchema },
      },
      // What was recorded goes out as it is.
      serializerCompiler: () => (data: unknown) => JSON.stringify(data),
    },
    (request) =>
      callers.as(request, async (caller) => {
        const { id } = request.params
        const session = list.find(id) ?? (await parts.recorded(id))
        const about = session === undefined ? undefined : aboutSession(session, targetOf)
        if (about === undefined || !access.may('see_session', caller, about)) throw unknown(id)
        access.demand('watch_session', caller, about)
        const { from = '1', limit, under, brief } = request.query
        const most = brief === undefined ? LIMIT.most : LIMIT.brief
        const page = await parts.page({
          session: id,
          from: Number(from),
          limit: Math.min(most, Number(limit ?? LIMIT.usual)),
          brief: brief !== undefined,
          ...(under === undefined ? {} : { under }),
        })
        if (page === undefined) throw unknown(id)
        return page
      }),
  )
}

function unknown(id: string): GatewayError {
  return new GatewayError('not_found', `there is no session ${id}`)
}
