// Sessions as the API shows them, and how they are described.
import type { TargetFacts } from '../../engine/schemas/facts.js'
import { identitySchema } from '../../engine/schemas/facts.js'
import type { ListedSession } from '../session-list.js'
import type { About } from './access.js'

const text = { type: 'string' } as const
const number = { type: 'integer', minimum: 0 } as const

const fields = {
  id: text,
  subject: text,
  issuer: text,
  name: text,
  kind: text,
  target: text,
  database: text,
  client_address: text,
  application: text,
  since: { ...text, description: 'RFC 3339' },
  ended_at: { ...text, description: 'absent while it is live, and where nobody wrote it down' },
  live: { type: 'boolean' },
  state: {
    enum: ['live', 'ended', 'refused', 'lost'],
    description: 'lost: open when the gateway ended without a word',
  },
  reason: { ...text, description: 'why it ended, or was refused' },
  commands: number,
  denials: { ...number, description: 'commands that did not run' },
  held: { ...number, description: 'commands that waited for approval' },
  masked: { ...number, description: 'commands whose answer was masked' },
} as const

const required = [
  'id',
  'subject',
  'issuer',
  'name',
  'kind',
  'target',
  'database',
  'since',
  'live',
  'state',
  'commands',
  'denials',
  'held',
  'masked',
] as const

export const sessionSchema = {
  type: 'object',
  additionalProperties: false,
  required,
  properties: fields,
} as const

// With what the caller may do to it.
export const oneSessionSchema = {
  type: 'object',
  additionalProperties: false,
  required: [...required, 'identity', 'may'],
  properties: {
    ...fields,
    identity: identitySchema,
    may: {
      type: 'object',
      additionalProperties: false,
      required: ['watch', 'end'],
      properties: { watch: { type: 'boolean' }, end: { type: 'boolean' } },
    },
  },
} as const

export const sessionsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['sessions', 'complete'],
  properties: {
    sessions: { type: 'array', items: sessionSchema },
    next: { ...text, description: 'give it as `before` to see older ones' },
    complete: { type: 'boolean', description: 'false while older records are still read' },
  },
} as const

export function sessionView(session: ListedSession) {
  const { subject, issuer, name, kind } = session.identity
  const { endedMs, reason } = session
  return {
    id: session.id,
    subject,
    issuer,
    name,
    kind,
    target: session.target,
    database: session.database,
    client_address: session.clientAddress,
    application: session.application,
    since: new Date(session.sinceMs).toISOString(),
    ...(endedMs === undefined ? {} : { ended_at: new Date(endedMs).toISOString() }),
    live: session.state === 'live',
    state: session.state,
    ...(reason === undefined ? {} : { reason }),
    commands: session.commands,
    denials: session.denials,
    held: session.held,
    masked: session.masked,
  }
}

// Labels are those of today: the record does not repeat them for each session.
export type TargetOf = (name: string, database: string) => TargetFacts

export function aboutSession(
  session: Pick<ListedSession, 'identity' | 'target' | 'database' | 'state'>,
  targetOf: TargetOf,
): About {
  const { identity, target, database, state } = session
  return { session: { identity, target: targetOf(target, database), live: state === 'live' } }
}
