// The same command again while it waits joins what waits: people are asked once, one of them runs, and the
// others are told why they did not.
import t from 'tap'
import { ann, bob, engineer, gatewayOn, heldRequest, rejects, stores } from './world.js'

const found = await stores(t)
const alive = setInterval(() => undefined, 1_000)
t.teardown(() => clearInterval(alive))
const limits = { holdsPerIdentity: 100 }

for (const store of found) {
  t.test(`repeats on ${store.kind}`, async (t) => {
    t.test('many runs of one command are one request and one execution', async (t) => {
      const { approvals, lines, events } = await gatewayOn(t, await store.fresh(), { limits })
      const same = heldRequest()
      const holds = await Promise.all(
        Array.from({ length: 20 }, (_, i) => approvals.request({ ...same, session: `s${i}` })),
      )
      t.equal(new Set(holds.map(({ id }) => id)).size, 1)
      t.equal(approvals.pending(), 20)
      t.equal((await approvals.list(ann, 'pending')).length, 1)
      const [{ id = '' } = {}] = holds
      await approvals.answer({ id, verb: 'approve', approver: ann, reason: '' })
      const settled = await Promise.all(holds.map((hold) => hold.settled))
      t.equal(settled.filter(({ outcome }) => outcome === 'approved').length, 1)
      const others = settled.filter(({ outcome }) => outcome !== 'approved')
      t.match(others[0], { outcome: 'void', why: /another session of yours used it/ })
      t.equal(events().filter((one) => one === 'used').length, 1)
      t.equal(events().filter((one) => one === 'joined').length, 19)
      t.match(
        lines().find((line) => line.kind === 'approval' && line.event === 'joined'),
        { approval: id, digest: same.digest },
      )
    })

    t.test('a denial reaches all who wait', async (t) => {
      const { approvals } = await gatewayOn(t, await store.fresh())
      const same = heldRequest()
      const [one, two] = [await approvals.request(same), await approvals.request(same)]
      await approvals.answer({ id: one.id, verb: 'deny', approver: ann, reason: 'no' })
      const denied = { outcome: 'denied', by: 'ann', reason: 'no' }
      t.same([await one.settled, await two.settled], [denied, denied])
    })

    t.test(
      'whoever leaves leaves the others waiting; the last takes the request along',
      async (t) => {
        const { approvals, events } = await gatewayOn(t, await store.fresh())
        const same = heldRequest()
        const [one, two] = [await approvals.request(same), await approvals.request(same)]
        one.abandon('left')
        t.match(await one.settled, { outcome: 'void' })
        t.match(await approvals.one(ann, one.id), { status: 'pending' })
        two.abandon('left as well')
        await two.settled
        await approvals.close()
        t.same(events(), ['requested', 'joined', 'void'])
      },
    )

    t.test('the first has left, so the second runs', async (t) => {
      const { approvals } = await gatewayOn(t, await store.fresh())
      const same = heldRequest()
      const [one, two] = [await approvals.request(same), await approvals.request(same)]
      one.abandon('left')
      await approvals.answer({ id: two.id, verb: 'approve', approver: ann, reason: '' })
      t.match(await two.settled, { outcome: 'approved' })
    })

    t.test('only what is the same in everything joins', async (t) => {
      const { approvals } = await gatewayOn(t, await store.fresh())
      const same = heldRequest()
      const { id } = await approvals.request(same)
      for (const other of [
        { ...same, digest: 'sha256:other' },
        { ...same, terms: { ...same.terms, quorum: 2 } },
        { ...same, rules: [{ id: 'x/other', message: '' }] },
        { ...same, requester: bob.facts },
        { ...same, requester: { ...engineer.facts, actor: [{ subject: 'helper' }] } },
        { ...same, target: { ...same.target, database: 'other' } },
      ]) {
        t.not((await approvals.request(other)).id, id)
      }
    })

    t.test('repeats count towards what one identity may have waiting', async (t) => {
      const limits = { holdsPerIdentity: 3 }
      const { approvals } = await gatewayOn(t, await store.fresh(), { limits })
      const same = heldRequest()
      for (let i = 0; i < 3; i++) await approvals.request(same)
      await rejects(t, approvals.request(same), 'limit_exceeded', /3 requests of this identity/)
    })

    t.test('what was asked once and settled is asked anew', async (t) => {
      const { approvals } = await gatewayOn(t, await store.fresh())
      const same = heldRequest()
      const one = await approvals.request(same)
      await approvals.answer({ id: one.id, verb: 'approve', approver: ann, reason: '' })
      t.match(await one.settled, { outcome: 'approved' })
      const two = await approvals.request(same)
      t.not(two.id, one.id)
      await approvals.answer({ id: two.id, verb: 'approve', approver: ann, reason: '' })
      t.match(await two.settled, { outcome: 'approved' }, 'an approval for each execution')
    })
  })
}
