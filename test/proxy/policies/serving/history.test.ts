// The bundles that a source gave, in order: what going back means, which may follow, and which name is meant.
import t from 'tap'
import {
  before,
  chosen,
  whyNotNext,
  withActivated,
  type Activated,
} from '../../../../proxy/policies/serving/history.js'

function bundle(letter: string, change: Partial<Activated> = {}): Activated {
  const digest = `sha256:${letter.repeat(64)}`
  return { digest, content: digest, revision: `rev-${letter}`, at_ms: 1, ...change }
}

const [A, B, C] = [bundle('a'), bundle('b'), bundle('c')]

t.test('going back leads to the one before, and further with each step', async (t) => {
  t.equal(before([A, B, C], C.digest), B)
  t.equal(before([A, B, C], B.digest), A)
  t.equal(before([A, B, C], A.digest), undefined)
  t.equal(before([A, B, A], A.digest), B, 'of one that came twice, the last time counts')
  t.equal(before([], A.digest), undefined)
})

t.test('the same again is no step, and the list is bounded', async (t) => {
  t.same(withActivated([A], A), [A])
  t.same(withActivated([A], B), [A, B])
  const long = Array.from({ length: 500 }, (_, n) => bundle('a', { digest: `sha256:${n}` }))
  t.equal(withActivated(long, B).length, 200)
})

t.test('a revision names one bundle, but for those that name none', async (t) => {
  const other = bundle('d', { revision: 'rev-a' })
  t.match(whyNotNext([A, B], other, true), /revision rev-a was in force before with other/)
  const signed = bundle('d', { revision: 'rev-a', content: A.content })
  t.equal(whyNotNext([A], signed, true), undefined, 'signed anew it is the same')
  for (const revision of ['', 'rev-dirty']) {
    const [one, two] = [bundle('a', { revision }), bundle('d', { revision })]
    t.equal(whyNotNext([one], two, false), undefined)
  }
})

t.test('one that was replaced does not come back over the network', async (t) => {
  t.match(whyNotNext([A, B], A, false), /was replaced; a server does not bring an old one back/)
  t.equal(whyNotNext([A, B], A, true), undefined, 'a file may')
  t.equal(whyNotNext([A, B], B, false), undefined, 'the latest may, after going back')
  t.equal(whyNotNext([A, B], C, false), undefined)
})

t.test('names are whole revisions, digests or parts that mean one', async (t) => {
  t.equal(chosen([A, B], 'rev-a'), A)
  t.equal(chosen([A, B], A.digest), A)
  t.equal(chosen([A, B], 'sha256:bbbbbbb'), B)
  t.equal(chosen([A, B], 'bbbbbbb'), B)
  t.throws(() => chosen([A, B], 'sha256:bbb'), { code: 'not_found' }, 'too short a part')
  t.throws(() => chosen([A, B], 'rev'), { code: 'not_found' })
  const twin = bundle('b', { digest: `sha256:${'b'.repeat(63)}c` })
  t.throws(() => chosen([B, twin], 'bbbbbbbb'), { code: 'conflict', message: /may mean any of/ })
  const commit = bundle('e', { revision: '0123456789abcdef0123456789abcdef01234567' })
  t.equal(chosen([A, commit], '0123456'), commit)
})
