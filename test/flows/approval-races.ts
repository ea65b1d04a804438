// What happens at once happens once: a thousand rounds of each race on each store, with a real record. Every
// request has one end, and what is said to have been approved was used exactly once.
import { existsSync } from 'node:fs'
import type { Test } from 'tap'
import type { Settlement } from '../../proxy/approvals/approvals.js'
import {
  ann,
  bob,
  gatewayOn,
  heldRequest,
  stores,
  type Gateway,
  type Store,
} from '../proxy/approvals/world.js'

const ROUNDS = Number(process.env['SALLYPORT_RACES'] ?? 1_000)
const AT_ONCE = 10
// A busy machine takes its time.
const LONG = { timeout: 120_000 }
const limits = { holdsPerIdentity: 10_000 }

// Memory, where there is a disk of it: thousands of rounds are about order, not about power cuts.
export async function storeInMemory(t: Test, kind: Store['kind']): Promise<Store | undefined> {
  if (existsSync('/dev/shm')) process.env['TMPDIR'] = '/dev/shm'
  // The gateway's listeners keep a process alive, not its timers; here there is no listener.
  const alive = setInterval(() => undefined, 1_000)
  t.teardown(() => clearInterval(alive))
  return (await stores(t)).find((store) => store.kind === kind)
}

type Outcomes = Map<string, Settlement['outcome']>

export async function races(t: Test, store: Store): Promise<void> {
  t.test('two approvers click at once', LONG, async (t) => {
    const { approvals, ...gateway } = await gatewayOn(t, await store.fresh(), { limits })
    const outcomes: Outcomes = new Map()
    let won = 0
    await rounds(async (i) => {
      const { id, settled } = await approvals.request(heldRequest())
      const verb = i % 2 ? 'deny' : 'approve'
      const answers = await Promise.allSettled([
        approvals.answer({ id, verb: 'approve', approver: ann, reason: '' }),
        approvals.answer({ id, verb, approver: bob, reason: '' }),
      ])
      won += answers.filter(({ status }) => status === 'fulfilled').length
      outcomes.set(id, (await settled).outcome)
    })
    t.equal(won, ROUNDS, 'one answer counts in each round')
    checked(t, outcomes, [gateway])
  })

  t.test('an approval and the client’s cancel', LONG, async (t) => {
    const { approvals, ...gateway } = await gatewayOn(t, await store.fresh(), { limits })
    const outcomes: Outcomes = new Map()
    const pace = createPace()
    await rounds(async (i) => {
      const hold = await approvals.request(heldRequest())
      const { id } = hold
      const answer = pace.timed(() =>
        approvals.answer({ id, verb: 'approve', approver: ann, reason: '' }),
      )
      setTimeout(() => hold.abandon('left'), pace.share(i))
      await answer
      outcomes.set(hold.id, (await hold.settled).outcome)
    })
    await approvals.close()
    checked(t, outcomes, [gateway])
  })

  t.test('an approval and the end of its time', LONG, async (t) => {
    const { approvals, ...gateway } = await gatewayOn(t, await store.fresh(), { limits })
    const outcomes: Outcomes = new Map()
    const pace = createPace()
    await rounds(async (i) => {
      const hold = await approvals.request(heldRequest({ expires_ms: 150 }))
      const { id, expiresAtMs } = hold
      // Around the moment itself: some come before it, some after.
      const wait = expiresAtMs - Date.now() - pace.share(i)
      await new Promise((resolve) => setTimeout(resolve, wait))
      await pace.timed(() => approvals.answer({ id, verb: 'approve', approver: ann, reason: '' }))
      outcomes.set(id, (await hold.settled).outcome)
    })
    checked(t, outcomes, [gateway])
  })

  t.test('two approvers, and many who wait for the same', LONG, async (t) => {
    const { approvals, ...gateway } = await gatewayOn(t, await store.fresh(), { limits })
    const ends: Settlement['outcome'][] = []
    const outcomes: Outcomes = new Map()
    await rounds(
      async () => {
        const same = heldRequest({ quorum: 2 })
        const holds = await Promise.all([1, 2, 3].map(() => approvals.request(same)))
        const [{ id = '' } = {}] = holds
        await Promise.all(
          [ann, bob].map((approver) =>
            approvals.answer({ id, verb: 'approve', approver, reason: '' }),
          ),
        )
        const settled = await Promise.all(holds.map((hold) => hold.settled))
        const ran = settled.filter(({ outcome }) => outcome === 'approved')
        ends.push(...settled.map(({ outcome }) => outcome))
        if (ran.length !== 1) t.fail(`${ran.length} of three ran`)
        outcomes.set(id, 'approved')
      },
      Math.ceil(ROUNDS / 4),
    )
    t.equal(ends.filter((end) => end === 'approved').length, Math.ceil(ROUNDS / 4))
    checked(t, outcomes, [gateway])
  })

  t.test('the last two approvals of access come at once: one grant', LONG, async (t) => {
    const { approvals, lines } = await gatewayOn(t, await store.fresh(), { limits })
    let grants = 0
    await rounds(
      async () => {
        const access = { reason: 'a look', break_glass: false }
        const { id } = await approvals.askAhead(
          heldRequest({ scope: 'session', grant_ms: 60_000 }, { session: '', access }),
        )
        const answers = await Promise.allSettled(
          [ann, bob].map((approver) =>
            approvals.answer({ id, verb: 'approve', approver, reason: '' }),
          ),
        )
        grants += answers.filter(({ status }) => status === 'fulfilled').length
      },
      Math.ceil(ROUNDS / 10),
    )
    t.equal(grants, Math.ceil(ROUNDS / 10))
    const granted = lines().filter((line) => line.kind === 'approval' && line.event === 'granted')
    t.equal(granted.length, grants)
  })
}

