// Who the caller is, and what the policies let them do in the console: which pages make sense. Nothing is
// decided by it; each request is asked about anew.
import type { FastifyInstance } from 'fastify'
import type { IdentityFacts } from '../../engine/schemas/facts.js'
import type { Identity } from '../identity/identity.js'
import type { Access } from './access.js'
import type { Callers } from './caller.js'

export type MeParts = {
  readonly access: Access
  // May settle requests of others; may put policies in force.
  readonly mayReview: (viewer: Identity) => boolean
  readonly mayOperate: (viewer: Identity) => boolean
}

const text = { type: 'string' } as const
const bool = { type: 'boolean' } as const

const meSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['subject', 'issuer', 'name', 'kind', 'groups', 'expires_at', 'csrf', 'may'],
  properties: {
    subject: text,
    issuer: text,
    name: text,
    kind: text,
    groups: { type: 'array', items: text },
    expires_at: { ...text, description: 'of the token behind this' },
    csrf: { ...text, description: 'for the header x-csrf-token; empty for bearer tokens' },
    authenticated_at: { ...text, description: 'when the person last proved who they are' },
    may: {
      type: 'object',
      additionalProperties: false,
      required: ['review', 'operate', 'auditors', 'search', 'policies', 'health', 'try_others'],
      properties: {
        review: { ...bool, description: 'see what waits for approval' },
        operate: { ...bool, description: 'put policies in force' },
        auditors: { ...bool, description: 'search in what everybody did' },
        search: bool,
        policies: bool,
        health: bool,
        try_others: { ...bool, description: 'try commands as somebody else' },
      },
    },
  },
} as const

const SOMEBODY: IdentityFacts = {
  subject: '',
  issuer: '',
  name: '',
  kind: 'human',
  groups: [],
  actor: [],
  claims: {},
  mfa: false,
}

export function addMe(app: FastifyInstance, parts: MeParts, callers: Callers): void {
  const { access } = parts
  app.get(
    '/api/me',
    {
      schema: {
        summary: 'who the caller is, and what they may do',
        tags: ['sign-in'],
        response: { 200: meSchema },
      },
    },
    async (request) => {
      const { caller, signIn, release } = await callers.admit(request)
      try {
        const { subject, issuer, name, kind, groups } = caller.facts
        const at = signIn?.authenticatedAtMs
        const search = access.may('search', caller)
        return {
          subject,
          issuer,
          name,
          kind,
          groups,
          expires_at: new Date(caller.expiresAtMs).toISOString(),
          csrf: signIn?.csrf ?? '',
          ...(at === undefined ? {} : { authenticated_at: new Date(at).toISOString() }),
          may: {
            review: parts.mayReview(caller),
            operate: parts.mayOperate(caller),
            auditors: search,
            search,
            policies: access.may('see_policies', caller),
            health: access.may('see_health', caller),
            try_others: access.may('try', caller, { as: SOMEBODY }),
          },
        }
      } finally {
        release()
      }
    },
  )
}
