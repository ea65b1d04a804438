// Whether somebody sees a session, for lists and streams that ask about thousands: what makes the answer is the
// same for all sessions of one person at one target, and is asked of the policies once in a while.
import type { Clock } from '../clock.js'
import type { Identity } from '../identity/identity.js'
import type { ListedSession } from '../session-list.js'
import type { Access } from './access.js'
import { WEB_LIMITS } from './limits.js'
import { aboutSession, type TargetOf } from './session-views.js'

export type SessionSight = (
  caller: Identity,
  session: Pick<ListedSession, 'identity' | 'target' | 'database' | 'state'>,
) => boolean

type Facts = Identity['facts']
type Seen = { readonly version: number; readonly atMs: number; readonly may: boolean }

export function createSessionSight(parts: {
  readonly access: Access
  readonly targetOf: TargetOf
  readonly clock: Pick<Clock, 'now'>
}): SessionSight {
  const { access, targetOf, clock } = parts
  // By the facts themselves: whoever has other groups has other facts.
  const known = new WeakMap<Facts, WeakMap<Facts, Map<string, Seen>>>()
  const answersFor = (viewer: Facts, owner: Facts): Map<string, Seen> => {
    let owners = known.get(viewer)
    if (owners === undefined) known.set(viewer, (owners = new WeakMap()))
    let answers = owners.get(owner)
    if (answers === undefined) owners.set(owner, (answers = new Map()))
    return answers
  }
  return (caller, session) => {
    const answers = answersFor(caller.facts, session.identity)
    const place = `${session.target}\n${session.database}\n${session.state === 'live'}`
    const before = answers.get(place)
    const [version, atMs] = [access.version(), clock.now()]
    if (
      before?.version === version &&
      // A clock that went back makes it old as well.
      Math.abs(atMs - before.atMs) < WEB_LIMITS.sightMs
    ) {
      return before.may
    }
    const may = access.may('see_session', caller, aboutSession(session, targetOf))
    answers.set(place, { version, atMs, may })
    return may
  }
}
