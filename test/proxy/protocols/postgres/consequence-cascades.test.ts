// Foreign keys are followed to their end, cycles and keys of keys included, and what only refuses is no
// cascade.
import t from 'tap'
import {
  cascadesOf,
  type ForeignKey,
} from '../../../../proxy/protocols/postgres/consequence-cascades.js'
import type { Effect } from '../../../../engine/schemas/facts.js'

function key(from: string, to: string, onDelete: string, onUpdate = 'a'): ForeignKey {
  return {
    name: `${from}_${to}`,
    from,
    to,
    onDelete,
    onUpdate,
    columns: [`${to}_id`],
    keys: ['id'],
  }
}

function told(effect: Partial<Effect>, keys: readonly ForeignKey[]) {
  const whole: Effect = { op: 'delete', object: 'a', kind: 'table', ...effect }
  const { cascades, guards } = cascadesOf([whole], keys)
  return {
    cascades: cascades.map(({ table, action }) => `${action} ${table}`),
    guards: guards.map(({ name }) => name),
  }
}

t.test('deletes go on along ON DELETE CASCADE, and around a cycle once', async (t) => {
  const keys = [key('b', 'a', 'c'), key('c', 'b', 'c'), key('a', 'c', 'c'), key('a', 'a', 'c')]
  t.same(told({}, keys), { cascades: ['delete a', 'delete a', 'delete b', 'delete c'], guards: [] })
})

t.test('SET NULL and SET DEFAULT change a column, which may be a key in turn', async (t) => {
  const second = { ...key('c', 'b', 'a', 'c'), keys: ['a_id'] }
  t.same(told({}, [key('b', 'a', 'n'), second]), {
    cascades: ['set null b', 'update c'],
    guards: [],
  })
  t.same(told({}, [key('b', 'a', 'd')]).cascades, ['set default b'])
})

t.test('an UPDATE goes on only where it changes a key', async (t) => {
  const keys = [key('b', 'a', 'c', 'c')]
  t.same(told({ op: 'update', columns: ['name'] }, keys), { cascades: [], guards: [] })
  t.same(told({ op: 'update', columns: ['id'] }, keys), { cascades: ['update b'], guards: [] })
})

t.test('what refuses is a guard', async (t) => {
  t.same(told({}, [key('b', 'a', 'r')]), { cascades: [], guards: ['b_a'] })
  t.same(told({ op: 'update', columns: ['id'] }, [key('b', 'a', 'c', 'r')]).guards, ['b_a'])
})

t.test('TRUNCATE follows every key with CASCADE, and none without', async (t) => {
  const keys = [key('b', 'a', 'r'), key('c', 'b', 'n')]
  t.same(told({ op: 'truncate', detail: 'cascade' }, keys), {
    cascades: ['truncate b', 'truncate c'],
    guards: [],
  })
  t.same(told({ op: 'truncate' }, keys), { cascades: [], guards: ['b_a'] })
})

t.test('reading and inserting set nothing off', async (t) => {
  for (const op of ['read', 'insert', 'drop'] as const) {
    t.same(told({ op }, [key('b', 'a', 'c', 'c')]), { cascades: [], guards: [] })
  }
})
