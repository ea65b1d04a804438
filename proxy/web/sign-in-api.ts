// Signing in to the console and out of it (OpenID Connect, authorization code with PKCE). The issuer says
// who somebody is; the token it gives is verified like any other caller's, and a new sign-in begins with a
// new id. What goes wrong leads to the first page with one word that says what.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FromSchema } from 'json-schema-to-ts'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { Attempt, CodeFlow, StepUp, Tokens } from '../identity/code-flow.js'
import type { Identity, Verify } from '../identity/identity.js'
import type { Log } from '../log.js'
import type { Callers } from './caller.js'
import type { Cookies } from './cookies.js'
import type { LoginAttempts } from './login-attempts.js'
import { ownPath } from './own-path.js'
import { newId, type SignedIn, type SignIns } from './sign-ins.js'
import { whyNotOurs } from './same-origin.js'

export type SignInApiParts = {
  readonly flow: CodeFlow
  readonly verify: Verify
  readonly signIns: SignIns
  readonly attempts: LoginAttempts<Attempt>
  readonly cookies: Cookies
  readonly origin: string
  // What is asked of the issuer where policies want a fresh sign-in.
  readonly stepUp: StepUp
  readonly clock: Clock
  readonly log: Log
  readonly onSignIn: (outcome: SignInOutcome, who: Identity | undefined, address: string) => void
}

export type SignInOutcome = 'signed_in' | 'denied' | 'expired' | 'failed' | 'unreachable'

const text = { type: 'string' } as const

// Whoever comes within an hour after somebody signed out may be somebody else.
const AGAIN_MS = 3_600_000

const loginQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    next: { ...text, description: 'path of the page to come back to' },
    again: {
      enum: ['yes'],
      description: 'the identity provider asks who it is, whoever was signed in there',
    },
    step_up: { enum: ['yes'], description: 'as policies ask for where they want a fresh sign-in' },
  },
} as const

type LoginQuery = FromSchema<typeof loginQuery>

const REDIRECT = { type: 'null', description: 'Location says where to' } as const

