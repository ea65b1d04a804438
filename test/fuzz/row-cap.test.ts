// A server that lies about what it changed: whatever it sends, the client is told of a success only where
// a number within the cap was told and the server was then asked to commit; else the session ends.
import t from 'tap'
import type { Catalogue, Relation } from '../../engine/facts/postgres/catalogue.js'
import { message } from '../../proxy/protocols/postgres/wire-bytes.js'
import { byHand, EMPTY, field, type ByHand } from '../proxy/protocols/postgres/relay-by-hand.js'

const TABLE: Relation = {
  oid: 20_000,
  schema: 'public',
  name: 't',
  kind: 'r',
  temporary: false,
  system: false,
  columns: [{ attnum: 1, name: 'id', type: 23, notNull: false, generated: false, labels: [] }],
  keys: [],
  uniqueColumns: [],
  parents: [],
  rules: [],
  triggers: [],
  checks: [],
}

const CATALOGUE: Catalogue = {
  ...EMPTY,
  schemas: ['public'],
  relation: (schema, name) => (schema === 'public' && name === 't' ? TABLE : undefined),
  relationByOid: (oid) => (oid === TABLE.oid ? TABLE : undefined),
}

const CAPPED = () => ({
  action: 'allow' as const,
  rules: [],
  masks: [],
  limits: { rows_affected_max: 3 },
})

const OPENED = [message('1'), message('2'), message('n')]
const READY = message('Z', Buffer.from('I'))
const ERROR = message('E', 'SERROR', 'VERROR', 'C42601', 'Mno', Buffer.of(0))
const complete = (tag: string): Buffer => message('C', tag)

async function query(): Promise<ByHand> {
  const hand = await byHand(CAPPED, CATALOGUE)
  await hand.says(message('Q', 'update t set id = 1'))
  t.equal(hand.target.taken(), 'PBDEH')
  return hand
}

async function portal(): Promise<ByHand> {
  const hand = await byHand(CAPPED, CATALOGUE)
  await hand.says(message('P', '', 'update t set id = 1', 0), message('B', '', '', 0, 0, 0))
  await hand.says(message('E', '', Buffer.alloc(4)), message('S'))
  t.equal(hand.target.taken(), 'PBEH', 'its Sync waits')
  hand.answers(message('1'), message('2'))
  t.equal(hand.client.taken(), '12')
  return hand
}

t.test('within the cap it is committed, and told after that', async (t) => {
  const hand = await query()
  hand.answers(...OPENED, complete('UPDATE 3'))
  t.equal(hand.client.taken(), '')
  t.equal(hand.target.taken(), 'S')
  hand.answers(READY)
  t.equal(hand.client.taken(), 'CZ')
  t.match(hand.outcomes.at(-1), { result: 'done', tag: 'UPDATE 3' })
})

t.test('what does not say a number within the cap is undone', async (t) => {
  for (const tag of [
    'UPDATE 4',
    'UPDATE',
    'UPDATE -1',
    'SELECT 1',
    'UPDATE 1 1',
    '',
    'UPDATE 9e1',
  ]) {
    const hand = await query()
    hand.answers(...OPENED, complete(tag))
    t.equal(hand.client.taken(), 'E', tag)
    t.equal(hand.target.taken(), 'PS', tag)
    hand.answers(ERROR, READY)
    t.equal(hand.client.taken(), 'Z')
    t.match(hand.outcomes.at(-1), { result: 'failed', sqlstate: '54000' })
    t.same(hand.ends, [])
  }
})

t.test('in a portal, the Sync that waits goes behind what makes it fail', async (t) => {
  const hand = await portal()
  hand.answers(complete('UPDATE 4'))
  t.equal(hand.client.taken(), 'E')
  t.equal(hand.target.taken(), 'PS')
  hand.answers(ERROR, READY)
  t.equal(hand.client.taken(), 'Z')
})

const HOSTILE: Readonly<Record<string, readonly Buffer[]>> = {
  'ready before the number': [...OPENED, READY],
  'a second number': [...OPENED, complete('UPDATE 1'), complete('UPDATE 1')],
  'no description twice': [...OPENED, message('n')],
  'a bound portal before its statement': [message('2')],
  'a portal that is not at its end': [...OPENED, message('s')],
  'ready where an error was asked for': [...OPENED, complete('UPDATE 4'), READY],
  'two errors where one was asked for': [...OPENED, complete('UPDATE 4'), ERROR, ERROR],
  'a number behind the error': [...OPENED, complete('UPDATE 4'), ERROR, complete('UPDATE 1')],
  'a row without a description': [...OPENED, message('D', 1, field('x'))],
}

for (const [what, bytes] of Object.entries(HOSTILE)) {
  t.test(`a server that sends ${what} ends the session`, async (t) => {
    const hand = await query()
    hand.answers(...bytes)
    t.equal(hand.ends.length, 1)
    t.notMatch(hand.client.taken(), /C/)
  })
}

t.test('in a portal it is no different', async (t) => {
  for (const bytes of [
    [READY],
    [message('s')],
    [complete('UPDATE 4'), READY],
    [complete('UPDATE 4'), complete('UPDATE 1')],
  ]) {
    const hand = await portal()
    hand.answers(...bytes)
    t.equal(hand.ends.length, 1)
    t.notMatch(hand.client.taken(), /C/)
  }
})

t.test('no order of answers makes a success of what was not asked to commit', async (t) => {
  const words = [
    ...OPENED,
    READY,
    ERROR,
    complete('UPDATE 3'),
    complete('UPDATE 4'),
    complete('INSERT 0 1'),
    message('s'),
    message('I'),
    message('3'),
    message('G', 0, 0),
    message('D', 1, field('x')),
    message('T', 0),
    message('N', 'SNOTICE', 'VNOTICE', 'C00000', 'Mx', Buffer.of(0)),
  ]
  let seed = 20_261_124
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed % below
  }
  let told = 0
  for (let round = 0; round < 3000; round++) {
    const hand = await byHand(CAPPED, CATALOGUE)
    await hand.says(message('Q', 'update t set id = 1'))
    hand.target.taken()
    let committed = false
    if (next(2) === 0) hand.answers(...OPENED)
    for (let i = 0; i < 6 && hand.ends.length === 0; i++) {
      hand.answers(words[next(words.length)] ?? READY)
      const sent = hand.target.taken()
      committed ||= sent.startsWith('S')
      const client = hand.client.taken()
      if (client.includes('C')) {
        told++
        if (!committed) t.fail(`told in round ${round}`)
      }
    }
    const internal = hand.logs.filter((line) => line.startsWith('the relay failed'))
    if (internal.length > 0) t.fail(internal.join())
    hand.relay.end('57P01', 'over')
  }
  t.ok(told > 20, `${told} were told`)
})
