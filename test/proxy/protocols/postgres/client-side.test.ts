// What a client may send, in any pieces and any order: whatever reaches the target is a whole message
// that was judged, and what is no message ends the session.
import t from 'tap'
import type { Decision } from '../../../../engine/schemas/decision.js'
import { SUBSTITUTE_PARSE, SUBSTITUTE_QUERY } from '../../../../proxy/protocols/postgres/refuse.js'
import { message } from '../../../../proxy/protocols/postgres/wire-bytes.js'
import { byHand } from './relay-by-hand.js'

const DENY: Decision = {
  action: 'deny',
  rules: [{ id: 'test/no', message: 'no' }],
  masks: [],
  limits: {},
}
const ALLOW: Decision = { action: 'allow', rules: [], masks: [], limits: {} }

t.test('nothing is sent before the message is complete', async (t) => {
  const hand = await byHand()
  const query = message('Q', 'select 1')
  await hand.says(query.subarray(0, query.length - 1))
  t.equal(hand.target.written.length, 0)
  await hand.says(query.subarray(query.length - 1))
  t.same(hand.target.written, query)
})

t.test(
  'a denied Query is replaced by one that fails, and none of its bytes are sent',
  async (t) => {
    const hand = await byHand((facts) => (facts.command?.postgres.tag === 'LISTEN' ? DENY : ALLOW))
    await hand.says(message('Q', 'listen hidden'))
    t.same(hand.target.written, SUBSTITUTE_QUERY)
    hand.answers(
      message('E', 'SERROR', 'C42601', 'Msyntax', Buffer.alloc(1)),
      message('Z', Buffer.from('I')),
    )
    t.match(hand.client.written.toString(), /denied: no/)
    t.notMatch(hand.client.written.toString(), /syntax/)
  },
)

t.test('a denied Parse is replaced, and what follows up to Sync is not sent', async (t) => {
  const hand = await byHand((facts) => (facts.command?.postgres.tag === 'LISTEN' ? DENY : ALLOW))
  const sync = message('S')
  await hand.says(
    message('P', '', 'listen hidden', 0),
    message('B', '', '', 0, 0, 0),
    message('E', '', Buffer.alloc(4)),
    sync,
  )
  t.same(hand.target.written, Buffer.concat([SUBSTITUTE_PARSE, sync]))
})

t.test('names of our own cannot be taken', async (t) => {
  const hand = await byHand()
  for (const bytes of [
    message('P', 'sallyport_internal', 'select 1', 0),
    message('C', Buffer.from('S'), 'sallyport_internal'),
    message('E', 'sallyport_internal', Buffer.alloc(4)),
  ]) {
    hand.target.taken()
    await hand.says(bytes, message('S'))
    t.equal(hand.target.taken(), 'PS')
    hand.answers(
      message('E', 'SERROR', 'C42601', 'Mx', Buffer.alloc(1)),
      message('Z', Buffer.from('I')),
    )
  }
  await hand.says(message('Q', 'prepare sallyport_x as select 1'))
  t.same(hand.target.written, SUBSTITUTE_QUERY)
})

t.test(
  'a message that waits is followed by a bounded amount, then the client is not read',
  async (t) => {
    const hand = await byHand()
    const bytes = Buffer.concat(Array.from({ length: 8000 }, () => message('Q', 'select 1')))
    hand.client.onBytes(bytes)
    t.ok(hand.client.paused)
  },
)

t.test('Terminate ends both sides', async (t) => {
  const hand = await byHand()
  await hand.says(message('X'))
  t.ok(hand.client.closed && hand.target.closed)
  t.equal(hand.target.taken(), 'X')
})

t.test('random messages: only whole, judged messages reach the target', async (t) => {
  let seed = 11
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return (seed >>> 8) % below
  }
  const names = ['', 'a', 'b']
  const texts = ['select 1', 'listen denied', 'select 1; select 2', '', 'sel', 'begin', 'commit']
  const name = (): string => names[random(3)] ?? ''
  const text = (): string => texts[random(texts.length)] ?? ''
  const makers = [
    () => message('Q', text()),
    () => message('P', name(), text(), 0),
    () => message('B', name(), name(), 0, 0, 0),
    () => message('D', Buffer.from(random(2) === 0 ? 'S' : 'P'), name()),
    () => message('E', name(), Buffer.alloc(4)),
    () => message('C', Buffer.from(random(2) === 0 ? 'S' : 'P'), name()),
    () => message('S'),
    () => message('H'),
    () => message('d', Buffer.from('x')),
    () => message('c'),
    () => message('F', Buffer.alloc(random(9))),
    () => Buffer.from(Array.from({ length: 5 + random(9) }, () => random(256))),
  ]
  for (let round = 0; round < 300; round++) {
    const hand = await byHand((facts) => (facts.command?.postgres.tag === 'LISTEN' ? DENY : ALLOW))
    for (let n = 0; n < 6 && hand.ends.length === 0; n++) {
      const bytes = (makers[random(20) === 0 ? 11 : random(11)] ?? (() => message('S')))()
      const at = random(bytes.length)
      await hand.says(bytes.subarray(0, at))
      if (hand.ends.length === 0) await hand.says(bytes.subarray(at))
    }
    const sent = hand.target.written
    const bad = hand.logs.filter((line) => line.includes('relay failed'))
    if (bad.length > 0) t.fail(`round ${round}: ${bad.join()}`)
    if (sent.includes('denied')) t.fail(`round ${round}: a denied text was sent`)
    if (!/^[QPBDECSHdcfX]*$/.test(hand.target.taken())) t.fail(`round ${round}: not whole messages`)
    hand.relay.end('57P01', 'over')
  }
})
