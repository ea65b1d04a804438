// The session's part of the facts: the same object for the same situation, made anew when one changes.
import t from 'tap'
import { factsOfSession, roundedDown } from '../../proxy/facts-of-session.js'
import type { Session } from '../../proxy/session.js'
import { sampleSession } from './sample-session.js'

const NOON = Date.UTC(2026, 10, 24, 12, 0, 0)

function sessionAt(zone = 'UTC'): Session {
  return sampleSession({ zone })
}

t.test('numbers are rounded down to 1, 2, 5 times a power of ten', async (t) => {
  const pairs = [
    [0, 0],
    [1, 1],
    [3, 2],
    [4, 2],
    [5, 5],
    [9, 5],
    [10, 10],
    [19, 10],
    [20, 20],
    [49, 20],
    [50, 50],
    [99, 50],
    [123_456, 100_000],
    [10_000_000, 10_000_000],
  ]
  for (const [count = 0, rounded] of pairs) t.equal(roundedDown(count), rounded)
})

t.test('the same situation gives the same object', async (t) => {
  const session = sessionAt()
  const facts = factsOfSession(session)
  const first = facts.base(NOON, [])
  t.equal(facts.base(NOON + 59_000, []), first)
  session.transaction = 'open'
  const open = facts.base(NOON, [])
  t.not(open, first)
  t.equal(open.facts.session.transaction, 'open')
  session.transaction = 'idle'
  t.equal(facts.base(NOON, []), first)
  t.not(facts.base(NOON + 60_000, []), first)
})

t.test('every counter shows as soon as it passes a step', async (t) => {
  for (const name of ['commands', 'rows', 'labelledRows', 'denials'] as const) {
    const session = sessionAt()
    const facts = factsOfSession(session)
    for (let n = 0; n < 1200; n++) {
      session.counters[name] = n
      const { counters } = facts.base(NOON, []).facts.session
      const shown = name === 'labelledRows' ? counters.labelled_rows : counters[name]
      if (shown !== roundedDown(n)) t.fail(`${name} ${n} shows as ${shown}`)
    }
  }
})

t.test('commands of the last minute are forgotten a minute later', async (t) => {
  const facts = factsOfSession(sessionAt())
  facts.base(NOON, [])
  for (let n = 0; n < 10; n++) facts.count(NOON + n * 1000)
  const seen = (ms: number): number =>
    facts.base(NOON + ms, []).facts.session.counters.commands_last_minute
  t.equal(seen(10_000), 10)
  t.equal(seen(59_000), 10)
  t.equal(seen(64_500), 5)
  t.equal(seen(200_000), 0)
})

t.test('hour and weekday are those of the target', async (t) => {
  const { time } = factsOfSession(sessionAt('Asia/Tokyo')).base(
    Date.UTC(2026, 10, 24, 18),
    [],
  ).facts
  t.same(time, { utc: '2026-11-24T18:00:00Z', weekday: 'wednesday', hour: 3, zone: 'Asia/Tokyo' })
})

t.test('grants make a situation of their own', async (t) => {
  const facts = factsOfSession(sessionAt())
  const plain = facts.base(NOON, [])
  const granted = facts.base(NOON, [{ id: 'h', scope: 'command', approvers: ['a'] }])
  t.equal(granted.facts.grants.length, 1)
  t.equal(facts.base(NOON, []), plain)
})

t.test(
  'policies that nobody has heard of make a situation of their own, as long as it lasts',
  async (t) => {
    const facts = factsOfSession(sessionAt())
    const plain = facts.base(NOON, [])
    t.notOk('policy' in plain.facts, 'not said while all is well')
    const stale = facts.base(NOON, [], true)
    t.same(stale.facts.policy, { stale: true })
    t.equal(facts.base(NOON, [], true), stale)
    t.equal(facts.base(NOON, [], false), plain)
  },
)
