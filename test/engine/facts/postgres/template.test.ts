// Texts that differ in inert numbers share a reading. For thousands of random numbers, the shared
// reading must be what reading that text alone gives.
import t from 'tap'
import { createJudge } from '../../../../engine/facts/postgres/judge.js'
import { createReader } from '../../../../engine/facts/postgres/read.js'
import { readScript } from '../../../../engine/facts/postgres/script.js'
import { chance } from '../../../fuzz/chance.js'
import { NAMES, createLab } from './lab.js'

const lab = await createLab()
const judge = await createJudge()

const SHARED = [
  'SELECT total FROM orders WHERE id = #',
  'SELECT total FROM orders WHERE id = -# AND customer_id > #',
  'SELECT * FROM orders WHERE id IN (#, #,#)',
  'SELECT * FROM orders WHERE id BETWEEN # AND #',
  'SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.id=#',
  'UPDATE orders SET total = total + # WHERE id = #',
  'UPDATE orders SET total = total + -# WHERE id = #;',
  'UPDATE orders SET total = # WHERE id < # OR id > #',
  'DELETE FROM orders WHERE id = #',
  'DELETE FROM order_lines WHERE order_id = # AND line = #',
  'INSERT INTO order_lines (order_id, line, quantity) VALUES (#, #, -#), (#,#,#)',
]

// A number in these changes facts, or might.
const OWN = [
  'SELECT id FROM orders LIMIT #',
  'SELECT id FROM orders WHERE id = 1 LIMIT #',
  'SELECT id FROM orders OFFSET #',
  'SELECT id FROM orders ORDER BY #',
  'SELECT count(*) FROM orders GROUP BY #',
  'SELECT id FROM orders FETCH FIRST # ROWS ONLY',
  'SELECT CAST(total AS numeric(#)) FROM orders',
  'SELECT id FROM orders WHERE # = #',
  'SELECT #',
  'SELECT pg_advisory_lock(#)',
  'SELECT left(status, #) FROM orders',
  'SELECT id FROM orders WHERE id = #.5',
  'SELECT id AS a# FROM orders',
  "SELECT id FROM orders WHERE status = 'x#'",
  'SELECT id FROM orders WHERE id = # -- #',
  'SELECT id FROM orders WHERE id = /*#*/ #',
  'SELECT id FROM orders WHERE id = $#',
  'SELECT id FROM orders WHERE id = 0x#',
  'SELECT id FROM orders WHERE id = 1e#',
  'SELECT id FROM orders WHERE id = #; SELECT 1',
  'SET work_mem = #',
  'FETCH # FROM c',
  'EXPLAIN (ANALYZE #) DELETE FROM orders WHERE id = 1',
]

function filled(template: string, number: () => number): string {
  return template.replace(/#/g, () => String(number()))
}

function alone(text: string) {
  const judged = judge.judge(text)
  if (judged.kind !== 'statements') return judged.kind
  const parse = () => undefined
  return readScript(judged.statements, { catalogue: lab.catalogue, names: NAMES, parse })
}

const NUMBERS = [0, 1, 5, 9, 10, 99, 100, 65535, 999_999, 99_999_999, 999_999_999, 1_000_000_000]

t.test('a shared reading is what reading the text alone gives', async (t) => {
  const { below, pick } = chance(7)
  const number = () => (below(3) === 0 ? pick(NUMBERS) : below(1_000_000_000))
  const reader = await createReader()
  for (const template of [...SHARED, ...OWN]) {
    for (let round = 0; round < 120; round += 1) {
      const text = filled(template, number)
      const reading = await reader.read(text, lab.catalogue, NAMES)
      const expected = alone(text)
      if (typeof expected === 'string') continue
      if (JSON.stringify(reading.statements) !== JSON.stringify(expected)) {
        t.same(reading.statements, expected, text)
        return
      }
    }
  }
  t.pass()
})

t.test('ordinary statements with numbers share one reading', async (t) => {
  const { below } = chance(3)
  for (const template of SHARED) {
    const reader = await createReader()
    const ids = new Set<number>()
    for (let round = 0; round < 50; round += 1) {
      const text = filled(template, () => below(1_000_000))
      ids.add((await reader.read(text, lab.catalogue, NAMES)).id)
    }
    t.equal(ids.size, 1, template)
  }
})

t.test('where a number might matter, no reading is shared', async (t) => {
  let next = 20
  for (const template of OWN) {
    const reader = await createReader()
    const ids = new Set<number>()
    for (let round = 0; round < 5; round += 1) {
      const text = filled(template, () => (next += 1))
      ids.add((await reader.read(text, lab.catalogue, NAMES)).id)
    }
    t.equal(ids.size, 5, template)
  }
})

t.test('a number too long to be an integer is another text', async (t) => {
  const reader = await createReader()
  const read = (n: string) =>
    reader.read(`SELECT total FROM orders WHERE id = ${n}`, lab.catalogue, NAMES)
  const short = await read('999999999')
  t.equal((await read('1')).id, short.id)
  t.not((await read('1000000000')).id, short.id)
  t.not((await read('99999999999999999999')).id, short.id)
})
