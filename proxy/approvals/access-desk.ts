// Access that people ask for ahead, and what becomes of it: who holds which, ending it before its time, and
// looking at broken glass afterwards.
import type { GrantView } from '../../engine/schemas/access-views.js'
import type { Policy } from '../../engine/policy/policy.js'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { Identity } from '../identity/identity.js'
import type { Log } from '../log.js'
import { stored } from '../state/state.js'
import { cleanReason } from './answers.js'
import { approvalView, type ApprovalView } from './approval-view.js'
import { holderKey, type HoldRequest } from './approvals.js'
import { mayList } from './authority.js'
import {
  grantEnded,
  grantRow,
  grantRows,
  reviewed,
  type GrantRow,
  type WhichGrants,
} from './grants.js'
import { handsOf, type Hand } from './hands.js'
import { identityKey } from './held-request.js'
import { noSuch, rowWithVotes } from './held-request-rows.js'
import { APPROVAL_LIMITS } from './limits.js'
import type { Notifier } from './notifier.js'
import { tellRequest } from './telling.js'
import { ended, requested, type TransitionParts } from './transitions.js'
import type { Via } from './via.js'

type Said = {
  readonly id: string
  readonly by: Identity
  readonly reason: string
  readonly via: Via
}

export type AccessDesk = {
  // Rejects where nobody could be told, or the same is waiting already.
  readonly askAhead: (request: HoldRequest) => Promise<ApprovalView>
  readonly grants: (viewer: Identity, which: WhichGrants) => Promise<readonly GrantView[]>
  // By the holder, or who may settle requests of these groups.
  readonly endGrant: (said: Said) => Promise<GrantView>
  // By somebody who neither held it nor approved it.
  readonly review: (said: Said) => Promise<GrantView>
}

export type AccessDeskParts = TransitionParts & {
  readonly notifiers: readonly Notifier[]
  readonly policy: () => Policy | undefined
  readonly clock: Clock
  readonly log: Log
  readonly randomId: () => string
  readonly limits: { readonly holdsPerIdentity: number }
  readonly escalateLater: (id: string, atMs: number) => void
  // Rereads what stands here, and tells the others.
  readonly changed: (id: string) => Promise<void>
}

export function createAccessDesk(parts: AccessDeskParts): AccessDesk {
  const now = (): number => parts.clock.now()

  const hands = (viewer: Identity): Promise<readonly Hand[]> =>
    stored(() => handsOf(parts.state, viewer, now()))

  const isSeen = (viewer: Identity, some: readonly Hand[], row: GrantRow): boolean =>
    isOwn(viewer, row) ||
    mayList(viewer.facts, parts.policy()) ||
    some.some((hand) => isOf(hand, row))

  const one = async (viewer: Identity, id: string) => {
    const [row, some] = await Promise.all([grantRow(parts.state, id), hands(viewer)])
    if (row === undefined || !isSeen(viewer, some, row)) throw noSuch(id)
    return { row, hands: some }
  }

  const view = async (id: string): Promise<GrantView> => {
    const row = await grantRow(parts.state, id)
    if (row === undefined) throw noSuch(id)
    return grantView(row, now())
  }

  return {
    async askAhead(request) {
      const id = parts.randomId()
      const at = now()
      await refuseTwice(parts, request, at)
      const pendingMax = parts.limits.holdsPerIdentity
      await requested(parts, { id, gateway: '', now: at, request, pendingMax })
      const { escalate } = request.terms
      if (escalate !== undefined) parts.escalateLater(id, at + escalate.after_ms)
      try {
        await tellRequest(parts, id)
      } catch (problem) {
        const end = { id, from: ['pending'], to: 'void', now: now() } as const
        await ended(parts, { ...end, reason: 'no approver could be told' })
        throw problem
      }
      await parts.state.announce(id).catch(() => undefined)
      const { row, votes } = await stored(() => rowWithVotes(parts.state, id))
      return approvalView(row, votes)
    },
    async grants(viewer, which) {
      const [rows, some] = await Promise.all([grantRows(parts.state, which, now()), hands(viewer)])
      return rows
        .filter((row) => isSeen(viewer, some, row))
        .slice(0, APPROVAL_LIMITS.listed)
        .map((row) => grantView(row, now()))
    },
    async endGrant({ id, by, reason, via }) {
      const { row, hands: some } = await one(by, id)
      if (!isOwn(by, row) && !some.some((hand) => isOf(hand, row))) {
        throw new GatewayError('not_allowed', 'only who holds it or might have approved it ends it')
      }
      const end = { id, by: shown(by), reason: cleanReason(reason), via, now: now() }
      if (row.until_ms <= now() || !(await grantEnded(parts, end))) {
        throw new GatewayError('conflict', `the access of request ${id} has ended already`)
      }
      await parts.changed(id)
      return view(id)
    },
    async review({ id, by, reason, via }) {
      const { row } = await one(by, id)
      const approvers = JSON.parse(row.approver_keys) as readonly string[]
      if (isHolder(by, row) || approvers.includes(by.key)) {
        throw new GatewayError(
          'not_allowed',
          'who broke the glass or agreed to it cannot review it',
        )
      }
      const words = cleanReason(reason)
      if (words === '') throw new GatewayError('usage', 'say what the review found')
      if (row.ended_ms === null && row.until_ms > now()) {
        throw new GatewayError('conflict', 'the glass is still broken; review it once it has ended')
      }
      await reviewed(parts, { id, by: shown(by), words, via, now: now() })
      return view(id)
    },
  }
}

