// Whose rights somebody approves with: their own, and those that others have delegated to them for a time.
// Delegated rights are those of the person who gave them, as their token showed them then; they are never
// passed on, and never used for a request of whoever gave them.
import type { IdentityFacts } from '../../engine/schemas/facts.js'
import type { Identity } from '../identity/identity.js'
import type { State } from '../state/state.js'

export type Hand = {
  readonly facts: IdentityFacts
  // Groups that an approval of this hand may count for.
  readonly groups: readonly string[]
  // Absent: the person's own.
  readonly onBehalf?: { readonly key: string; readonly name: string }
}

// The own hand first.
export async function handsOf(
  { db }: Pick<State, 'db'>,
  { key, facts }: Pick<Identity, 'key' | 'facts'>,
  now: number,
): Promise<readonly Hand[]> {
  // What acts for somebody does not act for those who delegated to them.
  if (facts.kind !== 'human' || facts.actor.length > 0) return [{ facts, groups: facts.groups }]
  const rows = await db
    .selectFrom('sallyport_delegations')
    .select(['from_key', 'from_name', 'groups'])
    .where('to_key', '=', key)
    .where('until_ms', '>', now)
    .where('ended_ms', 'is', null)
    .orderBy('from_ms')
    .execute()
  const delegated = rows.map((row): Hand => {
    const groups = JSON.parse(row.groups) as readonly string[]
    return {
      facts: { ...facts, groups: [...new Set([...facts.groups, ...groups])].sort() },
      groups,
      onBehalf: { key: row.from_key, name: row.from_name },
    }
  })
  return [{ facts, groups: facts.groups }, ...delegated]
}
