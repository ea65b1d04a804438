// Equal values have equal texts.
import t from 'tap'
import { canonicalJson } from '../../engine/canonical.js'

t.test('the order in which members were made does not matter', async (t) => {
  t.equal(canonicalJson({ b: 1, a: [{ d: 2, c: 'x' }] }), '{"a":[{"c":"x","d":2}],"b":1}')
  t.equal(canonicalJson({ a: [1, 2] }) === canonicalJson({ a: [2, 1] }), false)
})

t.test('members sort by UTF-16 code units (RFC 8785 §3.2.3)', async (t) => {
  const members = { '€': 1, '\r': 2, '\ufb33': 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 }
  t.equal(canonicalJson(members), '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}')
})

t.test('numbers are written as ECMAScript writes them', async (t) => {
  t.equal(
    canonicalJson([333333333.33333329, 1e30, 4.5, 2e-3, 1e-27, -0]),
    '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
  )
})

t.test('an absent member is absent; what JSON cannot hold is refused', async (t) => {
  t.equal(canonicalJson({ a: undefined, b: null }), '{"b":null}')
  t.throws(() => canonicalJson(Number.NaN))
  t.throws(() => canonicalJson({ a: Infinity }))
  t.throws(() => canonicalJson(() => 1))
  t.throws(() => canonicalJson([undefined]))
  t.throws(() => canonicalJson(1n))
})

t.test('an endless value is refused, not followed', async (t) => {
  const loop: unknown[] = []
  loop.push(loop)
  t.throws(() => canonicalJson(loop), /nested/)
})
