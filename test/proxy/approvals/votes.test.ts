// Requirements of several groups, rights that were delegated, and others who are asked later, against both
// stores: who counts for what, and what the record says of it.
import t from 'tap'
import type { Policy } from '../../../engine/policy/policy.js'
import type { Notice, Notifier } from '../../../proxy/approvals/notifier.js'
import {
  policy as worldPolicy,
  engineer,
  gatewayOn,
  heldRequest,
  person,
  rejects,
  stores,
} from './world.js'

const found = await stores(t)
const alive = setInterval(() => undefined, 1_000)
t.teardown(() => clearInterval(alive))

// Whoever is a person may, as far as the terms go.
const policy: Policy = {
  ...worldPolicy,
  mayApprove: ({ approver }) => ({ allow: approver.kind === 'human', reason: 'only people' }),
}

const bothGroups = {
  approvers: ['dba', 'security'],
  quorum: 2,
  groups: [
    { any_of: ['dba'], count: 1 },
    { any_of: ['security'], count: 1 },
  ],
}

const dora = person('dora', { groups: ['dba'] })
const dan = person('dan', { groups: ['dba'] })
const sid = person('sid', { groups: ['security'] })
const both = person('both', { groups: ['dba', 'security'] })
const helper = person('helper', { groups: ['office'] })

