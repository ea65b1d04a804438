// Sessions over HTTP, live and ended: those that the policies let the caller see, one of them, and the end
// of one that is live. A session that somebody may not see is for them as if it did not exist.
import type { FastifyInstance } from 'fastify'
import type { FromSchema } from 'json-schema-to-ts'
import { GatewayError } from '../errors.js'
import type { Identity } from '../identity/identity.js'
import type { ListedSession, SessionList } from '../session-list.js'
import type { Access } from './access.js'
import type { Callers } from './caller.js'
import type { OlderPage, OlderSessions } from './search-sessions.js'
import type { SessionSight } from './session-sight.js'
import {
  aboutSession,
  oneSessionSchema,
  sessionsSchema,
  sessionView,
  type TargetOf,
} from './session-views.js'

export type SessionsParts = {
  readonly list: Pick<SessionList, 'find' | 'all' | 'complete' | 'forgotten'>
  readonly access: Access
  readonly targetOf: TargetOf
  readonly sight: SessionSight
  // Beyond those of the list; absent where there is no index.
  readonly older?: OlderSessions
  // Ends a live session: its client is told why. False where it is not live.
  readonly end: (id: string, by: Identity, reason: string) => boolean
}

const LISTED = { usual: 100, most: 1_000 } as const

const text = { type: 'string', maxLength: 500 } as const

const querySchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    state: { enum: ['live', 'ended', 'refused', 'all'], description: 'default: live and ended' },
    target: text,
    person: { ...text, description: 'part of the name or the subject' },
    before: { ...text, description: '`next` of the page before' },
    limit: { type: 'string', pattern: '^[1-9][0-9]{0,3}$', description: 'default 100, most 1000' },
  },
} as const

/** The path of one session, of its film and of what is done to it. */
export const sessionParamsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['id'],
  properties: { id: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' } },
} as const

const bodySchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    reason: { type: 'string', maxLength: 500, description: 'the client and the record are told' },
  },
} as const

const endedSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'ended'],
  properties: { id: { type: 'string' }, ended: { type: 'boolean' } },
} as const

type Query = FromSchema<typeof querySchema>
type Params = FromSchema<typeof sessionParamsSchema>
type Body = FromSchema<typeof bodySchema>

