// All that signing in needs, put together for one listener: cookies by how people reach it, attempts, the
// people who are signed in, and the routes.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../clock.js'
import type { Attempt, CodeFlow, StepUp } from '../identity/code-flow.js'
import type { Identity, Verify } from '../identity/identity.js'
import type { Log } from '../log.js'
import type { Callers, CookieCallers } from './caller.js'
import { cookiesFor } from './cookies.js'
import { createLoginAttempts } from './login-attempts.js'
import { addSignIn, type SignInOutcome } from './sign-in-api.js'
import { createSignIns, type SignInEnd } from './sign-ins.js'

export type ConsoleOptions = {
  readonly flow: CodeFlow
  // How people reach it: scheme, host and port.
  readonly origin: string
  readonly idleMs: number
  readonly absoluteMs: number
  readonly stepUp: StepUp
  readonly onSignIn: (outcome: SignInOutcome, who: Identity | undefined, address: string) => void
  readonly onSignInEnd: (who: Identity, why: SignInEnd) => void
}

export type SignInDesk = {
  readonly callers: CookieCallers
  readonly add: (callers: Callers) => void
  readonly count: () => number
}

export function createSignInDesk(
  app: FastifyInstance,
  options: ConsoleOptions,
  parts: { readonly verify: Verify; readonly clock: Clock; readonly log: Log },
): SignInDesk {
  const { origin, idleMs, absoluteMs, onSignInEnd } = options
  const cookies = cookiesFor(origin.startsWith('https:'))
  const signIns = createSignIns({ clock: parts.clock, idleMs, absoluteMs, onEnd: onSignInEnd })
  app.addHook('onClose', async () => signIns.close())
  const replies = new WeakMap<FastifyRequest, FastifyReply>()
  app.addHook('onRequest', async (request, reply) => {
    replies.set(request, reply)
  })
  return {
    callers: {
      signIns,
      cookies,
      origin,
      renewed: (request, line) => replies.get(request)?.header('set-cookie', line),
    },
    add: (callers) =>
      addSignIn(
        app,
        {
          ...parts,
          flow: options.flow,
          stepUp: options.stepUp,
          onSignIn: options.onSignIn,
          attempts: createLoginAttempts<Attempt>(parts.clock),
          signIns,
          cookies,
          origin,
        },
        callers,
      ),
    count: signIns.count,
  }
}
