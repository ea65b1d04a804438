// Open sessions over HTTP: one's own, and all of them for those who review requests.
import type { FastifyInstance } from 'fastify'
import type { IdentityFacts } from '../../engine/schemas/facts.js'
import type { Identity } from '../identity/identity.js'
import type { Callers } from './caller.js'

export type OpenSession = {
  readonly id: string
  // `Identity.key` of who opened it.
  readonly key: string
  readonly identity: IdentityFacts
  readonly target: string
  readonly database: string
  readonly clientAddress: string
  readonly application: string
  readonly openedAtMs: number
}

export type SessionsParts = {
  readonly sessions: () => readonly OpenSession[]
  readonly mayReview: (viewer: Identity) => boolean
}

// Answered to one question; the record holds all.
const LISTED = 1_000

const text = { type: 'string' } as const

const sessionsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['sessions'],
  properties: {
    sessions: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'subject', 'issuer', 'name', 'kind', 'target', 'database', 'since'],
        properties: {
          id: text,
          subject: text,
          issuer: text,
          name: text,
          kind: text,
          target: text,
          database: text,
          client_address: text,
          application: text,
          since: text,
        },
      },
    },
  },
} as const

export function addSessions(app: FastifyInstance, parts: SessionsParts, callers: Callers): void {
  app.get('/api/sessions', { schema: { response: { 200: sessionsSchema } } }, (request) =>
    callers.as(request, (caller) => {
      const all = parts.mayReview(caller)
      const sessions = parts
        .sessions()
        .filter(({ key }) => all || key === caller.key)
        .slice(0, LISTED)
        .map(sessionView)
      return Promise.resolve({ sessions })
    }),
  )
}

function sessionView(session: OpenSession) {
  const { subject, issuer, name, kind } = session.identity
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
    since: new Date(session.openedAtMs).toISOString(),
  }
}
