// Approvals of scope `session`: they stand until the session, which lives in this process, is over.
import type { Grant } from '../../engine/schemas/facts.js'
import { APPROVAL_LIMITS } from './limits.js'

export type StandingGrants = {
  readonly add: (session: string, grant: Grant) => void
  readonly of: (session: string) => Grant[]
  readonly forget: (session: string) => void
}

export function createStandingGrants(): StandingGrants {
  const sessions = new Map<string, readonly Grant[]>()
  return {
    add(session, grant) {
      const before = sessions.get(session) ?? []
      if (before.length >= APPROVAL_LIMITS.grantsPerSession) return
      sessions.set(session, [...before, grant])
      if (sessions.size > APPROVAL_LIMITS.grantedSessions) {
        const [oldest] = sessions.keys()
        if (oldest !== undefined) sessions.delete(oldest)
      }
    },
    of: (session) => [...(sessions.get(session) ?? [])],
    forget(session) {
      sessions.delete(session)
    },
  }
}
