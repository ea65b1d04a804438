// The keys of recordings: wrapped, rotated, and of no use once changed. Whoever lacks the right one is told
// which it was.
import t from 'tap'
import {
  dataKeyOf,
  documentOf,
  documentText,
  keyDocument,
  rewrapped,
  type About,
} from '../../../proxy/recordings/key-document.js'
import { keyBytes, keyRing, newDataKey } from '../../../proxy/recordings/key-ring.js'

const reference = (fill: number) => ({
  reference: `env:KEY${fill}`,
  reveal: () => Buffer.alloc(32, fill).toString(fill % 2 === 0 ? 'hex' : 'base64'),
})
const ABOUT: About = {
  session: 's1',
  opened: 1,
  subject: 'ada',
  issuer: 'https://idp',
  kind: 'human',
  target: 'shop',
  database: 'shop',
  labels: { env: 'prod' },
}

t.test('the key of a recording comes back from its document, and from no other', async (t) => {
  const ring = keyRing(reference(1), [])
  const key = newDataKey()
  const document = keyDocument(ABOUT, ring.current(), key)
  const text = documentText(document)
  t.notOk(text.includes(key.toString('base64')))
  t.same(documentOf(text), document)
  t.ok(dataKeyOf(document, ring).equals(key))
  for (const change of [
    { session: 's2' },
    { subject: 'bob' },
    { opened: 2 },
    { target: 'other' },
    { labels: {} },
    { wrapped: keyDocument(ABOUT, ring.current(), newDataKey()).wrapped.replace(/^../, 'AA') },
    { wrapped: '' },
  ]) {
    t.throws(() => dataKeyOf({ ...document, ...change }, ring), { code: 'recording_damaged' })
  }
})

t.test(
  'after a rotation old recordings are read, and can be sealed with the new key',
  async (t) => {
    const key = newDataKey()
    const old = keyDocument(ABOUT, keyRing(reference(1), []).current(), key)
    const sealed = { state: 'finished', digest: 'sha256:x', chunks: 1, bytes: 2 } as const
    const ring = keyRing(reference(2), [reference(1)])
    t.ok(dataKeyOf(old, ring).equals(key))
    const fresh = rewrapped({ ...old, sealed }, ring)
    t.match(fresh, { key: ring.current().id, sealed })
    t.equal(rewrapped(fresh ?? old, ring), undefined)
    const alone = keyRing(reference(2), [])
    t.ok(dataKeyOf(fresh ?? old, alone).equals(key))
    t.throws(() => dataKeyOf(old, alone), {
      code: 'recording_locked',
      message: new RegExp(`sealed with key ${old.key}, which is neither recordings.key nor`),
    })
  },
)

t.test('what is no key is said, and not shown', async (t) => {
  for (const text of ['', 'short', 'x'.repeat(44), Buffer.alloc(31).toString('base64')]) {
    t.equal(keyBytes(text), undefined)
    const ring = keyRing({ reference: 'env:KEY', reveal: () => text }, [])
    t.throws(() => ring.current(), { code: 'secret_unavailable', message: /env:KEY holds no key/ })
  }
  t.equal(keyBytes(`${Buffer.alloc(32, 1).toString('base64')}\n`)?.length, 32)
})

t.test('documents that are none are not read', async (t) => {
  const good = documentText(keyDocument(ABOUT, keyRing(reference(1), []).current(), newDataKey()))
  for (const text of [
    '',
    '{}',
    'null',
    '[]',
    good.slice(0, -3),
    good.replace('"version":1', '"version":2'),
    good.replace('"ada"', '7'),
    good.replace('"prod"', 'null'),
    'x'.repeat(70_000),
  ]) {
    t.equal(documentOf(text), undefined)
  }
})
