// The reader of what Slack sends gets damaged and made-up forms: it never throws, never takes what is not
// one of ours, and every signature that is not Slack's is refused.
import t from 'tap'
import { GatewayError } from '../../proxy/errors.js'
import { interactionIn } from '../../proxy/web/slack-payload.js'
import { slackSignatures } from '../../proxy/web/slack-signature.js'
import { systemClock } from '../../proxy/clock.js'
import { SIGNING_SECRET, signed } from '../peers/slack.js'
import { chance } from './chance.js'

const INPUTS = 100_000 * Number(process.env['SALLYPORT_FUZZ'] ?? '1')
const ID = /^[0-9a-z]{4}(-[0-9a-z]{4}){2}$/

const click = signed({
  type: 'block_actions',
  user: { id: 'UANN' },
  channel: { id: 'C123' },
  trigger_id: '1.2.3',
  actions: [{ action_id: 'approve', value: '2222-3333-4444' }],
})
const submission = signed({
  type: 'view_submission',
  user: { id: 'UANN' },
  view: {
    callback_id: 'deny',
    private_metadata: '2222-3333-4444',
    state: { values: { reason: { reason: { value: 'no' } } } },
  },
})
const PIECES = [
  '%',
  '%22',
  '%7B',
  '%5B',
  '&',
  '=',
  'payload=',
  '%00',
  '%FF',
  '__proto__',
  'null',
  '[',
  '\u0000',
]

t.test('whatever the bytes, a reading ends with one of ours or with none', async (t) => {
  const random = chance(11)
  const signatures = slackSignatures({ reveal: () => SIGNING_SECRET }, systemClock)
  let [taken, refused, strange] = [0, 0, 0]
  for (let i = 0; i < INPUTS; i++) {
    const { body, headers } = random.pick([click, submission])
    let bytes = Buffer.from(body)
    for (let changes = random.below(4); changes >= 0; changes--) {
      const at = random.below(bytes.length + 1)
      const to = Math.min(bytes.length, at + random.below(12))
      const piece =
        random.below(2) === 0 ? Buffer.from(random.pick(PIECES)) : Buffer.of(random.below(256))
      bytes = Buffer.concat([
        bytes.subarray(0, at),
        piece,
        bytes.subarray(random.below(2) === 0 ? at : to),
      ])
    }
    const found = interactionIn(bytes)
    if (found.kind !== 'other') {
      taken++
      if (!ID.test(found.id) || !['approve', 'deny'].includes(found.verb)) strange++
      if (!/^[A-Z0-9]{2,40}$/.test(found.user)) strange++
    }
    if (bytes.equals(Buffer.from(body))) continue
    try {
      signatures.check({
        signature: headers['x-slack-signature'],
        timestamp: headers['x-slack-request-timestamp'],
        body: bytes,
      })
      strange++
    } catch (problem) {
      if (problem instanceof GatewayError && problem.code === 'token_invalid') refused++
      else strange++
    }
  }
  t.equal(strange, 0)
  t.ok(taken > 0, `${taken} still read as ours`)
  t.ok(refused > INPUTS * 0.9, `${refused} refused`)
})