export async function racesOfTwo(t: Test, store: Store): Promise<void> {
  const options = await store.fresh()
  const one = await gatewayOn(t, options, { limits })
  const two = await gatewayOn(t, options, { limits })
  const outcomes: Outcomes = new Map()
  let won = 0
  await rounds(async (i) => {
    const { id, settled } = await (i % 2 ? one : two).approvals.request(heldRequest())
    const answers = await Promise.allSettled([
      one.approvals.answer({ id, verb: 'approve', approver: ann, reason: '' }),
      two.approvals.answer({ id, verb: i % 3 ? 'approve' : 'deny', approver: bob, reason: '' }),
    ])
    won += answers.filter(({ status }) => status === 'fulfilled').length
    outcomes.set(id, (await settled).outcome)
  })
  t.equal(won, ROUNDS, 'one answer counts in each round')
  checked(t, outcomes, [one, two])
}

async function rounds(round: (i: number) => Promise<void>, count = ROUNDS): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => round(from + i))
    await Promise.all(some)
  }
}

// How long an answer takes on this machine at this moment, so that what races with it comes in its midst.
function createPace() {
  let ms = 5
  return {
    timed: async (answer: () => Promise<unknown>): Promise<void> => {
      const started = performance.now()
      await answer().catch(() => undefined)
      ms = ms * 0.9 + (performance.now() - started) * 0.1
    },
    // From nothing up to twice as long.
    share: (i: number): number => ((i % 20) / 10) * ms,
  }
}

// By what the records of all gateways together say of each request.
function checked(
  t: Test,
  outcomes: ReadonlyMap<string, Settlement['outcome']>,
  gateways: readonly Pick<Gateway, 'lines'>[],
): void {
  const byRequest = new Map<string, string[]>()
  for (const line of gateways.flatMap((gateway) => gateway.lines())) {
    if (line.kind !== 'approval') continue
    byRequest.set(line.approval, [...(byRequest.get(line.approval) ?? []), line.event])
  }
  const wrong: string[] = []
  const tally: Record<string, number> = {}
  for (const [id, outcome] of outcomes) {
    tally[outcome] = (tally[outcome] ?? 0) + 1
    const events = byRequest.get(id) ?? []
    const used = events.filter((event) => event === 'used').length
    const ends = events.filter((event) => ['used', 'denied', 'expired', 'void'].includes(event))
    const isGood = outcome === 'approved' ? used === 1 : used <= 1
    // A use that came in the moment of a cancel ran nothing: the client had gone.
    if (!isGood || ends.length !== 1 || (used === 1 && !events.includes('approved'))) {
      wrong.push(`${id} ${outcome}: ${events.join()}`)
    }
  }
  t.same(wrong, [])
  t.comment(JSON.stringify(tally))
}
