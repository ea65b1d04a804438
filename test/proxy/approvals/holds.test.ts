// Approvals against both stores, with a real record: whatever is clicked at once, lost or restarted, one
// outcome, and no use without an approval in time by somebody else.
import t from 'tap'
import { ann, bob, engineer, gatewayOn, heldRequest, rejects, stores } from './world.js'

const found = await stores(t)
// The gateway's listeners keep a process alive, not its timers; here there is no listener.
const alive = setInterval(() => undefined, 1_000)
t.teardown(() => clearInterval(alive))

for (const store of found) {
  t.test(`approvals on ${store.kind}`, async (t) => {
    t.test('an approved command runs once, and every step is recorded', async (t) => {
      const { approvals, events } = await gatewayOn(t, await store.fresh())
      const hold = await approvals.request(heldRequest())
      t.equal(approvals.pending(), 1)
      const [seen] = await approvals.list(ann, 'pending')
      t.match(seen, { id: hold.id, text: 'drop table orders', status: 'pending' })
      await approvals.answer({ id: hold.id, verb: 'approve', approver: ann, reason: 'ticket 12' })
      const settled = { outcome: 'approved', approvers: ['ann'], reason: 'ticket 12' }
      t.same(await hold.settled, settled)
      t.equal(approvals.pending(), 0)
      t.equal((await approvals.one(ann, hold.id)).status, 'used')
      t.same(events(), ['requested', 'approved', 'used'])
      await rejects(
        t,
        approvals.answer({ id: hold.id, verb: 'approve', approver: bob, reason: '' }),
        'conflict',
      )
    })

    t.test('a denied command does not run, and is told by whom and why', async (t) => {
      const { approvals, events } = await gatewayOn(t, await store.fresh())
      const hold = await approvals.request(heldRequest())
      const reason = 'not \u001b[31mtoday\n'
      await approvals.answer({ id: hold.id, verb: 'deny', approver: ann, reason })
      t.same(await hold.settled, { outcome: 'denied', by: 'ann', reason: 'not  [31mtoday' })
      await rejects(
        t,
        approvals.answer({ id: hold.id, verb: 'approve', approver: bob, reason: '' }),
        'conflict',
        /already denied/,
      )
      t.same(events(), ['requested', 'denied'])
    })

    t.test('a request that nobody answers expires, and cannot be approved then', async (t) => {
      const { approvals, events } = await gatewayOn(t, await store.fresh())
      const hold = await approvals.request(heldRequest({ expires_ms: 150 }))
      t.same(await hold.settled, { outcome: 'expired' })
      await rejects(
        t,
        approvals.answer({ id: hold.id, verb: 'approve', approver: ann, reason: '' }),
        'conflict',
        /expired/,
      )
      t.same(events(), ['requested', 'expired'])
    })

    t.test('a client that leaves takes its request with it', async (t) => {
      const { approvals, events } = await gatewayOn(t, await store.fresh())
      const hold = await approvals.request(heldRequest())
      hold.abandon('the client left')
      t.same(await hold.settled, { outcome: 'void', why: 'the client left' })
      await approvals.close()
      await rejects(
        t,
        approvals.answer({ id: hold.id, verb: 'approve', approver: ann, reason: '' }),
        'conflict',
        /void/,
      )
      t.same(events(), ['requested', 'void'])
    })

    t.test('leaving and approving at once: never both', async (t) => {
      const limits = { holdsPerIdentity: 100 }
      const { approvals, lines } = await gatewayOn(t, await store.fresh(), { limits })
      const outcomes = new Map<string, string>()
      const round = async (i: number): Promise<void> => {
        const hold = await approvals.request(heldRequest())
        const answer = approvals
          .answer({ id: hold.id, verb: 'approve', approver: ann, reason: '' })
          .catch(() => undefined)
        if (i % 3 === 0) hold.abandon('left')
        else setTimeout(() => hold.abandon('left'), i * 3)
        await answer
        outcomes.set(hold.id, (await hold.settled).outcome)
      }
      await Promise.all(Array.from({ length: 60 }, (_, i) => round(i)))
      await approvals.close()
      const recorded = lines().flatMap((line) => (line.kind === 'approval' ? [line] : []))
      for (const [id, outcome] of outcomes) {
        const events = recorded.filter(({ approval }) => approval === id).map(({ event }) => event)
        if (outcome === 'approved') t.same(events, ['requested', 'approved', 'used'])
        else t.equal(outcome, 'void')
      }
    })

    t.test('an identity may wait for so many answers at a time', async (t) => {
      const limits = { holdsPerIdentity: 2 }
      const { approvals } = await gatewayOn(t, await store.fresh(), { limits })
      const asked = await Promise.allSettled(
        [1, 2, 3, 4].map(() => approvals.request(heldRequest())),
      )
      t.equal(asked.filter(({ status }) => status === 'fulfilled').length, 2)
      await approvals.request(heldRequest({}, { requester: bob.facts }))
      const [hold] = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      hold?.abandon('left')
      await hold?.settled
      let again: unknown
      for (let i = 0; i < 600 && again === undefined; i++) {
        again = await approvals.request(heldRequest()).catch(() => undefined)
        if (again === undefined) await new Promise((resolve) => setTimeout(resolve, 50))
      }
      t.ok(again, 'its place is free')
    })

    t.test('a grant for the session stands until the session ends', async (t) => {
      const { approvals } = await gatewayOn(t, await store.fresh())
      const hold = await approvals.request(heldRequest({ scope: 'session' }))
      const grantsOf = (id: string, now = Date.now()) =>
        approvals.grantsOf({ id, identity: engineer, target: heldRequest().target }, now)
      t.same(grantsOf('s1'), [])
      await approvals.answer({ id: hold.id, verb: 'approve', approver: ann, reason: '' })
      await hold.settled
      const rules = ['destructive/drop']
      t.same(grantsOf('s1'), [{ id: hold.id, scope: 'session', approvers: ['ann'], rules }])
      t.equal(grantsOf('s1'), grantsOf('s1'), 'the same list while nothing changes')
      t.same(grantsOf('s2'), [])
      approvals.sessionEnded('s1')
      t.same(grantsOf('s1'), [])
    })

    t.test('a grant for the session with a time stands no longer than that', async (t) => {
      const { approvals } = await gatewayOn(t, await store.fresh())
      const terms = { scope: 'session', grant_ms: 60_000 } as const
      const hold = await approvals.request(heldRequest(terms))
      await approvals.answer({ id: hold.id, verb: 'approve', approver: ann, reason: '' })
      await hold.settled
      const session = { id: 's1', identity: engineer, target: heldRequest().target }
      t.equal(approvals.grantsOf(session, Date.now()).length, 1)
      t.same(approvals.grantsOf(session, Date.now() + 61_000), [])
    })

    t.test('what a gateway that is gone left pending is void, never run', async (t) => {
      const options = await store.fresh()
      const before = await gatewayOn(t, options)
      const hold = await before.approvals.request(heldRequest())
      // As after kill -9: the rows stay, nobody waits.
      await before.state.db.deleteFrom('sallyport_gateways').execute()
      const after = await gatewayOn(t, options)
      t.match(await after.approvals.one(ann, hold.id), { status: 'void' })
      await rejects(
        t,
        after.approvals.answer({ id: hold.id, verb: 'approve', approver: ann, reason: '' }),
        'conflict',
      )
      t.match(await hold.settled, { outcome: 'void' })
      t.same(after.events(), ['void'])
    })

    t.test('what cannot be recorded does not happen', async (t) => {
      const { approvals, recorder, state } = await gatewayOn(t, await store.fresh())
      const hold = await approvals.request(heldRequest({ expires_ms: 800 }))
      await recorder.close()
      await rejects(
        t,
        approvals.answer({ id: hold.id, verb: 'approve', approver: ann, reason: '' }),
        'record_failed',
      )
      t.equal((await approvals.one(ann, hold.id)).status, 'pending')
      t.same((await approvals.one(ann, hold.id)).approvals, [])
      await rejects(t, approvals.request(heldRequest()), 'record_failed')
      const rows = await state.db.selectFrom('sallyport_approvals').select('id').execute()
      t.equal(rows.length, 1)
      t.same(await hold.settled, { outcome: 'expired' })
    })

    t.test('a store that is gone is said so, and ends waits without running', async (t) => {
      const { approvals, state } = await gatewayOn(t, await store.fresh())
      const hold = await approvals.request(heldRequest({ expires_ms: 400 }))
      await state.db.destroy()
      t.equal(await state.usable(), false)
      await rejects(t, approvals.request(heldRequest()), 'state_failed')
      t.same(await hold.settled, { outcome: 'expired' })
    })
  })
}