// A person answers for what acts for them, and not the other way round.
function isOwn({ facts }: Identity, { holder }: GrantRow): boolean {
  if (holderKey(facts) === holder) return true
  return facts.actor.length === 0 && isHolder({ facts }, { holder })
}

function isHolder(
  { facts }: Pick<Identity, 'facts'>,
  { holder }: Pick<GrantRow, 'holder'>,
): boolean {
  const [issuer, subject] = JSON.parse(holder) as readonly unknown[]
  return facts.issuer === issuer && facts.subject === subject
}

function isOf({ groups }: Hand, row: GrantRow): boolean {
  const may = JSON.parse(row.groups) as readonly string[]
  return groups.some((group) => may.includes(group))
}

function shown({ key, facts }: Identity): { readonly key: string; readonly shown: string } {
  return { key, shown: facts.name === '' ? facts.subject : facts.name }
}

async function refuseTwice(
  { state }: TransitionParts,
  { requester, digest }: HoldRequest,
  now: number,
): Promise<void> {
  const pending = await stored(() =>
    state.db
      .selectFrom('sallyport_approvals')
      .select('id')
      .where('requester', '=', identityKey(requester))
      .where('digest', '=', digest)
      .where('status', '=', 'pending')
      .where('expires_ms', '>', now)
      .executeTakeFirst(),
  )
  if (pending === undefined) return
  throw new GatewayError('conflict', `you have asked for this already: request ${pending.id} waits`)
}

function grantView(row: GrantRow, now: number): GrantView {
  const instant = (ms: number): string => new Date(ms).toISOString()
  return {
    id: row.id,
    holder: row.holder_name,
    target: row.target,
    database: row.database,
    approvers: JSON.parse(row.approvers) as string[],
    rules: JSON.parse(row.rules) as string[],
    reason: row.reason,
    break_glass: row.break_glass === 1,
    standing: row.ended_ms === null && row.until_ms > now,
    from: instant(row.from_ms),
    until: instant(row.until_ms),
    ...(row.ended_ms === null ? {} : { ended_at: instant(row.ended_ms) }),
    ...(row.ended_by === null ? {} : { ended_by: row.ended_by }),
    ...(row.ended_reason === null ? {} : { ended_reason: row.ended_reason }),
    ...(row.reviewed_ms === null ? {} : { reviewed_at: instant(row.reviewed_ms) }),
    ...(row.reviewed_by === null ? {} : { reviewed_by: row.reviewed_by }),
    ...(row.review === null ? {} : { review: row.review }),
  }
}
