// What a session did in the minutes before a command of it was held: for whoever may see the request and the
// session. Often it says more than the command.
import type { FastifyInstance } from 'fastify'
import type { FromSchema } from 'json-schema-to-ts'
import type { Answers } from '../approvals/answers.js'
import type { RecentCommands } from '../recent-commands.js'
import type { SessionList } from '../session-list.js'
import type { Access } from './access.js'
import { paramsSchema } from './approval-schemas.js'
import type { Callers } from './caller.js'
import { aboutSession, type TargetOf } from './session-views.js'

export type BeforeParts = {
  readonly approvals: Pick<Answers, 'one'>
  readonly recent: RecentCommands
  readonly list: Pick<SessionList, 'find'>
  readonly access: Access
  readonly targetOf: TargetOf
}

const text = { type: 'string' } as const

const beforeSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['before'],
  properties: {
    before: {
      type: 'array',
      description: 'oldest first; none once the session has ended',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['command', 'at', 'text', 'action', 'go'],
        properties: {
          command: { type: 'integer' },
          at: text,
          text: { ...text, description: 'as recorded: protected values replaced' },
          action: text,
          go: { type: 'boolean' },
        },
      },
    },
  },
} as const

export function addBefore(app: FastifyInstance, parts: BeforeParts, callers: Callers): void {
  const { approvals, recent, list, access, targetOf } = parts
  app.get<{ Params: FromSchema<typeof paramsSchema> }>(
    '/api/approvals/:id/before',
    {
      schema: {
        summary: 'what the session did in the minutes before',
        tags: ['approvals'],
        params: paramsSchema,
        response: { 200: beforeSchema },
      },
    },
    (request) =>
      callers.as(request, async (caller) => {
        const { session: id, command } = await approvals.one(caller, request.params.id)
        const session = list.find(id)
        const may =
          session !== undefined &&
          access.may('see_session', caller, aboutSession(session, targetOf))
        const commands = may ? recent.before(id, command) : []
        const before = commands.map(({ atMs, ...rest }) => ({
          ...rest,
          at: new Date(atMs).toISOString(),
        }))
        return { before }
      }),
  )
}