t.test('two gateways on one store', { skip: found.length < 2 }, async (t) => {
  const options = await found[1]?.fresh()
  if (options === undefined) return
  const limits = { holdsPerIdentity: 100 }
  const two = await gatewayOn(t, options, { limits })

  t.test('an approval given at the other gateway is used where the client waits', async (t) => {
    // Nobody looks: what comes is by notification.
    const waiting = { limits: { ...limits, lookEveryMs: 3_600_000 } }
    const one = await gatewayOn(t, options, waiting)
    const hold = await one.approvals.request(heldRequest())
    await two.approvals.answer({ id: hold.id, verb: 'approve', approver: ann, reason: 'ok' })
    t.match(await hold.settled, { outcome: 'approved', approvers: ['ann'] })
    t.same(one.events().slice(-1), ['used'])
    t.same(two.events().slice(-1), ['approved'])
  })

  t.test('answers at both gateways at once give one outcome', async (t) => {
    const one = await gatewayOn(t, options, { limits })
    const round = async (i: number): Promise<void> => {
      const { id, settled } = await (i % 2 ? one : two).approvals.request(heldRequest())
      const answers = await Promise.allSettled([
        one.approvals.answer({ id, verb: 'approve', approver: ann, reason: '' }),
        two.approvals.answer({ id, verb: 'deny', approver: bob, reason: '' }),
      ])
      const [approve] = answers.map(({ status }) => status)
      t.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1)
      t.equal((await settled).outcome, approve === 'fulfilled' ? 'approved' : 'denied')
    }
    await Promise.all(Array.from({ length: 50 }, (_, i) => round(i)))
  })
})
