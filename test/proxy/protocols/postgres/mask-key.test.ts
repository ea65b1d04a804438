// What is given to a target is HMAC's key in the form that sha256() alone can use, and is of use nowhere else.
import { createHash, createHmac } from 'node:crypto'
import t from 'tap'
import { keySettings, maskKeyOf } from '../../../../proxy/protocols/postgres/mask-key.js'

const secret = Buffer.from('a secret of the gateway')

t.test('two hashes over the settings are HMAC-SHA256 with the key', async (t) => {
  const key = maskKeyOf(secret, 'shop')
  const [inner = '', outer = ''] = keySettings(key).values()
  for (const value of ['', 'a', 'é'.repeat(500)]) {
    const first = createHash('sha256').update(inner, 'hex').update(value).digest()
    const second = createHash('sha256').update(outer, 'hex').update(first).digest('hex')
    t.equal(second, createHmac('sha256', key).update(value).digest('hex'))
  }
  t.throws(() => keySettings(key.subarray(1)))
})

t.test('each target and each secret has a key of its own, the same every time', async (t) => {
  const keys = [
    maskKeyOf(secret, 'shop'),
    maskKeyOf(secret, 'shop2'),
    maskKeyOf(secret, ''),
    maskKeyOf(Buffer.from('another secret'), 'shop'),
  ].map((key) => key.toString('hex'))
  t.equal(new Set(keys).size, keys.length)
  t.equal(maskKeyOf(Buffer.from(secret), 'shop').toString('hex'), keys[0])
  for (const key of keys) t.notOk(key.includes(secret.toString('hex')))
})
