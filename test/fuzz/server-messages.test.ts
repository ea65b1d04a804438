// Server messages from chance: whatever a target sends, the session goes on in step or ends once, with a
// reason; nothing throws. SALLYPORT_FUZZ multiplies the number of inputs.
import t from 'tap'
import { message } from '../../proxy/protocols/postgres/wire-bytes.js'
import { byHand } from '../proxy/protocols/postgres/relay-by-hand.js'
import { chance } from './chance.js'

const INPUTS = 100_000 * Number(process.env['SALLYPORT_FUZZ'] ?? '1')
const TYPES = [...'TDCZEINSAGHdc123ntsWRKVv']

t.test(`${INPUTS} messages of servers`, async (t) => {
  const { below, pick } = chance(4_711)
  const faults: string[] = []
  let done = 0
  while (done < INPUTS && faults.length === 0) {
    const hand = await byHand()
    await hand.says(
      pick([
        message('Q', 'select 1; select 2'),
        message('Q', 'select 1'),
        Buffer.concat([
          message('P', '', 'select 1', 0),
          message('B', '', '', 0, 0, 0),
          message('D', Buffer.from('P'), ''),
          message('E', '', Buffer.alloc(4)),
          message('S'),
        ]),
      ]),
    )
    const likely = [
      message('T', 1, 'a', Buffer.alloc(18)),
      message('D', 1, Buffer.from([0, 0, 0, 1, 0x61])),
      message('C', 'SELECT 1'),
      message('Z', Buffer.from('I')),
      message('1'),
      message('2'),
      message('E', 'SERROR', 'C42601', 'Mx', Buffer.alloc(1)),
      message('N', 'SNOTICE', 'C00000', 'Mx', Buffer.alloc(1)),
    ] as const
    for (let n = 0; n < 20 && hand.ends.length === 0; n++, done++) {
      const body = Buffer.from(Array.from({ length: below(16) }, () => below(256)))
      const bytes = below(4) === 0 ? message(pick(TYPES), body) : pick(likely)
      const whole = below(10) > 0 ? bytes : bytes.subarray(0, below(bytes.length))
      if (whole.length > 0) hand.answers(whole)
    }
    if (hand.ends.length > 1) faults.push('ended twice')
    faults.push(...hand.logs.filter((line) => line.includes('relay failed')))
    hand.relay.end('57P01', 'over')
    if (faults.length > 0) t.fail(faults.join('; '))
  }
  t.equal(faults.length, 0)
})
