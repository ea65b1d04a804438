// Client messages from chance against a target that keeps the protocol's rules: only whole, judged
// messages arrive there, no denied text runs, the two sides never get out of step, and every command
// that was let go has exactly one outcome. SALLYPORT_FUZZ multiplies the number of inputs.
import t from 'tap'
import type { Decision } from '../../engine/schemas/decision.js'
import { message } from '../../proxy/protocols/postgres/wire-bytes.js'
import { byHand } from '../proxy/protocols/postgres/relay-by-hand.js'
import { chance } from './chance.js'
import { ModelTarget } from './model-target.js'

const INPUTS = 100_000 * Number(process.env['SALLYPORT_FUZZ'] ?? '1')
const PER_SESSION = 60
const NAMES = ['', '', '', '', 'a']
const TEXTS = [
  'select 1',
  'listen denied',
  'select 1;select 2',
  '',
  'sel',
  'begin',
  'commit',
  'rollback',
]

const ALLOW: Decision = { action: 'allow', rules: [], masks: [], limits: {} }
const DENY: Decision = { ...ALLOW, action: 'deny', rules: [{ id: 'test/no', message: 'no' }] }

function unit(statement: string, portal: string, text: string): Buffer {
  return Buffer.concat([
    message('P', statement, text, 0),
    message('B', portal, statement, 0, 0, 0),
    message('E', portal, Buffer.alloc(4)),
  ])
}

t.test(`${INPUTS} messages of clients`, async (t) => {
  const { below, pick } = chance(20_261_124)
  const name = (): string => pick(NAMES)
  const makers = [
    () => message('Q', pick(TEXTS)),
    () => message('P', name(), pick(TEXTS), 0),
    () => message('P', name(), 'select 1', 0),
    () => message('B', name(), name(), 0, 0, 0),
    () => message('B', name(), name(), 0, 0, 0),
    () => message('D', Buffer.from(pick(['S', 'P'])), name()),
    () => message('E', name(), Buffer.alloc(4)),
    () => message('E', name(), Buffer.alloc(4)),
    () => message('C', Buffer.from(pick(['S', 'P'])), name()),
    () => message('S'),
    () => message('S'),
    () => message('H'),
    () => message('F', Buffer.alloc(below(9))),
    () => unit(name(), name(), pick(TEXTS)),
    () => unit('', '', pick(TEXTS)),
    () => Buffer.concat([unit('', name(), 'select 1'), message('S')]),
  ] as const
  const faults: string[] = []
  let [done, ran] = [0, 0]
  while (done < INPUTS && faults.length === 0) {
    const target = new ModelTarget()
    const hand = await byHand((facts) => (facts.command?.postgres.tag === 'LISTEN' ? DENY : ALLOW))
    const said: string[] = []
    const answer = (): void => {
      const bytes = target.answers(hand.target.written)
      hand.target.written = Buffer.alloc(0)
      // In two pieces, cut anywhere.
      const at = below(bytes.length + 1)
      if (at > 0) hand.answers(bytes.subarray(0, at))
      if (at < bytes.length) hand.answers(bytes.subarray(at))
      // ReadyForQuery is six bytes long.
      hand.client.written = hand.client.written.subarray(-6)
    }
    try {
      for (let n = 0; n < PER_SESSION && hand.ends.length === 0; n++) {
        const batch = Array.from({ length: 1 + below(4) }, () => pick(makers)())
        done += batch.length
        said.push(batch.map((one) => one.toString('latin1')).join(' '))
        await hand.says(...batch)
        if (below(3) > 0) answer()
      }
      await hand.says(message('S'))
      for (let n = 0; n < 10; n++) {
        answer()
        await hand.says()
      }
      answer()
    } catch (thrown) {
      faults.push(String(thrown))
    }
    if (hand.ends.length > 0) faults.push(`ended: ${hand.ends.join()} ${hand.logs.join()}`)
    if (target.ran.some((text) => text.includes('denied'))) faults.push('a denied text ran')
    if (hand.logs.length > 0) faults.push(...hand.logs)
    if (hand.client.written.at(-6) !== 0x5a) faults.push('the last Sync was not answered')
    hand.relay.end('57P01', 'over')
    ran += target.ran.length
    const settled = hand.outcomes.map(({ command }) => command).sort((a, b) => a - b)
    if (settled.join() !== hand.went.join()) {
      faults.push(`went ${hand.went.join()}, came out ${settled.join()}`)
    }
    if (faults.length > 0) t.fail(faults.join('; '), { said })
  }
  t.equal(faults.length, 0)
  t.ok(ran > INPUTS / 50, `${ran} statements ran`)
})

t.test('bytes that are no messages end the session at once', async (t) => {
  const { below } = chance(7)
  for (let n = 0; n < INPUTS / 50; n++) {
    const hand = await byHand()
    const bytes = Buffer.from(Array.from({ length: 5 + below(20) }, () => below(256)))
    await hand.says(bytes)
    if (hand.logs.some((line) => line.includes('relay failed'))) t.fail(bytes.toString('hex'))
    hand.relay.end('57P01', 'over')
  }
})
