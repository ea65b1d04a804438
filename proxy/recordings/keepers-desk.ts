// What people do to recordings: put them under legal hold, end a hold, delete one. Who may is a matter of
// groups (`recordings.keepers`); each says why, and the record has it before it is so.
import type { IdentityFacts } from '../../engine/schemas/facts.js'
import { GatewayError } from '../errors.js'
import type { Holds, HoldScope, LegalHold } from './holds.js'
import type { Removal } from './removal.js'

export type HoldAsked = {
  readonly scope: HoldScope
  // Of a person: issuer and subject, one blank between.
  readonly of: string
  readonly reason: string
}

// Each rejects with a GatewayError where it is not allowed or not done.
export type KeepersDesk = {
  readonly holds: (who: IdentityFacts) => Promise<readonly LegalHold[]>
  readonly hold: (who: IdentityFacts, asked: HoldAsked) => Promise<LegalHold>
  readonly release: (who: IdentityFacts, id: string, reason: string) => Promise<LegalHold>
  readonly remove: (who: IdentityFacts, session: string, reason: string) => Promise<void>
}

const REASON_MAX = 500
const OF_MAX = 1000

export function keepersDesk(
  keepers: () => readonly string[],
  holds: Holds,
  removal: Pick<Removal, 'remove'>,
): KeepersDesk {
  const allowed = (who: IdentityFacts): string => {
    if (!who.groups.some((group) => keepers().includes(group))) {
      throw new GatewayError(
        'not_allowed',
        `only members of ${keepers().join(' or ') || 'no group'} keep recordings (recordings.keepers)`,
      )
    }
    // As approvals are recorded: issuer and subject, which together mean one person.
    return JSON.stringify([who.issuer, who.subject])
  }
  return {
    holds: async (who) => {
      allowed(who)
      return holds.all()
    },
    hold: async (who, { scope, of, reason }) => {
      const by = allowed(who)
      return holds.hold({ scope, of: plain(of, OF_MAX), reason: stated(reason), by })
    },
    release: async (who, id, reason) => {
      const by = allowed(who)
      return holds.release(id, by, stated(reason))
    },
    remove: async (who, session, reason) => {
      const by = allowed(who)
      await removal.remove(session, by, stated(reason))
    },
  }
}

export function stated(reason: string): string {
  const words = plain(reason, REASON_MAX)
  if (words !== '') return words
  throw new GatewayError('usage', 'say why: a reason is recorded with it')
}

function plain(text: string, most: number): string {
  return text
    .replace(/[\p{Cc}\p{Cf}]/gu, ' ')
    .trim()
    .slice(0, most)
}
