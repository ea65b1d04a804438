// The sessions that are open now: counted against the limits, each opening and closing recorded, and
// every one within reach of an operator who must end it.
import type { Clock } from './clock.js'
import { GatewayError } from './errors.js'
import type { Identity } from './identity/identity.js'
import type { Recorder } from './recording/recorder.js'
import type { Session } from './session.js'

export type OpenSession = {
  readonly session: Session
  readonly sinceMs: number
  readonly end: (sqlstate: string, message: string) => void
}

export type OpenSessions = {
  // Why one more cannot be taken, or undefined.
  readonly full: (identity: Identity | undefined) => string | undefined
  readonly opened: (session: Session, end: OpenSession['end']) => Promise<void>
  readonly closed: (session: Session, reason: string) => void
  readonly refused: (why: string, about: Refused) => void
  readonly all: () => readonly OpenSession[]
  readonly count: () => number
}

export type Refused = {
  readonly clientAddress: string
  readonly identity?: Identity
  readonly target?: string
}

export type OpenSessionsParts = {
  readonly clock: Clock
  readonly recorder: Recorder
  readonly limits: () => { readonly sessions: number; readonly sessionsPerIdentity: number }
  readonly newId: () => string
  readonly onOpened: (target: string) => void
  readonly onRefused: (why: string) => void
  readonly onClosed: (session: string) => void
}

export function createOpenSessions(parts: OpenSessionsParts): OpenSessions {
  const open = new Map<string, OpenSession>()
  const perIdentity = new Map<string, number>()
  const count = (key: string, by: number): void => {
    const now = (perIdentity.get(key) ?? 0) + by
    if (now > 0) perIdentity.set(key, now)
    else perIdentity.delete(key)
  }
  const full = (identity: Identity | undefined): string | undefined => {
    const { sessions, sessionsPerIdentity } = parts.limits()
    if (open.size >= sessions) return 'the gateway has no room for another session'
    if (identity === undefined) return undefined
    if ((perIdentity.get(identity.key) ?? 0) < sessionsPerIdentity) return undefined
    return `you have ${sessionsPerIdentity} open sessions, which is the most allowed`
  }
  return {
    full,
    opened: async (session, end) => {
      // Asked again: others may have opened since, while this one logged in at the target.
      const crowded = full(session.identity)
      if (crowded !== undefined) throw new GatewayError('limit_exceeded', crowded)
      open.set(session.id, { session, sinceMs: parts.clock.now(), end })
      count(session.identity.key, 1)
      const { identity, target, clientAddress, application } = session
      const failure = await new Promise<Error | undefined>((resolve) =>
        parts.recorder.session(
          {
            session: session.id,
            event: 'opened',
            identity: identity.facts,
            target: target.name,
            database: target.database,
            clientAddress,
            application,
          },
          resolve,
        ),
      )
      if (failure !== undefined) {
        throw new GatewayError('record_failed', 'the session cannot be recorded', {
          cause: failure,
        })
      }
      parts.onOpened(target.name)
    },
    closed: (session, reason) => {
      if (!open.delete(session.id)) return
      count(session.identity.key, -1)
      parts.recorder.session({ session: session.id, event: 'closed', reason })
      parts.onClosed(session.id)
    },
    refused: (reason, { clientAddress, identity, target }) => {
      parts.recorder.session({
        session: parts.newId(),
        event: 'refused',
        reason,
        clientAddress,
        ...(identity === undefined ? {} : { identity: identity.facts }),
        ...(target === undefined ? {} : { target }),
      })
      parts.onRefused(identity === undefined ? 'token' : 'session')
    },
    all: () => [...open.values()],
    count: () => open.size,
  }
}
