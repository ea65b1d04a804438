// Approvals of scope `session` that a held command asked for: they stand for the session that asked, which
// lives in this process, until it is over or as long as the terms gave.
import type { Grant } from '../../engine/schemas/facts.js'
import { APPROVAL_LIMITS } from './limits.js'

export type StandingGrants = {
  readonly add: (session: string, grant: Grant) => void
  // The same list while nothing of it changes.
  readonly of: (session: string, now: number) => Grant[]
  readonly forget: (session: string) => void
}

type Standing = { readonly grants: Grant[]; readonly nextEnd: number }

const NONE: Grant[] = []

export function createStandingGrants(): StandingGrants {
  const sessions = new Map<string, Standing>()
  const keep = (session: string, grants: Grant[]): Grant[] => {
    if (grants.length === 0) sessions.delete(session)
    else sessions.set(session, { grants, nextEnd: Math.min(...grants.map(endOf)) })
    return grants
  }
  return {
    add(session, grant) {
      const before = sessions.get(session)?.grants ?? NONE
      if (before.length >= APPROVAL_LIMITS.grantsPerSession) return
      keep(session, [...before, grant])
      if (sessions.size > APPROVAL_LIMITS.grantedSessions) {
        const [oldest] = sessions.keys()
        if (oldest !== undefined) sessions.delete(oldest)
      }
    },
    of(session, now) {
      const standing = sessions.get(session)
      if (standing === undefined) return NONE
      if (now < standing.nextEnd) return standing.grants
      return keep(
        session,
        standing.grants.filter((grant) => endOf(grant) > now),
      )
    },
    forget(session) {
      sessions.delete(session)
    },
  }
}

function endOf({ until }: Grant): number {
  return until === undefined ? Infinity : Date.parse(until)
}
