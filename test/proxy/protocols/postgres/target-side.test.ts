// A server that does not behave: whatever it sends, the session ends cleanly with a reason, or the
// bytes are PostgreSQL's. Nothing of it makes the relay throw, hang or mix up answers.
import t from 'tap'
import { message } from '../../../../proxy/protocols/postgres/wire-bytes.js'
import { byHand, field } from './relay-by-hand.js'

const READY = message('Z', Buffer.from('I'))
const COLUMN = Buffer.alloc(18)
const DESCRIPTION = message('T', 1, 'a', COLUMN)

const HOSTILE: Readonly<Record<string, readonly Buffer[]>> = {
  'an unknown type': [message('?')],
  'a length below four': [Buffer.from('C\0\0\0\x03')],
  'a length beyond what PostgreSQL builds': [Buffer.from('D\x7f\xff\xff\xff')],
  'ready before the answer': [READY],
  'ready with a strange status': [message('C', 'SELECT 0'), message('Z', Buffer.from('x'))],
  'a row before its description': [message('D', 1, field('x'))],
  'a second completion': [message('C', 'SELECT 0'), message('C', 'SELECT 0')],
  'a description cut short': [message('T', 9, 'a')],
  'an answer of the extended protocol': [message('1')],
  'an authentication request': [message('R', Buffer.alloc(4))],
  'a cancel key': [message('K', Buffer.alloc(8))],
  'the start of a replication stream': [message('W', Buffer.alloc(3))],
  'a result of a function call': [message('V', Buffer.alloc(4))],
  'an error without fields': [message('E', Buffer.alloc(1))],
  'an error that does not end': [message('E', Buffer.from('SERROR'))],
  'another encoding': [message('S', 'client_encoding', 'SJIS')],
  'other strings': [message('S', 'standard_conforming_strings', 'off')],
  'a parameter without a value': [message('S', 'x')],
  'a notification cut short': [message('A', Buffer.alloc(4))],
}

for (const [what, bytes] of Object.entries(HOSTILE)) {
  t.test(`a server that sends ${what} ends the session`, async (t) => {
    const hand = await byHand()
    await hand.says(message('Q', 'select 1'))
    hand.answers(...bytes)
    t.equal(hand.ends.length, 1)
    t.ok(hand.client.closed && hand.target.closed)
    t.match(hand.client.taken(), /E$/)
  })
}

t.test('a server that speaks unasked ends the session', async (t) => {
  for (const bytes of [message('C', 'X'), message('D', 0), READY, message('1')]) {
    const hand = await byHand()
    hand.answers(bytes)
    t.equal(hand.ends.length, 1)
  }
})

t.test('the end of a session is told once, and what was running is unknown', async (t) => {
  const hand = await byHand()
  await hand.says(message('Q', 'select 1'))
  hand.outcomes.length = 0
  hand.target.onClose(undefined)
  hand.client.onClose(undefined)
  hand.relay.end('57P01', 'again')
  t.same(hand.ends, ['the target closed the connection'])
  t.same(
    hand.outcomes.map(({ result }) => result),
    ['unknown'],
  )
})

t.test('a row in many pieces passes as it is, and what comes after it in order', async (t) => {
  const hand = await byHand()
  await hand.says(message('Q', 'select 1'))
  hand.client.taken()
  const answer = Buffer.concat([
    DESCRIPTION,
    message('D', 1, field('x'.repeat(500))),
    message('C', 'SELECT 1'),
    READY,
  ])
  for (const byte of answer) hand.answers(Buffer.of(byte))
  t.same(hand.client.written, answer)
  t.same(hand.ends, [])
})

t.test('an error in the middle of a row waits for its end', async (t) => {
  const hand = await byHand(() => ({ action: 'allow', rules: [], masks: [], limits: {} }))
  await hand.says(message('Q', 'select 1'))
  const row = message('D', 1, field('x'.repeat(500)))
  hand.answers(DESCRIPTION, row.subarray(0, 100))
  hand.relay.end('57P01', 'stop')
  t.equal(hand.client.taken(), 'TD')
  t.ok(hand.client.closed)
})

t.test('the host of the target is taken out of its errors', async (t) => {
  const hand = await byHand()
  await hand.says(message('Q', 'select 1'))
  hand.answers(
    message('E', 'SERROR', 'C58000', 'Mcannot reach secret-host:5432', Buffer.alloc(1)),
    READY,
  )
  t.notMatch(hand.client.written.toString(), 'secret-host')
  t.equal(hand.client.taken(), 'EZ')
})

t.test(
  'a client that does not read stops the target, and reading goes on afterwards',
  async (t) => {
    const hand = await byHand()
    await hand.says(message('Q', 'select 1'))
    hand.client.full = true
    hand.answers(DESCRIPTION, message('D', 1, field('x')))
    t.ok(hand.target.paused)
    hand.client.full = false
    hand.client.onDrain()
    t.notOk(hand.target.paused)
  },
)

t.test('random answers never throw and end at most once', async (t) => {
  let seed = 7
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return (seed >>> 8) % below
  }
  const types = 'TDCZEINSAGHdc123ntsWRKV'
  for (let round = 0; round < 300; round++) {
    const hand = await byHand()
    await hand.says(
      random(2) === 0
        ? message('Q', 'select 1; select 2')
        : Buffer.concat([
            message('P', '', 'select 1', 0),
            message('B', '', '', 0, 0, 0),
            message('D', Buffer.from('P'), ''),
            message('E', '', Buffer.alloc(4)),
            message('S'),
          ]),
    )
    for (let n = 0; n < 6 && hand.ends.length === 0; n++) {
      const body = Buffer.from(Array.from({ length: random(12) }, () => random(256)))
      hand.answers(message(types[random(types.length)] ?? 'Z', body))
    }
    if (hand.ends.length > 1 || hand.logs.some((line) => line.includes('relay failed'))) {
      t.fail(`round ${round}: ${hand.logs.join()} ${hand.ends.join()}`)
    }
    hand.relay.end('57P01', 'over')
  }
})