export function addSessions(app: FastifyInstance, parts: SessionsParts, callers: Callers): void {
  const { access, list, older, sight, targetOf } = parts
  const seen = async (caller: Identity, id: string): Promise<ListedSession> => {
    const session = list.find(id) ?? (await older?.find(id))
    if (session !== undefined && sight(caller, session)) return session
    throw new GatewayError('not_found', `there is no session ${id}`)
  }

  // What had to make room in the list, out of the index. Where it cannot be asked the list says so.
  const beyond = async (
    caller: Identity,
    { isWanted, states }: Wanted,
    place: Place | undefined,
    limit: number,
  ): Promise<OlderPage> => {
    const forgotten = list.forgotten()
    if (older === undefined || forgotten === undefined) return NO_MORE
    // Whoever read on from one that was forgotten meanwhile goes on behind it.
    const shown = place?.line === undefined ? place?.id : undefined
    const session = shown !== undefined && list.find(shown) === undefined ? shown : forgotten
    const from = place?.line === undefined ? { session } : { before: place.line }
    const isListed = (id: string): boolean => id === shown || list.find(id) !== undefined
    const asked = { caller, isWanted, states, from, limit, isListed }
    const page = await older.page(asked).catch((problem: unknown) => {
      if (problem instanceof GatewayError) return { ...NO_MORE, complete: false }
      throw problem
    })
    return { ...page, ...(page.next === undefined ? {} : { next: `${LINE}${page.next}` }) }
  }

  app.get<{ Querystring: Query }>(
    '/api/sessions',
    {
      schema: {
        summary: 'sessions that the caller may see, newest first',
        tags: ['sessions'],
        querystring: querySchema,
        response: { 200: sessionsSchema },
      },
    },
    (request) =>
      callers.as(request, async (caller) => {
        const { limit, before } = request.query
        const most = Math.min(LISTED.most, Number(limit ?? LISTED.usual))
        const wanted = wantedBy(request.query)
        const place = before === undefined ? undefined : placeOf(before)
        const found: ListedSession[] = []
        let more = false
        if (place?.line === undefined) {
          for (const session of list.all()) {
            if (!wanted.is(session) || (place !== undefined && !isOlder(session, place))) continue
            if (!sight(caller, session)) continue
            more = found.length === most
            if (more) break
            found.push(session)
          }
        }
        const last = found.at(-1)
        // A list that ends with the page may go on in the index.
        if (found.length === most && older !== undefined) more ||= list.forgotten() !== undefined
        if (more && last !== undefined) {
          const next = cursorOf(last)
          return { sessions: found.map(sessionView), next, complete: list.complete() }
        }
        const page = await beyond(caller, wanted, place, most - found.length)
        return {
          sessions: [...found, ...page.sessions].map(sessionView),
          ...(page.next === undefined ? {} : { next: page.next }),
          complete: list.complete() && page.complete,
        }
      }),
  )

  app.get<{ Params: Params }>(
    '/api/sessions/:id',
    {
      schema: {
        summary: 'one session',
        tags: ['sessions'],
        params: sessionParamsSchema,
        response: { 200: oneSessionSchema },
      },
    },
    (request) =>
      callers.as(request, async (caller) => {
        const session = await seen(caller, request.params.id)
        const about = aboutSession(session, targetOf)
        return {
          ...sessionView(session),
          identity: session.identity,
          may: {
            watch: access.may('watch_session', caller, about),
            end: session.state === 'live' && access.may('end_session', caller, about),
          },
        }
      }),
  )

  app.delete<{ Params: Params; Body: Body | undefined }>(
    '/api/sessions/:id',
    {
      schema: {
        summary: 'end a live session; its client is told why',
        tags: ['sessions'],
        params: sessionParamsSchema,
        body: bodySchema,
        response: { 200: endedSchema },
      },
    },
    (request) =>
      callers.as(request, async (caller) => {
        const session = await seen(caller, request.params.id)
        access.demand('end_session', caller, aboutSession(session, targetOf))
        const ended = parts.end(session.id, caller, oneLine(request.body?.reason ?? ''))
        if (!ended) throw new GatewayError('conflict', `session ${session.id} is not live`)
        return { id: session.id, ended }
      }),
  )
}

type Wanted = {
  readonly is: (session: ListedSession) => boolean
  // By who and where alone.
  readonly isWanted: (session: Pick<ListedSession, 'identity' | 'target'>) => boolean
  readonly states: readonly ListedSession['state'][]
}

function wantedBy({ state, target, person }: Query): Wanted {
  const states: Wanted['states'] =
    state === undefined || state === 'all'
      ? ['live', 'ended', 'lost']
      : state === 'ended'
        ? ['ended', 'lost']
        : [state]
  const words = person?.toLowerCase()
  const isWanted: Wanted['isWanted'] = (session) =>
    (target === undefined || session.target === target) &&
    (words === undefined ||
      [session.identity.name, session.identity.subject].some((one) =>
        one.toLowerCase().includes(words),
      ))
  return { states, isWanted, is: (one) => states.includes(one.state) && isWanted(one) }
}

// Time and id of the last one shown: stays good while sessions come and go. Beyond the list: its line.
function cursorOf({ sinceMs, id }: ListedSession): string {
  return `${sinceMs}.${id}`
}

type Place =
  | { readonly sinceMs: number; readonly id: string; readonly line?: undefined }
  | { readonly line: string }

const LINE = 'line-'
const NO_MORE: OlderPage = { sessions: [], complete: true }

function placeOf(before: string): Place {
  const [, line] = /^line-(\d{1,15})$/.exec(before) ?? []
  if (line !== undefined) return { line }
  const [, since, id] = /^(\d{1,16})\.([A-Za-z0-9_-]{1,64})$/.exec(before) ?? []
  if (since === undefined || id === undefined) {
    throw new GatewayError('usage', '`before` is not the `next` of another page')
  }
  return { sinceMs: Number(since), id }
}

function isOlder(session: ListedSession, edge: Extract<Place, { readonly id: string }>): boolean {
  return session.sinceMs === edge.sinceMs ? session.id < edge.id : session.sinceMs < edge.sinceMs
}

// Goes to the client's terminal and to the record.
function oneLine(reason: string): string {
  return reason.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]+/gu, ' ').trim()
}
