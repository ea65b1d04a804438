// The readers of single messages, on bytes from chance and on good messages with a few bytes changed: they
// give a complete reading or none, never throw, and never look beyond the message. SALLYPORT_FUZZ
// multiplies the number of inputs.
import t from 'tap'
import { NO_MASKS } from '../../engine/facts/postgres/exit-masks.js'
import { authenticated } from '../../proxy/protocols/postgres/authenticate.js'
import { bindOf } from '../../proxy/protocols/postgres/bind-message.js'
import type { Inbox } from '../../proxy/protocols/postgres/inbox.js'
import { shownReport } from '../../proxy/protocols/postgres/report-fields.js'
import { columnsOf } from '../../proxy/protocols/postgres/row-description.js'
import { scramOf } from '../../proxy/protocols/postgres/scram.js'
import { message } from '../../proxy/protocols/postgres/wire-bytes.js'
import { GatewayError } from '../../proxy/errors.js'
import { chance } from './chance.js'

const INPUTS = 100_000 * Number(process.env['SALLYPORT_FUZZ'] ?? '1')
const { below, pick } = chance(5_507)

// A whole message in the middle of other bytes, with some of its own changed.
function spoilt(good: Buffer): { bytes: Buffer; start: number; end: number } {
  const start = below(4)
  const bytes = Buffer.alloc(start + good.length + below(8), pick([0, 0x41, 0xff]))
  good.copy(bytes, start)
  for (let n = below(4); n > 0; n--)
    bytes[start + below(good.length)] = pick([0, 1, 0xff, below(256)])
  const end = start + (below(4) === 0 ? below(good.length + 1) : good.length)
  return { bytes, start, end }
}

function anyBytes(most: number): Buffer {
  return Buffer.from(Array.from({ length: below(most) }, () => below(256)))
}

t.test(`${INPUTS} Bind messages`, async (t) => {
  let read = 0
  for (let n = 0; n < INPUTS; n++) {
    const value = anyBytes(6)
    const length = Buffer.of(0, 0, 0, value.length)
    const good = message('B', pick(['', 'p']), pick(['', 's']), 1, below(2), 1, length, value, 1, 1)
    const { bytes, start, end } = spoilt(below(8) === 0 ? anyBytes(40) : good)
    const found = bindOf(bytes, start, end)
    if (found === undefined) continue
    read++
    const size = found.values.reduce((sum, one) => sum + 4 + (one?.length ?? 0), 0)
    const rest = end - start - 5 - Buffer.byteLength(`${found.portal}\0${found.statement}\0`)
    if (size + found.formats.length * 2 + 6 > rest) t.fail(bytes.toString('hex'))
  }
  t.ok(read > INPUTS / 20, `${read} could be read`)
})

t.test(`${INPUTS} row descriptions`, async (t) => {
  let read = 0
  for (let n = 0; n < INPUTS; n++) {
    const good = message('T', 2, 'id', Buffer.alloc(18, 1), pick(['', 'name']), Buffer.alloc(18))
    const { bytes, start, end } = spoilt(below(8) === 0 ? anyBytes(60) : good)
    const found = columnsOf(bytes, start + 5, end)
    if (found === undefined) continue
    read++
    if (found.length * 19 + 2 > end - start - 5) t.fail(bytes.toString('hex'))
  }
  t.ok(read > INPUTS / 20, `${read} could be read`)
})

t.test(`${INPUTS} reports of errors`, async (t) => {
  const masks = { ...NO_MASKS, quietErrors: true, otherText: true } as const
  let read = 0
  for (let n = 0; n < INPUTS; n++) {
    const good = message(
      pick(['E', 'N']),
      'SERROR',
      'C22P02',
      'Mthe value 900-11-2222 is hidden',
      pick(['Dsecret', 'Hsecret', 'Wsecret', 'P12']),
      Buffer.of(0),
    )
    const { bytes, start, end } = spoilt(below(8) === 0 ? anyBytes(60) : good)
    const whole = shownReport(good, 0, good.length, masks, ['hidden'])
    if (whole === undefined || /900-11|secret|hidden/.test(whole.bytes.toString('latin1'))) {
      t.fail(good.toString('hex'))
    }
    const found = shownReport(bytes, start, end, masks, ['hidden'])
    if (found === undefined) continue
    read++
    if (found.bytes.readInt32BE(1) !== found.bytes.length - 1) t.fail(bytes.toString('hex'))
  }
  t.ok(read > INPUTS / 20, `${read} could be read`)
})

t.test(`${INPUTS} SCRAM messages of servers`, async (t) => {
  const text = (): string =>
    pick(['', 'r=', 'r=nonce', 'r=noncex', ',s=QSXCR+Q6sek8bf92', ',s=', ',i=1', ',i=4095'])
  let refused = 0
  for (let n = 0; n < INPUTS; n++) {
    const scram = scramOf({
      password: 'pencil',
      nonce: 'nonce',
      offered: ['SCRAM-SHA-256'],
      binding: undefined,
    })
    const said =
      below(4) === 0
        ? anyBytes(40).toString('latin1')
        : `${text()}${text()}${text()}${pick(['', ',m=x', ',i=9999999999', ',i=0x1000'])}`
    const problem: unknown = await scram.final(said).catch((thrown: unknown) => thrown)
    if (problem instanceof GatewayError && problem.code === 'target_refused') refused++
    try {
      scram.verified(said)
      t.fail(`believed: ${said}`)
    } catch (thrown) {
      if (!(thrown instanceof GatewayError)) t.fail(String(thrown))
    }
  }
  t.equal(refused, INPUTS)
})

t.test(`${INPUTS} answers to the question who is calling`, async (t) => {
  const seen = new Map<string, number>()
  for (let n = 0; n < INPUTS; n++) {
    const bearer = pick([
      'n,,\u0001auth=Bearer a.b.c\u0001\u0001',
      'n,,\u0001auth=\u0001\u0001',
      `n,,\u0001${'k=v\u0001'.repeat(below(50))}`,
      'y,a=x,\u0001host=h\u0001auth=bearer  a.b.c\u0001port=1\u0001\u0001',
    ])
    const length = Buffer.of(0, 0, 0, Buffer.byteLength(bearer))
    const good = pick([
      message('p', 'a.b.c'),
      message('p', ''),
      message('p', 'OAUTHBEARER', length, Buffer.from(bearer)),
    ])
    const { bytes } = spoilt(good)
    const body = below(2) === 0 ? bytes.subarray(5) : good.subarray(5)
    let written = 0
    const inbox = { message: () => Promise.resolve({ type: pick(['p', 'p', 'Q']), body }) }
    const answer = await authenticated(
      {
        inbox: inbox as unknown as Inbox,
        write: () => void written++,
        user: 'agent',
        encrypted: true,
        loopback: false,
      },
      {
        verify: () => Promise.reject(new GatewayError('token_invalid', 'not a token')),
        method: pick(['password', 'oauthbearer']),
        plaintext: 'never',
        issuer: 'https://issuer.example',
      },
    )
    const outcome = 'sqlstate' in answer ? answer.sqlstate : 'let in'
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
    if (written < 1 || written > 2) t.fail(`${written} messages`)
  }
  t.same([...seen.keys()].sort(), ['08P01', '28P01'])
})
