// Effects in words: what is most to lose comes first.
import t from 'tap'
import type { Effect } from '../../../../engine/schemas/facts.js'
import { headline, toneOf, whereOf } from '../../../../proxy/console/reading/effect-words.js'

t.test('the heaviest effect leads the headline', async (t) => {
  const effects: readonly Effect[] = [
    { op: 'read', object: 'public.customers', kind: 'table' },
    { op: 'drop', object: 'public.orders', kind: 'table' },
  ]
  t.equal(headline(effects), 'drops orders and reads customers')
  t.equal(headline([]), 'runs a command')
  t.equal(
    headline([...effects, { op: 'call', object: 'pg_catalog.pg_sleep', kind: 'function' }]),
    'drops orders, calls function pg_sleep and 1 more',
  )
})

t.test('an update of every row is told as a loss', async (t) => {
  const update: Effect = { op: 'update', object: 'public.orders', kind: 'table', where: 'absent' }
  t.equal(toneOf(update), 'destroy')
  t.equal(toneOf({ ...update, where: 'key' }), 'write')
  t.match(whereOf(update), /every row/)
})