export function addSignIn(app: FastifyInstance, parts: SignInApiParts, callers: Callers): void {
  const { cookies, signIns } = parts
  app.get<{ Querystring: LoginQuery }>(
    '/auth/login',
    {
      schema: {
        summary: 'sign in: the browser goes to the identity provider',
        tags: ['sign-in'],
        open: true,
        querystring: loginQuery,
        response: { 302: REDIRECT },
      },
    },
    async (request, reply) => {
      if (callers.barred(request.ip)) {
        throw new GatewayError('limit_exceeded', 'too many failed sign-ins; wait a minute')
      }
      demandNavigation(request)
      const { next, again, step_up: stepUp } = request.query
      const browser = cookies.read(request, 'login') ?? newId()
      try {
        const { url, attempt } = await parts.flow.begin({
          ...(stepUp === 'yes' ? { stepUp: parts.stepUp } : {}),
          again: again === 'yes' || cookies.read(request, 'again') !== undefined,
        })
        const about = { secrets: attempt, next: ownPath(next), browser, address: request.ip }
        parts.attempts.begin(attempt.state, about)
        return await reply.header('set-cookie', cookies.line('login', browser)).redirect(url, 302)
      } catch (problem) {
        return notSignedIn(problem, request, reply)
      }
    },
  )

  app.get(
    '/auth/callback',
    {
      schema: {
        summary: 'where the identity provider sends the browser back to',
        description:
          'A sign-in that came to nothing leads to /?sign_in=denied|expired|failed|unreachable.',
        tags: ['sign-in'],
        open: true,
        response: { 302: REDIRECT },
      },
    },
    async (request, reply) => {
      if (callers.barred(request.ip)) {
        throw new GatewayError('limit_exceeded', 'too many failed sign-ins; wait a minute')
      }
      demandNavigation(request)
      try {
        const { signedIn, next } = await answered(request)
        const before = cookies.read(request, 'session')
        if (before !== undefined) signIns.end(before, 'replaced')
        const { id } = signIns.open(signedIn)
        parts.onSignIn('signed_in', signedIn.identity, request.ip)
        return await reply
          .header('set-cookie', [
            cookies.line('session', id),
            cookies.gone('login'),
            cookies.gone('again'),
          ])
          .redirect(next, 302)
      } catch (problem) {
        return notSignedIn(problem, request, reply)
      }
    },
  )

  app.post(
    '/auth/logout',
    {
      schema: {
        summary: 'sign out',
        tags: ['sign-in'],
        response: { 200: { type: 'object', properties: { signed_out: { type: 'boolean' } } } },
      },
    },
    async (request, reply) => {
      const id = cookies.read(request, 'session')
      const found = id === undefined ? undefined : await signIns.find(id)
      if (id !== undefined && found !== undefined) {
        const why = whyNotOurs(request, found.signIn.csrf, parts.origin)
        if (why !== undefined) throw new GatewayError('not_allowed', why)
        signIns.end(id, 'signed_out')
      }
      const lines = [cookies.gone('session'), cookies.line('again', newId(), AGAIN_MS)]
      return reply.header('set-cookie', lines).send({ signed_out: true })
    },
  )

  async function answered(
    request: FastifyRequest,
  ): Promise<{ readonly signedIn: SignedIn; readonly next: string }> {
    const answer = new URLSearchParams(request.url.slice(request.url.indexOf('?') + 1))
    const browser = cookies.read(request, 'login') ?? ''
    const attempt = parts.attempts.take(answer.get('state') ?? '', browser)
    if (attempt === undefined) {
      callers.failed(request.ip)
      throw new GatewayError('conflict', 'no sign-in is under way in this browser')
    }
    const tokens = await parts.flow.finish(answer, attempt.secrets)
    return { signedIn: await signedInBy(tokens, parts), next: attempt.next }
  }

  function notSignedIn(problem: unknown, request: FastifyRequest, reply: FastifyReply) {
    const outcome = outcomeOf(problem)
    if (outcome === undefined) throw problem
    if (outcome === 'failed') callers.failed(request.ip)
    const why = problem instanceof Error ? problem.message : ''
    parts.log.warn(
      { outcome, why, address: request.ip },
      'a sign-in at the console came to nothing',
    )
    parts.onSignIn(outcome, undefined, request.ip)
    return reply.redirect(`/?sign_in=${outcome}`, 302)
  }
}

// Pictures, frames and scripts of other pages must neither begin a sign-in nor use up its limits. Old browsers
// do not say.
function demandNavigation({ headers }: FastifyRequest): void {
  const use = headers['sec-fetch-dest']
  if (use === undefined || use === 'document') return
  throw new GatewayError('usage', 'this address is opened by people, not by pages')
}

async function signedInBy(tokens: Tokens, parts: SignInApiParts): Promise<SignedIn> {
  const { flow, clock } = parts
  let refresh = tokens.refresh
  const { authenticatedAtMs, acr } = tokens
  const proved = authenticatedAtMs === undefined ? {} : { authenticatedAtMs }
  const verified = async (token: string): Promise<Identity> => {
    const identity = { ...(await parts.verify(token)), ...proved }
    const isOurs = identity.facts.issuer === flow.issuer
    if (isOurs && identity.standing(clock.now()).valid) return identity
    identity.release?.()
    throw new GatewayError('token_invalid', 'the token is not of the issuer that was asked')
  }
  return {
    identity: await verified(tokens.token),
    authenticatedAtMs,
    acr,
    renew:
      refresh === undefined
        ? undefined
        : async () => {
            const newer = await flow.renew(refresh ?? '')
            refresh = newer.refresh
            return verified(newer.token)
          },
  }
}

function outcomeOf(problem: unknown): SignInOutcome | undefined {
  if (!(problem instanceof GatewayError)) return undefined
  switch (problem.code) {
    case 'not_allowed':
      return 'denied'
    case 'conflict':
      return 'expired'
    case 'issuer_unreachable':
      return 'unreachable'
    case 'token_invalid':
      return 'failed'
    default:
      return undefined
  }
}
