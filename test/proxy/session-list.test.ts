// The list of sessions: what goes on now, and what the record holds of before.
import t from 'tap'
import type { RecordLine } from '../../engine/schemas/record.js'
import { createSessionList } from '../../proxy/session-list.js'
import { person } from './approvals/world.js'

const { facts: identity } = person('ann')
const line = (seq: number, rest: object): { readonly line: RecordLine } => ({
  line: { seq, time: seq * 1000, prev: '', ...rest } as RecordLine,
})
const opened = (session: string) => ({
  kind: 'session',
  session,
  event: 'opened',
  identity,
  target: 'shop',
  database: 'shop',
})
const command = (session: string, go = true) => ({ kind: 'command', session, command: 1, go })

async function* lines(...all: readonly object[]) {
  let seq = 0
  for (const one of all) yield line(seq++, one)
}

t.test(
  'what earlier runs left is read: counts, ends, and what was lost with the gateway',
  async (t) => {
    const list = createSessionList()
    const reading = list.read(
      lines(
        { kind: 'gateway', event: 'started' },
        opened('a'),
        command('a'),
        command('a', false),
        { kind: 'outcome', session: 'a', command: 1, result: 'done', masked: 3 },
        { kind: 'approval', approval: 'x', event: 'requested', session: 'a' },
        { kind: 'session', session: 'a', event: 'closed', reason: 'the client left' },
        opened('b'),
        { ...command('b'), outcomes: [{ session: 'b', command: 1, result: 'done', masked: 1 }] },
        { kind: 'gateway', event: 'started' },
        { kind: 'session', session: 'c', event: 'refused', identity, reason: 'no room' },
        { kind: 'session', session: 'd', event: 'refused', reason: 'no token' },
        opened('e'),
      ),
    )
    t.equal(list.complete(), false)
    await reading
    t.equal(list.complete(), true)
    t.match(list.all(), [
      { id: 'e', state: 'lost' },
      { id: 'c', state: 'refused', reason: 'no room' },
      { id: 'b', state: 'lost', masked: 1 },
      { id: 'a', state: 'ended', endedMs: 6000, commands: 2, denials: 1, held: 1, masked: 1 },
    ])
    t.equal(list.all().length, 4, 'nobody is named where nobody was known')
  },
)

t.test('this run’s own sessions are known better than the record tells of them', async (t) => {
  const list = createSessionList()
  list.session({ session: 'now', event: 'opened', identity, target: 'shop', database: 'shop' }, 5)
  list.command({ session: 'now', go: true })
  await list.read(
    lines(opened('old'), command('old'), opened('now'), command('now'), command('now')),
  )
  t.match(list.find('now'), { state: 'live', commands: 1, sinceMs: 5 })
  t.match(list.find('old'), { state: 'lost', commands: 1 })
  t.same(
    list.all().map(({ id }) => id),
    ['now', 'old'],
  )
})

t.test('so many are kept; the oldest that ended go, live ones stay', async (t) => {
  const list = createSessionList(10)
  list.session({ session: 'long', event: 'opened', identity }, 0)
  for (let i = 0; i < 100; i++) {
    list.session({ session: `s${i}`, event: 'opened', identity }, i)
    list.session({ session: `s${i}`, event: 'closed' }, i)
  }
  t.equal(list.all().length, 10)
  t.match(list.find('long'), { state: 'live' })
  t.ok(list.find('s99'))
  t.equal(list.find('s0'), undefined)
  await list.read(lines(opened('before')))
  t.equal(list.find('before'), undefined, 'older than all that there is room for')
})

t.test('names that mean something to JavaScript are only names', async (t) => {
  const list = createSessionList()
  for (const id of ['__proto__', 'constructor', 'toString']) t.equal(list.find(id), undefined)
  list.command({ session: '__proto__', go: true })
  list.outcome({ session: 'constructor', masked: 1 })
  list.session({ session: '__proto__', event: 'closed' }, 0)
  t.same(list.all(), [])
})
