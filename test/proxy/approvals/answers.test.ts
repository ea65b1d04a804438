// Answers to requests, against both stores: who may give them, how many it takes, and what happens when two
// come at once.
import t from 'tap'
import type { Settlement } from '../../../proxy/approvals/approvals.js'
import { ann, bob, engineer, gatewayOn, heldRequest, person, rejects, stores } from './world.js'

const found = await stores(t)
// The gateway's listeners keep a process alive, not its timers; here there is no listener.
const alive = setInterval(() => undefined, 1_000)
t.teardown(() => clearInterval(alive))

for (const store of found) {
  t.test(`answers on ${store.kind}`, async (t) => {
    t.test('two who answer at once a hundred times give one outcome each time', async (t) => {
      const limits = { holdsPerIdentity: 100 }
      const { approvals, events } = await gatewayOn(t, await store.fresh(), { limits })
      const tally = { approved: 0, denied: 0, expired: 0, void: 0 }
      const round = async (i: number): Promise<void> => {
        const { id, settled } = await approvals.request(heldRequest())
        const verbs = [i % 2 ? 'deny' : 'approve', i % 3 ? 'approve' : 'deny'] as const
        const answers = await Promise.allSettled([
          approvals.answer({ id, verb: verbs[0], approver: ann, reason: '' }),
          approvals.answer({ id, verb: verbs[1], approver: bob, reason: '' }),
        ])
        const won = answers.filter(({ status }) => status === 'fulfilled').length
        if (won !== 1) t.fail(`round ${i}: ${won} answers counted`)
        tally[(await settled).outcome]++
      }
      await Promise.all(Array.from({ length: 100 }, (_, i) => round(i)))
      t.equal(tally.approved + tally.denied, 100)
      const counted = (event: string) => events().filter((one) => one === event).length
      t.equal(counted('used'), tally.approved)
      t.equal(counted('approved'), tally.approved)
      t.equal(counted('denied'), tally.denied)
    })

    t.test('nobody approves for themselves, nor through an agent', async (t) => {
      const { approvals } = await gatewayOn(t, await store.fresh())
      const groups = ['approvers']
      const requester = person('ann', { groups, actor: [{ subject: 'helper' }] }).facts
      const hold = await approvals.request(heldRequest({}, { requester }))
      for (const approver of [
        ann,
        person('helper', { groups }),
        person('zed', { groups, actor: [{ subject: 'ann' }] }),
      ]) {
        await rejects(
          t,
          approvals.answer({ id: hold.id, verb: 'approve', approver, reason: '' }),
          'not_allowed',
          /nobody approves what they/,
        )
      }
      // The same subject of another issuer is somebody else.
      const other = person('ann', { groups, issuer: 'https://other.example' })
      await approvals.answer({ id: hold.id, verb: 'approve', approver: other, reason: '' })
      t.match(await hold.settled, { outcome: 'approved' })
    })

    t.test('self-approval works where the operator allowed it', async (t) => {
      const { approvals } = await gatewayOn(t, await store.fresh(), { selfApproval: true })
      const hold = await approvals.request(heldRequest({}, { requester: ann.facts }))
      await approvals.answer({ id: hold.id, verb: 'approve', approver: ann, reason: '' })
      t.match(await hold.settled, { outcome: 'approved' })
    })

    t.test('the groups of the terms and the policies must both agree', async (t) => {
      const { approvals } = await gatewayOn(t, await store.fresh())
      const hold = await approvals.request(heldRequest({ approvers: ['owners', 'robots'] }))
      const ask = (approver: typeof ann) =>
        approvals.answer({ id: hold.id, verb: 'approve', approver, reason: '' })
      await rejects(t, ask(ann), 'not_found')
      await rejects(t, ask(person('x', { groups: ['robots'] })), 'not_found')
      await rejects(t, ask(engineer), 'not_allowed')
      t.same(await approvals.list(ann, 'all'), [])
      t.equal((await approvals.list(engineer, 'all')).length, 1, 'one’s own is seen')
      await ask(person('olga', { groups: ['owners'] }))
      t.match(await hold.settled, { outcome: 'approved', approvers: ['olga'] })
    })

    t.test('a quorum is of different people', async (t) => {
      const { approvals } = await gatewayOn(t, await store.fresh())
      const hold = await approvals.request(heldRequest({ quorum: 2 }))
      const ask = (approver: typeof ann) =>
        approvals.answer({ id: hold.id, verb: 'approve', approver, reason: 'yes' })
      t.match(await ask(ann), { status: 'pending', approvals: [{ subject: 'ann' }] })
      await rejects(t, ask(ann), 'conflict', /you approved/)
      await ask(bob)
      const settled: Settlement = await hold.settled
      t.match(settled, { outcome: 'approved', approvers: ['ann', 'bob'] })
    })

    t.test('one denial outweighs the approvals given so far', async (t) => {
      const { approvals } = await gatewayOn(t, await store.fresh())
      const hold = await approvals.request(heldRequest({ quorum: 2 }))
      await approvals.answer({ id: hold.id, verb: 'approve', approver: ann, reason: '' })
      await approvals.answer({ id: hold.id, verb: 'deny', approver: bob, reason: 'no' })
      t.match(await hold.settled, { outcome: 'denied', by: 'bob' })
    })

    t.test('a reason that the terms require must be given', async (t) => {
      const { approvals } = await gatewayOn(t, await store.fresh())
      const hold = await approvals.request(heldRequest({ reason_required: true }))
      const ask = (reason: string) =>
        approvals.answer({ id: hold.id, verb: 'approve', approver: ann, reason })
      await rejects(t, ask(' \n\t '), 'usage')
      await ask('ticket 4')
      t.match(await hold.settled, { outcome: 'approved', reason: 'ticket 4' })
    })
  })
}
