// What a command touches stands out in its text.
import t from 'tap'
import type { Effect } from '../../../../engine/schemas/facts.js'
import { touchedPieces } from '../../../../proxy/console/reading/touched.js'

const marked = (text: string, effects: readonly Effect[]): readonly string[] =>
  touchedPieces(text, effects)
    .filter(({ touched }) => touched !== undefined)
    .map(({ text: own, touched }) => `${touched?.tone} ${own}`)

const orders: Effect = { op: 'delete', object: 'public.orders', kind: 'table', where: 'absent' }
const read: Effect = { op: 'read', object: 'audit.orders', kind: 'table' }

t.test('objects are found with and without their schema, quoted or not', async (t) => {
  t.same(marked('DELETE FROM Orders', [orders]), ['destroy Orders'])
  t.same(marked('DELETE FROM public."orders"', [orders]), ['destroy "orders"'])
  t.same(marked('DELETE FROM "Orders"', [orders]), [], 'another name')
  t.same(marked("SELECT 'orders' -- orders", [orders]), [], 'not within strings and comments')
})

t.test('two objects of one name are told apart by the schema', async (t) => {
  t.same(marked('DELETE FROM orders USING audit.orders', [orders, read]), [
    'destroy orders',
    'look orders',
  ])
})

t.test('an object with several effects has the heaviest', async (t) => {
  const effects: readonly Effect[] = [
    { op: 'read', object: 'public.orders', kind: 'table' },
    orders,
  ]
  t.same(marked('DELETE FROM orders', effects), ['destroy orders'])
  const [piece] = touchedPieces('orders', effects)
  t.same(piece?.touched?.ops, ['read', 'delete'])
})

t.test('columns whose values go anywhere carry their labels', async (t) => {
  const flows = [
    { from: 'public.customers.ssn', labels: ['pii'], to: 'output', output: 0, through: [] },
  ] as const
  const pieces = touchedPieces(
    'SELECT ssn, id FROM customers',
    [],
    flows.map((flow) => ({ ...flow, labels: [...flow.labels], through: [] })),
  )
  t.same(
    pieces.filter(({ labels }) => labels !== undefined).map(({ text }) => text),
    ['ssn'],
  )
})
