// The secret of keyed masks comes from where the configuration says, or from chance; one that could be guessed
// is refused when the gateway starts.
import t from 'tap'
import type { Settings } from '../../proxy/config/settings.js'
import { maskSecretOf } from '../../proxy/gateway-masks.js'

const settings = (secret: string | undefined): Settings =>
  ({
    masks: {
      key: secret === undefined ? undefined : { reference: 'env:KEY', reveal: () => secret },
    },
  }) as Settings

t.test('a configured secret is taken as it is', async (t) => {
  const text = 'x'.repeat(32)
  t.equal(Buffer.from(maskSecretOf(settings(text))).toString(), text)
})

t.test('a short one is refused, and not shown', async (t) => {
  const short = 'y'.repeat(31)
  t.throws(() => maskSecretOf(settings(short)), { code: 'secret_unavailable', message: /env:KEY/ })
  try {
    maskSecretOf(settings(short))
  } catch (problem) {
    t.notMatch(String(problem), /yyy/)
  }
})

t.test('without one, each start has another', async (t) => {
  const [one, other] = [maskSecretOf(settings(undefined)), maskSecretOf(settings(undefined))]
  t.equal(one.length, 32)
  t.not(Buffer.from(one).toString('hex'), Buffer.from(other).toString('hex'))
})
