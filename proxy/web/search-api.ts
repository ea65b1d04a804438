// Searching the record over HTTP, and how often each rule spoke. What one may not see is not found: the policies
// are asked for each identity on each target, and only what is of those that one may see is looked at.
import type { FastifyInstance } from 'fastify'
import type { FromSchema } from 'json-schema-to-ts'
import { GatewayError } from '../errors.js'
import type { Identity } from '../identity/identity.js'
import { GROUPINGS, type Standing } from '../search/answers.js'
import { ownQuestion } from '../search/asked-fields.js'
import type { ActiveRule } from '../search/rule-hits.js'
import type { SearchThread } from '../search/search-thread.js'
import type { Seen } from '../search/seen.js'
import type { Access } from './access.js'
import type { Callers } from './caller.js'
import { groupedSchema, rulesSchema, searchSchema } from './search-views.js'

export type SearchParts = {
  readonly thread: Pick<
    SearchThread,
    'search' | 'grouped' | 'rules' | 'seen' | 'sessions' | 'named' | 'status'
  >
  // Of the bundle that decides; undefined where it does not say.
  readonly activeRules: () => readonly ActiveRule[] | undefined
}

const text = { type: 'string', maxLength: 500 } as const

const querySchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    q: {
      type: 'string',
      maxLength: 2000,
      description: 'a question as `sallyport search` takes it: column:customers.ssn "free text"',
    },
    person: text,
    target: text,
    object: text,
    column: text,
    label: text,
    rule: text,
    action: text,
    env: text,
    session: text,
    from: { ...text, description: 'from this time on' },
    to: { ...text, description: 'before this time' },
    limit: { type: 'string', pattern: '^[1-9][0-9]{0,2}$', description: 'default 50, most 500' },
    cursor: { ...text, description: '`next` of the page before' },
  },
} as const

const groupsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['by'],
  properties: {
    by: { enum: GROUPINGS },
    ...querySchema.properties,
  },
} as const

type Asked = FromSchema<typeof querySchema>
type GroupsAsked = FromSchema<typeof groupsSchema>

const TAGS = ['search'] as const
// Of one request, each as long as one answer may take.
const LOOKS = 5

export function addSearch(
  app: FastifyInstance,
  parts: SearchParts,
  access: Access,
  callers: Callers,
): void {
  const { thread, activeRules } = parts
  const seenBy = (caller: Identity): Promise<Seen> | undefined =>
    access.may('search', caller)
      ? undefined
      : thread.seen(({ identity, target }) =>
          access.may('see_session', caller, { session: { identity, target, live: false } }),
        )
  // Between looking who may be seen and asking, the index may have been made anew.
  const asking = async <Answer extends { readonly standing: Standing }>(
    caller: Identity,
    ask: (seen: Seen | undefined) => Promise<Answer>,
  ): Promise<Answer> => {
    try {
      const seen = await seenBy(caller)
      return told(await ask(seen), seen)
    } catch (problem) {
      if (!(problem instanceof GatewayError) || problem.code !== 'conflict') throw problem
      const seen = await seenBy(caller)
      return told(await ask(seen), seen)
    }
  }

  app.get<{ Querystring: Asked }>(
    '/api/search',
    {
      schema: {
        summary: 'who did what, newest first',
        tags: TAGS,
        querystring: querySchema,
        response: { 200: searchSchema },
      },
    },
    (request) =>
      callers.as(request, (caller) => {
        const { limit, cursor } = request.query
        const asked = {
          question: ownQuestion(request.query),
          cursor,
          ...(limit === undefined ? {} : { limit: Number(limit) }),
        }
        return asking(caller, async (seen) => {
          let page = await thread.search({ ...asked, seen })
          // Looking that came to nothing in its time goes on for a while: people take an empty page for an end.
          for (let looks = 1; looks < LOOKS && page.hits.length === 0; looks += 1) {
            if (page.next === undefined) break
            page = await thread.search({ ...asked, cursor: page.next, seen })
          }
          return page
        })
      }),
  )
  app.get<{ Querystring: GroupsAsked }>(
    '/api/search/groups',
    {
      schema: {
        summary: 'how many commands, and the rows they returned, by person, target, rule …',
        tags: TAGS,
        querystring: groupsSchema,
        response: { 200: groupedSchema },
      },
    },
    (request) =>
      callers.as(request, (caller) => {
        const { by } = request.query
        const question = ownQuestion(request.query)
        return asking(caller, (seen) => thread.grouped({ question, by, seen }))
      }),
  )
  app.get(
    '/api/policy/rules',
    {
      schema: {
        summary: 'how often each rule spoke, and which of the active bundle never did',
        tags: ['policy'],
        response: { 200: rulesSchema },
      },
    },
    (request) =>
      callers.as(request, async (caller) => {
        access.demand('see_policies', caller)
        return { rules: await thread.rules(activeRules()) }
      }),
  )
}

// That something is missing is for everybody; which lines and files, for who may search all.
function told<Answer extends { readonly standing: Standing }>(
  answer: Answer,
  seen: Seen | undefined,
): Answer {
  if (seen === undefined) return answer
  const { behind_bytes: behind, gaps, more_gaps: more } = answer.standing
  const standing = { behind_bytes: behind, gaps: [], more_gaps: gaps.length + more }
  return { ...answer, standing }
}
