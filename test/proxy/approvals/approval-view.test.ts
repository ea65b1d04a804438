// Who approves may say how many rows at most: the smallest that anybody said holds, on both stores. What a
// command would do beforehand is for those who approve, and never for who asked.
import t from 'tap'
import { wordsOf } from '../../../proxy/approvals/notifiers/words.js'
import { ann, bob, engineer, gatewayOn, heldRequest, rejects, stores } from './world.js'

const found = await stores(t)
// The gateway's listeners keep a process alive, not its timers; here there is no listener.
const alive = setInterval(() => undefined, 1_000)
t.teardown(() => clearInterval(alive))

const CONSEQUENCE = {
  at: '2026-11-24T12:00:00.000Z',
  ms: 3,
  summary: '1,847 rows, counted',
  count: 1847,
  cascades: [],
  locks: [],
  sizes: [],
  notes: [],
}

for (const store of found) {
  t.test(`rows on ${store.kind}`, async (t) => {
    const { approvals } = await gatewayOn(t, await store.fresh())
    const say = (id: string, approver: typeof ann, rowsMax: number | undefined) =>
      approvals.answer({ id, verb: 'approve', approver, reason: '', rowsMax })

    t.test('the smallest number holds', async (t) => {
      for (const [one, other, least] of [
        [50, 20, 20],
        [undefined, 50, 50],
        [0, 7, 0],
        [undefined, undefined, undefined],
      ] as const) {
        const { id, settled } = await approvals.request(heldRequest({ quorum: 2 }))
        const view = await say(id, ann, one)
        t.equal(view.approvals[0]?.rows_max, one)
        await say(id, bob, other)
        t.match(await settled, { outcome: 'approved' })
        const end = await settled
        t.equal(end.outcome === 'approved' ? end.rowsMax : -1, least)
      }
    })

    t.test('a number goes with the approval of a command whose rows are counted', async (t) => {
      const { id, settled } = await approvals.request(
        heldRequest({}, { uncounted: 'truncate has no count of rows' }),
      )
      await rejects(t, say(id, ann, 5), 'usage', /rows cannot be limited: truncate/)
      const deny = { id, verb: 'deny', approver: ann, reason: '', rowsMax: 5 } as const
      await rejects(t, approvals.answer(deny), 'usage', /goes with the approval/)
      await say(id, ann, undefined)
      t.match(await settled, { outcome: 'approved' })
    })

    t.test('approvers are told beforehand, who asked is not', async (t) => {
      const request = heldRequest({}, { consequence: CONSEQUENCE, requester: engineer.facts })
      const { id } = await approvals.request(request)
      const approver = await approvals.one(ann, id)
      t.same(approver.consequence, CONSEQUENCE)
      t.match((await approvals.list(ann, 'pending'))[0]?.consequence, CONSEQUENCE)
      t.ok(wordsOf(approver, 'https://gate').why.includes('Beforehand: 1,847 rows, counted'))
      const own = await approvals.one(engineer, id)
      t.notOk('consequence' in own)
      t.notMatch(JSON.stringify(await approvals.list(engineer, 'all')), /1847|1,847/)
      const back = await approvals.answer({ id, verb: 'withdraw', approver: engineer, reason: '' })
      t.notOk('consequence' in back)
    })
  })
}
