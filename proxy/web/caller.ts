// Who calls: a bearer token (RFC 6750 §2.1), verified for each request. An address that keeps sending
// tokens that are refused is not listened to for a while.
import type { FastifyRequest } from 'fastify'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { Identity, Verify } from '../identity/identity.js'
import { WEB_LIMITS } from './limits.js'

export type Callers = {
  // Verifies, does the work, and lets go of the identity.
  readonly as: <Result>(
    request: FastifyRequest,
    work: (caller: Identity) => Promise<Result>,
  ) => Promise<Result>
}

// RFC 6750 §2.1: b64token.
const BEARER = /^Bearer ([A-Za-z0-9\-._~+/]+=*)$/i

export function createCallers(verify: Verify, clock: Clock): Callers {
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

  return {
    async as(request, work) {
      const address = request.ip
      if (barred(address)) {
        throw new GatewayError('limit_exceeded', 'too many refused tokens; wait a minute')
      }
      const token = BEARER.exec(request.headers.authorization ?? '')?.[1]
      let caller: Identity
      try {
        if (token === undefined) {
          throw new GatewayError('token_invalid', 'send “Authorization: Bearer TOKEN”')
        }
        caller = await verify(token)
        const standing = caller.standing(clock.now())
        if (!standing.valid) {
          caller.release?.()
          const words = `the token is no longer valid (${standing.why}); ${standing.how}`
          throw new GatewayError('token_invalid', words)
        }
      } catch (problem) {
        if (problem instanceof GatewayError && problem.code === 'token_invalid') failed(address)
        throw problem
      }
      try {
        return await work(caller)
      } finally {
        caller.release?.()
      }
    },
  }
}