for (const store of found) {
  t.test(`votes on ${store.kind}`, async (t) => {
    const gateway = async (more: Parameters<typeof gatewayOn>[2] = {}) => {
      const made = await gatewayOn(t, await store.fresh(), { policy: () => policy, ...more })
      const approve = (id: string, approver: typeof dora, reason = '') =>
        made.approvals.answer({ id, verb: 'approve', approver, reason, via: 'api' })
      return { ...made, approve }
    }

    t.test('one of dba and one of security: two of dba are not enough', async (t) => {
      const { approvals, approve } = await gateway()
      const hold = await approvals.request(heldRequest(bothGroups))
      const seen = await approve(hold.id, dora)
      t.same(seen.groups_missing, [{ any_of: ['security'], count: 1 }])
      await rejects(t, approve(hold.id, dan), 'conflict', /would not count: one of security/)
      t.equal((await approvals.one(dan, hold.id)).status, 'pending')
      await approve(hold.id, sid)
      t.match(await hold.settled, { outcome: 'approved', approvers: ['dora', 'sid'] })
    })

    t.test('one person in both groups counts once, where it is needed', async (t) => {
      const { approvals, approve } = await gateway()
      const hold = await approvals.request(heldRequest(bothGroups))
      t.equal((await approve(hold.id, both)).groups_missing?.length, 1)
      await rejects(t, approve(hold.id, both), 'conflict', /already/)
      await approve(hold.id, dora)
      t.match(await hold.settled, { outcome: 'approved' })
    })

    t.test('a delegate approves in another’s place, for one of both', async (t) => {
      const { approvals, approve, lines } = await gateway()
      const hold = await approvals.request(heldRequest(bothGroups))
      await rejects(t, approve(hold.id, helper), 'not_found')
      const wanted = { from: dora, to: { subject: 'helper' }, forMs: 60_000, via: 'cli' } as const
      const delegation = await approvals.delegate({ ...wanted, reason: 'on holiday' })
      t.match(delegation, { groups: ['dba'], to: { subject: 'helper' } })
      const seen = await approve(hold.id, helper)
      t.match(seen.approvals, [{ subject: 'helper', on_behalf: dora.key, via: 'api' }])
      await rejects(t, approve(hold.id, dora), 'conflict', /that right was used/)
      await approve(hold.id, sid)
      t.match(await hold.settled, { outcome: 'approved', approvers: ['helper', 'sid'] })
      t.match(
        lines().filter((line) => line.kind === 'approval'),
        [
          { event: 'requested' },
          { event: 'delegated', by: dora.key, to: helper.key, groups: ['dba'], via: 'cli' },
          { event: 'approved', by: helper.key, on_behalf: dora.key },
          { event: 'approved', by: sid.key },
          { event: 'used' },
        ],
      )
    })

    t.test('a delegation is never passed on, nor used for who gave it', async (t) => {
      const { approvals, approve } = await gateway()
      const via = 'api'
      const more = { forMs: 60_000, reason: 'away', via } as const
      await approvals.delegate({ from: dora, to: { subject: 'helper' }, ...more })
      const onwards = { from: helper, to: { subject: 'third' }, ...more }
      await rejects(t, approvals.delegate({ ...onwards, groups: ['dba'] }), 'not_allowed', /not in/)
      t.match(await approvals.delegate(onwards), { groups: ['office'] }, 'only their own')
      const own = await approvals.request(
        heldRequest({ approvers: ['dba'] }, { requester: dora.facts }),
      )
      await rejects(t, approve(own.id, helper), 'not_allowed', /nobody approves for somebody/)
      // An agent of who gave it is the same hand.
      const acting = { ...engineer.facts, actor: [{ subject: 'dora' }] }
      const through = await approvals.request(
        heldRequest({ approvers: ['dba'] }, { requester: acting }),
      )
      await rejects(t, approve(through.id, helper), 'not_allowed', /nobody approves/)
      // Nor to who asked.
      const asked = await approvals.request(
        heldRequest({ approvers: ['dba'] }, { requester: helper.facts }),
      )
      await rejects(t, approve(asked.id, helper), 'not_allowed', /nobody approves what they/)
      const robot = person('robot', { kind: 'agent', groups: ['dba'] })
      const from = { from: robot, to: { subject: 'helper' }, ...more }
      await rejects(t, approvals.delegate(from), 'not_allowed', /only people/)
      const itself = { from: dora, to: { subject: 'dora' }, ...more }
      await rejects(t, approvals.delegate(itself), 'usage', /yourself/)
    })

    t.test('a delegation ends, by its time or by either', async (t) => {
      const { approvals, approve } = await gateway()
      const hold = await approvals.request(heldRequest({ approvers: ['dba'] }))
      const more = { to: { subject: 'helper' }, reason: '', via: 'api' } as const
      const short = await approvals.delegate({ from: dora, forMs: 3_000, ...more })
      t.equal((await approvals.one(helper, hold.id)).id, hold.id)
      await new Promise((resolve) => setTimeout(resolve, 3_100))
      await rejects(t, approve(hold.id, helper), 'not_found')
      const { id } = await approvals.delegate({ from: dora, forMs: 60_000, ...more })
      await rejects(t, approvals.undelegate({ id, by: sid, via: 'api' }), 'not_found')
      t.match(await approvals.undelegate({ id, by: helper, via: 'api' }), { ended_at: /T/ })
      await rejects(t, approve(hold.id, helper), 'not_found')
      const mine = (await approvals.delegations(dora)).map((one) => one.id)
      t.same(mine.sort(), [short.id, id].sort())
      const long = { from: dora, forMs: 31 * 86_400_000, ...more }
      await rejects(t, approvals.delegate(long), 'usage', /30 days/)
    })

    t.test('nobody answers: others are told, and may settle it', async (t) => {
      const told: string[] = []
      const notifier: Notifier = {
        name: 'test',
        reaches: 'approvers',
        tell: ({ event, approval }: Notice) => {
          told.push(`${event} ${approval.escalation?.at === undefined ? 'before' : 'after'}`)
          return Promise.resolve()
        },
        close: () => Promise.resolve(),
      }
      const { approvals, approve, lines } = await gateway({ notifiers: [notifier] })
      const boss = person('boss', { groups: ['managers'] })
      const escalate = { after_ms: 3_000, to: ['managers'] }
      const hold = await approvals.request(heldRequest({ ...bothGroups, escalate }))
      await rejects(t, approve(hold.id, boss), 'not_found')
      while (told.length < 2) await new Promise((resolve) => setTimeout(resolve, 20))
      t.same(told, ['requested before', 'escalated after'])
      await approve(hold.id, boss)
      await approve(hold.id, sid)
      t.match(await hold.settled, { outcome: 'approved', approvers: ['boss', 'sid'] })
      const events = lines().flatMap((line) => (line.kind === 'approval' ? [line] : []))
      t.match(events[1], { event: 'escalated', groups: ['managers'] })
      t.same(
        events.map(({ event }) => event),
        ['requested', 'escalated', 'approved', 'approved', 'used'],
      )
    })

    t.test('which way an answer came is recorded', async (t) => {
      const { approvals, lines } = await gateway()
      for (const via of ['console', 'cli', 'api', 'slack', 'teams', 'email'] as const) {
        const hold = await approvals.request(heldRequest({ approvers: ['dba'] }))
        const verb = via === 'slack' ? 'deny' : 'approve'
        await approvals.answer({ id: hold.id, verb, approver: dora, reason: '', via })
        await hold.settled
        const line = lines().find(
          (one) => one.kind === 'approval' && one.approval === hold.id && one.event !== 'requested',
        )
        t.match(line, { via })
      }
    })
  })
}
