// What all ways to approvers share: attempts again while it makes sense and no longer, told once, and no
// trouble of one's own in the way of telling.
import t from 'tap'
import { requirementsOf } from '../../../../engine/schemas/approval-terms.js'
import type { ApprovalView } from '../../../../proxy/approvals/approval-view.js'
import type { Attempt, Channel } from '../../../../proxy/approvals/notifiers/channel.js'
import {
  lastingNotifier,
  type LastingParts,
} from '../../../../proxy/approvals/notifiers/lasting.js'
import { NOTICE_LIMITS } from '../../../../proxy/approvals/notifiers/limits.js'
import type { Notice } from '../../../../proxy/approvals/notifier.js'
import { systemClock } from '../../../../proxy/clock.js'
import { GatewayError } from '../../../../proxy/errors.js'
import { silentLog } from '../../../../proxy/log.js'
import { heldRequest } from '../world.js'

const alive = setInterval(() => undefined, 1_000)
t.teardown(() => clearInterval(alive))

const LATER: Attempt = { told: false, again: true, why: 'later' }

function notice(event: Notice['event'], livesMs = 60_000, id = '2222-3333-4444'): Notice {
  const { requester, target, text, rules, effects, terms: whole } = heldRequest()
  const { escalate: _escalate, groups: _groups, grant_ms: _grantMs, ...terms } = whole
  const approval: ApprovalView = {
    id,
    status: event === 'requested' ? 'pending' : 'denied',
    requester,
    target,
    session: 's1',
    command: 1,
    text,
    rules,
    effects,
    ...terms,
    groups: requirementsOf(terms),
    digest: 'sha256:0',
    created_at: new Date().toISOString(),
    expires_at: new Date(Date.now() + livesMs).toISOString(),
    approvals: [],
  }
  return { event, key: `${id}-${event}`, approval }
}

function lasting(
  attempt: (count: number, event: Notice['event'], signal: AbortSignal) => Promise<Attempt>,
  parts: Partial<LastingParts> = {},
  channel: Partial<Channel> = {},
) {
  const attempts: { readonly event: Notice['event']; readonly at: number }[] = []
  const outcomes: string[] = []
  const notifier = lastingNotifier(
    {
      kind: 'webhook',
      name: 'test',
      place: 'here',
      tellsEnd: 'always',
      attemptMs: 50,
      attempt({ event }, { signal }) {
        attempts.push({ event, at: Date.now() })
        return attempt(attempts.length, event, signal)
      },
      ...channel,
    },
    {
      clock: systemClock,
      log: silentLog,
      random: Math.random,
      onNotice: (_kind, outcome) => outcomes.push(outcome),
      ...parts,
    },
  )
  return { notifier, attempts, outcomes }
}

t.test('pauses grow, and half of each is chance', async (t) => {
  for (const [chance, least, most] of [
    [0, 50, 95],
    [0.999, 95, 150],
  ] as const) {
    const { notifier, attempts } = lasting(
      (count) => Promise.resolve(count < 2 ? LATER : { told: true }),
      { random: () => chance, pausesMs: [100] },
    )
    await notifier.tell(notice('requested'))
    const [first, second] = attempts
    const waited = (second?.at ?? 0) - (first?.at ?? 0)
    t.ok(waited >= least - 2 && waited <= most, `${waited} ms`)
  }
})

t.test('nothing is told of a request after its time', async (t) => {
  const { notifier, attempts, outcomes } = lasting(() => Promise.resolve(LATER), {
    pausesMs: Array<number>(1_000).fill(20),
  })
  await t.rejects(notifier.tell(notice('requested', 150)), /later/)
  t.ok(attempts.length > 3 && attempts.length < 20, `${attempts.length} attempts`)
  t.equal(outcomes.at(-1), 'failed')
})

t.test('a request that is settled meanwhile is not told any more', async (t) => {
  const { notifier, attempts } = lasting(
    (_count, event) => Promise.resolve(event === 'settled' ? { told: true } : LATER),
    { pausesMs: [30_000] },
  )
  const telling = notifier.tell(notice('requested'))
  telling.catch(() => undefined)
  await notifier.tell(notice('settled'))
  await t.rejects(telling, /later|ended before it was told/)
  t.same(
    attempts.map(({ event }) => event),
    ['requested', 'settled'],
  )
})

t.test(
  'an end is not told where the request was not, for those who would not understand',
  async (t) => {
    const { notifier, attempts } = lasting(
      () => Promise.resolve({ told: true }),
      { ledger: { told: () => Promise.resolve(undefined), tell: () => Promise.resolve() } },
      { tellsEnd: 'when it told the request' },
    )
    await notifier.tell(notice('settled'))
    t.same(attempts, [])
  },
)

t.test('the same notice at once is one attempt', async (t) => {
  const { notifier, attempts } = lasting(() => Promise.resolve({ told: true }))
  const one = notice('requested')
  await Promise.all([notifier.tell(one), notifier.tell(one), notifier.tell(one)])
  t.equal(attempts.length, 1)
})

t.test('an attempt that hangs is cut off and made again', async (t) => {
  const { notifier, attempts, outcomes } = lasting(
    (count, _event, signal) =>
      count > 1
        ? Promise.resolve({ told: true })
        : new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason as Error)),
          ),
    { pausesMs: [5] },
  )
  await notifier.tell(notice('requested'))
  t.equal(attempts.length, 2)
  t.same(outcomes, ['retried', 'told'])
})

t.test('a store that is down keeps nobody from being told', async (t) => {
  const down = () => Promise.reject(new GatewayError('state_failed', 'down'))
  const { notifier, attempts } = lasting(() => Promise.resolve({ told: true }), {
    ledger: { told: down, tell: down },
  })
  await notifier.tell(notice('requested'))
  t.equal(attempts.length, 1)
})

t.test('so many notices wait for one receiver, and no more', async (t) => {
  const { notifier } = lasting(() => Promise.resolve(LATER), { pausesMs: [60_000] })
  const waiting = Array.from({ length: NOTICE_LIMITS.queue }, (_, i) =>
    notifier.tell(notice('requested', 600_000, `id-${i}`)).catch(() => 'ended'),
  )
  await t.rejects(notifier.tell(notice('requested', 600_000, 'one-more')), /too many/)
  await notifier.close()
  t.same(new Set(await Promise.all(waiting)), new Set(['ended']))
})
