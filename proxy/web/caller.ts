// Who calls: a bearer token (RFC 6750 §2.1), verified for each request, or a person who is signed in to the
// console. An address that keeps sending what is refused is not listened to for a while. Where both come,
// the token counts: whoever can set that header needs no cookie.
import type { FastifyRequest } from 'fastify'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { Identity, Verify } from '../identity/identity.js'
import type { Cookies } from './cookies.js'
import { WEB_LIMITS } from './limits.js'
import { whyNotOurs } from './same-origin.js'
import type { SignIn, SignIns } from './sign-ins.js'

export type Callers = {
  // Verifies, does the work, and lets go of the identity.
  readonly as: <Result>(
    request: FastifyRequest,
    work: (caller: Identity, signIn: SignIn | undefined) => Promise<Result>,
  ) => Promise<Result>
  // The same for work that outlasts the request: the identity is let go of by `release`.
  readonly admit: (request: FastifyRequest) => Promise<Admitted>
  // For whoever else refuses credentials: counts one, and whether that was too many.
  readonly failed: (address: string) => void
  readonly barred: (address: string) => boolean
}

export type Admitted = {
  readonly caller: Identity
  // Where a cookie brought them.
  readonly signIn: SignIn | undefined
  readonly release: () => void
}

// What signed-in people need; absent where there is no console.
export type CookieCallers = {
  readonly signIns: SignIns
  readonly cookies: Cookies
  // Scheme, host and port of the console.
  readonly origin: string
  // A cookie that the answer to this request should set.
  readonly renewed: (request: FastifyRequest, line: string) => void
}

// RFC 6750 §2.1: b64token.
const BEARER = /^Bearer ([A-Za-z0-9\-._~+/]+=*)$/i

export function createCallers(verify: Verify, clock: Clock, console?: CookieCallers): Callers {
  const failures = new Map<string, { count: number; readonly since: number }>()

  const failed = (address: string): void => {
    const now = clock.now()
    const before = failures.get(address)
    failures.delete(address)
    const stale = before === undefined || now - before.since > WEB_LIMITS.failureWindowMs
    failures.set(address, stale ? { count: 1, since: now } : { ...before, count: before.count + 1 })
    if (failures.size > WEB_LIMITS.failureAddresses) {
      const [oldest] = failures.keys()
      if (oldest !== undefined) failures.delete(oldest)
    }
  }

  const barred = (address: string): boolean => {
    const before = failures.get(address)
    if (before === undefined || before.count < WEB_LIMITS.failures) return false
    return clock.now() - before.since <= WEB_LIMITS.failureWindowMs
  }

  const signedIn = async (request: FastifyRequest): Promise<SignIn | undefined> => {
    if (console === undefined || request.headers.authorization !== undefined) return undefined
    const { signIns, cookies, origin, renewed } = console
    const id = cookies.read(request, 'session')
    if (id === undefined) return undefined
    const found = await signIns.find(id)
    if (found === undefined) return undefined
    const why = whyNotOurs(request, found.signIn.csrf, origin)
    if (why !== undefined) throw new GatewayError('not_allowed', why)
    if (found.nextId !== undefined) renewed(request, cookies.line('session', found.nextId))
    return found.signIn
  }

  const withToken = async (request: FastifyRequest): Promise<Identity> => {
    if (barred(request.ip)) {
      throw new GatewayError('limit_exceeded', 'too many refused tokens; wait a minute')
    }
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1]
    try {
      if (token === undefined)
        throw new GatewayError('token_invalid', HOW[console === undefined ? 'token' : 'both'])
      return standing(await verify(token), clock)
    } catch (problem) {
      const counts = token !== undefined || request.headers.authorization !== undefined
      // A page that asks who is signed in is no attempt at anything.
      const guessed = counts || console === undefined
      const isBad = problem instanceof GatewayError && problem.code === 'token_invalid'
      if (isBad && guessed) failed(request.ip)
      throw problem
    }
  }

  const admit: Callers['admit'] = async (request) => {
    const signIn = await signedIn(request)
    if (signIn !== undefined) {
      return { caller: standing(signIn.identity, clock, true), signIn, release: () => undefined }
    }
    const caller = await withToken(request)
    return { caller, signIn: undefined, release: () => caller.release?.() }
  }

  return {
    admit,
    failed,
    barred,
    async as(request, work) {
      const { caller, signIn, release } = await admit(request)
      try {
        return await work(caller, signIn)
      } finally {
        release()
      }
    },
  }
}

const HOW = {
  token: 'send “Authorization: Bearer TOKEN”',
  both: 'sign in at /auth/login, or send “Authorization: Bearer TOKEN”',
}

function standing(caller: Identity, clock: Clock, kept = false): Identity {
  const found = caller.standing(clock.now())
  if (found.valid) return caller
  if (!kept) caller.release?.()
  const words = `the token is no longer valid (${found.why}); ${found.how}`
  throw new GatewayError('token_invalid', words)
}
