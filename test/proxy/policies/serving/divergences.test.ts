// What a shadow would have done otherwise: counted by kind, a few examples of each, and bounded whatever comes.
import t from 'tap'
import {
  createDivergences,
  type Divergence,
} from '../../../../proxy/policies/serving/divergences.js'

function divergence(change: Partial<Divergence> = {}): Divergence {
  return {
    session: 's',
    command: 1,
    at_ms: 1_000_000,
    text: 'SELECT 1',
    action: 'allow',
    rules: [],
    shadow_action: 'deny',
    shadow_rules: ['a/b'],
    ...change,
  }
}

t.test('counted by what became of what and by rules, the most frequent first', async (t) => {
  const found = createDivergences()
  found.add(divergence({ shadow_rules: ['c/d'] }))
  for (let n = 1; n <= 9; n++) found.add(divergence({ command: n }))
  const [first, second, ...more] = found.flips()
  t.match(first, { action: 'allow', shadow_action: 'deny', shadow_rules: ['a/b'], count: 9 })
  t.same(
    first?.examples.map(({ command }) => command),
    [1, 2, 3, 4, 5],
  )
  t.match(second, { shadow_rules: ['c/d'], count: 1 })
  t.same(more, [])
})

t.test('of each kind so many a minute stand in the record', async (t) => {
  const found = createDivergences()
  const recorded = (at: number): number =>
    Array.from({ length: 100 }, () => found.add(divergence({ at_ms: at }))).filter(Boolean).length
  t.equal(recorded(60_000), 20)
  t.equal(recorded(60_001), 0)
  t.equal(recorded(120_000), 20)
  t.equal(found.flips()[0]?.count, 300)
})

t.test('kinds beyond the bound are counted as others', async (t) => {
  const found = createDivergences()
  for (let n = 0; n < 700; n++) {
    const isRecorded = found.add(divergence({ shadow_rules: [`r/${n}`] }))
    t.equal(isRecorded, n < 500)
  }
  t.equal(found.flips().length, 500)
  t.equal(found.others(), 200)
})
