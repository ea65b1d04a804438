// The set of effects: what is said twice is said once, and the weaker condition counts.
import t from 'tap'
import { createEffects } from '../../../../engine/facts/postgres/effects.js'

t.test('one operation on one object is one effect with all its columns and labels', async (t) => {
  const effects = createEffects()
  effects.add({ op: 'read', object: 'a.b', kind: 'table', columns: ['y'], labels: ['pii'] })
  effects.add({ op: 'read', object: 'a.b', kind: 'table', columns: ['x', 'y'] })
  effects.add({ op: 'read', object: 'a.a', kind: 'table' })
  t.same(effects.sorted(), [
    { op: 'read', object: 'a.a', kind: 'table' },
    { op: 'read', object: 'a.b', kind: 'table', columns: ['x', 'y'], labels: ['pii'] },
  ])
})

t.test('of two conditions on one object the weaker counts, whatever the order', async (t) => {
  const wide = { op: 'delete', object: 'o', kind: 'table', where: 'absent' } as const
  const narrow = { op: 'delete', object: 'o', kind: 'table', where: 'key' } as const
  for (const order of [
    [wide, narrow],
    [narrow, wide],
  ]) {
    const effects = createEffects()
    order.forEach(effects.add)
    t.same(effects.sorted(), [wide])
  }
})

t.test('an effect is temporary only if all of it is', async (t) => {
  const effects = createEffects()
  effects.add({ op: 'drop', object: 'o', kind: 'table', temporary: true })
  effects.add({ op: 'drop', object: 'o', kind: 'table' })
  t.same(effects.sorted(), [{ op: 'drop', object: 'o', kind: 'table' }])
})

t.test('another detail is another effect', async (t) => {
  const effects = createEffects()
  effects.add({ op: 'call', object: 'f', kind: 'function', detail: 'volatile' })
  effects.add({ op: 'call', object: 'f', kind: 'function', detail: 'security_definer' })
  t.equal(effects.sorted().length, 2)
})
