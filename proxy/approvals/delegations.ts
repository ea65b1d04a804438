// An approver gives another named person their right to approve, for a time. What is given are groups of the
// giver's own token, so that nothing is passed on; `hands.ts` says how it is used.
import type { DelegationView } from '../../engine/schemas/access-views.js'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { Identity } from '../identity/identity.js'
import { stored } from '../state/state.js'
import type { DelegationsTable } from '../state/tables.js'
import type { Selectable } from 'kysely'
import { cleanReason } from './answers.js'
import { identityKey } from './held-request.js'
import { APPROVAL_LIMITS } from './limits.js'
import { inTransaction, recorded, type TransitionParts } from './transitions.js'
import type { Via } from './via.js'

export type NewDelegation = {
  readonly from: Identity
  // Without an issuer: of the giver's own.
  readonly to: { readonly subject: string; readonly issuer?: string | undefined }
  // Absent: all that the giver has.
  readonly groups?: readonly string[] | undefined
  readonly forMs: number
  readonly reason: string
  readonly via: Via
}

export type Delegations = {
  readonly delegate: (wanted: NewDelegation) => Promise<DelegationView>
  // By either of the two.
  readonly undelegate: (end: {
    readonly id: string
    readonly by: Identity
    readonly via: Via
  }) => Promise<DelegationView>
  // Given or got, newest first.
  readonly delegations: (viewer: Identity) => Promise<readonly DelegationView[]>
}

type Row = Selectable<DelegationsTable>

export function createDelegations(
  parts: TransitionParts & { readonly clock: Clock; readonly randomId: () => string },
): Delegations {
  const { db } = parts.state
  return {
    async delegate(wanted) {
      const { from, forMs, via } = wanted
      const groups = groupsOf(wanted)
      const to = { subject: wanted.to.subject, issuer: wanted.to.issuer ?? from.facts.issuer }
      const toKey = identityKey(to)
      if (toKey === from.key) throw new GatewayError('usage', 'that is you yourself')
      const now = parts.clock.now()
      const row: Row = {
        id: parts.randomId(),
        from_key: from.key,
        from_name: from.facts.name === '' ? from.facts.subject : from.facts.name,
        to_key: toKey,
        groups: JSON.stringify(groups),
        reason: cleanReason(wanted.reason),
        from_ms: now,
        until_ms: now + forMs,
        ended_ms: null,
      }
      await inTransaction(parts, async (step) => {
        const { standing } = await step
          .selectFrom('sallyport_delegations')
          .select((select) => select.fn.countAll<number>().as('standing'))
          .where('from_key', '=', from.key)
          .where('until_ms', '>', now)
          .where('ended_ms', 'is', null)
          .executeTakeFirstOrThrow()
        const most = APPROVAL_LIMITS.delegationsPerPerson
        if (Number(standing) >= most) {
          throw new GatewayError('limit_exceeded', `${most} delegations of yours stand already`)
        }
        await step.insertInto('sallyport_delegations').values(row).execute()
        const { id: approval, from_key: by, reason, until_ms: until } = row
        await recorded(parts, {
          approval,
          event: 'delegated',
          by,
          to: toKey,
          groups,
          reason,
          until,
          via,
        })
      })
      return delegationView(row)
    },
    async undelegate({ id, by, via }) {
      const now = parts.clock.now()
      const row = await inTransaction(parts, async (step) => {
        const ended = await step
          .updateTable('sallyport_delegations')
          .set({ ended_ms: now })
          .where('id', '=', id)
          .where('until_ms', '>', now)
          .where('ended_ms', 'is', null)
          .where((where) =>
            where.or([where('from_key', '=', by.key), where('to_key', '=', by.key)]),
          )
          .returningAll()
          .executeTakeFirst()
        if (ended === undefined) {
          throw new GatewayError('not_found', `no delegation ${id} of yours stands`)
        }
        await recorded(parts, { approval: id, event: 'undelegated', by: by.key, via })
        return ended
      })
      return delegationView(row)
    },
    async delegations({ key }) {
      const rows = await stored(() =>
        db
          .selectFrom('sallyport_delegations')
          .selectAll()
          .where((where) => where.or([where('from_key', '=', key), where('to_key', '=', key)]))
          .orderBy('from_ms', 'desc')
          .limit(APPROVAL_LIMITS.listed)
          .execute(),
      )
      return rows.map(delegationView)
    },
  }
}

function groupsOf({ from, groups, forMs }: NewDelegation): readonly string[] {
  const { kind, actor, groups: own } = from.facts
  if (kind !== 'human' || actor.length > 0) {
    throw new GatewayError('not_allowed', 'only people delegate what they may approve')
  }
  if (forMs < 1_000 || forMs > APPROVAL_LIMITS.delegationMostMs) {
    throw new GatewayError('usage', 'a delegation is for at least a second and at most 30 days')
  }
  const wanted = [...new Set(groups ?? own)].sort()
  if (wanted.length === 0) throw new GatewayError('usage', 'you are in no group that could approve')
  // Their own alone: what others gave them is not theirs to give.
  const foreign = wanted.filter((group) => !own.includes(group))
  if (foreign.length === 0) return wanted
  throw new GatewayError('not_allowed', `you are not in ${foreign.join(', ')} yourself`)
}

function delegationView(row: Row): DelegationView {
  const [fromIssuer = '', fromSubject = ''] = JSON.parse(row.from_key) as readonly string[]
  const [toIssuer = '', toSubject = ''] = JSON.parse(row.to_key) as readonly string[]
  const instant = (ms: number): string => new Date(ms).toISOString()
  return {
    id: row.id,
    from: { issuer: fromIssuer, subject: fromSubject, name: row.from_name },
    to: { issuer: toIssuer, subject: toSubject },
    groups: JSON.parse(row.groups) as string[],
    reason: row.reason,
    since: instant(row.from_ms),
    until: instant(row.until_ms),
    ...(row.ended_ms === null ? {} : { ended_at: instant(row.ended_ms) }),
  }
}
