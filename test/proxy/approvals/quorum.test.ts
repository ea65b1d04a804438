// Who counts for what: every requirement has its people, and nobody counts twice.
import t from 'tap'
import type { Requirement } from '../../../engine/schemas/approval-terms.js'
import { counts, missingOf, requirementsNow, type Ballot } from '../../../proxy/approvals/quorum.js'

const DBA: Requirement = { any_of: ['dba'], count: 1 }
const SECURITY: Requirement = { any_of: ['security'], count: 1 }

t.test('one of these and one of those are two people', async (t) => {
  t.same(missingOf([DBA, SECURITY], []), [DBA, SECURITY])
  t.same(missingOf([DBA, SECURITY], [['dba']]), [SECURITY])
  t.same(missingOf([DBA, SECURITY], [['dba', 'security']]).length, 1, 'one person is one')
  t.same(missingOf([DBA, SECURITY], [['dba'], ['security']]), [])
})

t.test('whoever belongs to several is counted where it is needed', async (t) => {
  t.same(missingOf([DBA, SECURITY], [['dba', 'security'], ['dba']]), [])
  t.same(missingOf([DBA, SECURITY], [['dba'], ['dba', 'security']]), [])
  const chain = [
    { any_of: ['a'], count: 1 },
    { any_of: ['a', 'b'], count: 1 },
    { any_of: ['b', 'c'], count: 1 },
  ]
  t.same(missingOf(chain, [['a', 'b'], ['b', 'c'], ['a']]), [])
})

t.test('a further one of the same group changes nothing', async (t) => {
  t.equal(counts([DBA, SECURITY], [['dba']], ['dba']), false)
  t.equal(counts([DBA, SECURITY], [['dba']], ['security']), true)
  t.equal(counts([DBA], [], []), false)
})

t.test('votes of a time when groups were not kept count for any', async (t) => {
  t.same(missingOf([DBA, SECURITY], [undefined, undefined]), [])
})

t.test('once others are asked they count for every requirement', async (t) => {
  const terms = {
    approvers: ['dba', 'security'],
    quorum: 2,
    groups: [
      { any_of: ['dba'], count: 1 },
      { any_of: ['security'], count: 1 },
    ],
    expires_ms: 1000,
    reason_required: false,
    scope: 'command' as const,
    escalate: { after_ms: 1000, to: ['managers'] },
  }
  t.same(missingOf(requirementsNow(terms, false), [['managers'], ['managers']]).length, 2)
  t.same(missingOf(requirementsNow(terms, true), [['managers'], ['managers']]), [])
})

t.test('the matching is as good as trying every order', async (t) => {
  const groups = ['a', 'b', 'c', 'd']
  let seed = 7
  const chance = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * below)
  }
  const some = (): string[] => groups.filter(() => chance(2) === 0)
  for (let round = 0; round < 2_000; round++) {
    const requirements = Array.from({ length: 1 + chance(3) }, () => ({
      any_of: some(),
      count: 1 + chance(2),
    }))
    const ballots = Array.from({ length: chance(5) }, some)
    const seats = requirements.flatMap((one) => Array.from({ length: one.count }, () => one.any_of))
    const best = seats.length - most(seats, ballots)
    const missing = missingOf(requirements, ballots).reduce((sum, { count }) => sum + count, 0)
    if (missing !== best) t.equal(missing, best, JSON.stringify({ requirements, ballots }))
  }
  t.pass('two thousand times')
})

// Every seat by every ballot that fits, or by none.
function most(seats: readonly (readonly string[])[], ballots: readonly Ballot[]): number {
  const [seat, ...rest] = seats
  if (seat === undefined) return 0
  let found = most(rest, ballots)
  for (const [at, ballot] of ballots.entries()) {
    if (!seat.some((group) => ballot?.includes(group))) continue
    const others = ballots.filter((_, i) => i !== at)
    found = Math.max(found, 1 + most(rest, others))
  }
  return found
}
