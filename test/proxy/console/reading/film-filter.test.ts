// What a filter over the commands of a film lets through, and where a command stands among them.
import t from 'tap'
import { filteredRows, placeAmong } from '../../../../proxy/console/reading/film-filter.js'

const rows = [
  { line: 'SELECT 1', meaning: 'allow' },
  { line: 'UPDATE orders SET status = 1', meaning: 'deny' },
  { line: 'SELECT ssn FROM customers', meaning: 'mask' },
  { line: 'update ORDERS SET x = 2', meaning: 'hold' },
] as const

const found = (words: string, only?: 'allow' | 'mask' | 'hold' | 'deny') => {
  const rowsFound = filteredRows(rows, { words, only })
  return rowsFound === undefined ? undefined : [...rowsFound]
}

t.test('all words must be there, in any case and order; the decision as well', async (t) => {
  t.equal(found('  '), undefined, 'nothing asked is no filter')
  t.same(found('set ORDERS'), [1, 3])
  t.same(found('orders', 'hold'), [3])
  t.same(found('', 'deny'), [1])
  t.same(found('nothing of this'), [])
  t.same(found('.*'), [], 'words are no patterns')
})

t.test('a command is found among those that fit, or is not there', async (t) => {
  const some = Uint32Array.of(1, 3, 9)
  t.same(
    [0, 1, 3, 4, 9, 10].map((index) => placeAmong(some, index)),
    [-1, 0, 1, -1, 2, -1],
  )
  t.equal(placeAmong(new Uint32Array(), 0), -1)
})
