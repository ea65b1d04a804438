// Frames become the table that the client saw, as far as it had come.
import t from 'tap'
import {
  isMask,
  looksMasked,
  seenIn,
  type Frame,
} from '../../../../proxy/console/reading/result-table.js'

const frames: readonly Frame[] = [
  { at: 0, kind: 'command', command: 1, text: 'SELECT $1', binds: ['7', null] },
  { at: 10, kind: 'columns', command: 1, columns: [{ name: 'a', type: 25 }] },
  { at: 20, kind: 'rows', command: 1, rows: [['1'], [null]] },
  { at: 30, kind: 'rows', command: 1, rows: [['3']] },
  { at: 40, kind: 'done', command: 1, tag: 'SELECT 3' },
]

t.test('rows come in as they did', async (t) => {
  t.same(seenIn(frames).tables, [
    { columns: ['a'], masks: [undefined], rows: [['1'], [null], ['3']] },
  ])
  t.same(seenIn(frames).binds, ['7', null])
  t.same(seenIn(frames, 25).tables[0]?.rows, [['1'], [null]])
  t.same(seenIn(frames, 25).said, [])
})

t.test('each description begins a table, and rows without one are kept', async (t) => {
  t.equal(seenIn([...frames, ...frames.slice(1)]).tables.length, 2)
  t.same(seenIn(frames.slice(2, 3)).tables, [{ columns: [], masks: [], rows: [['1'], [null]] }])
})

t.test('masks are known by their asterisks', async (t) => {
  t.ok(looksMasked('****'))
  t.ok(looksMasked('****4242'))
  t.notOk(looksMasked('a ****'))
  t.notOk(looksMasked(null))
})

t.test('a value under a mask is one however it looks; a NULL that was NULL is none', async (t) => {
  t.ok(isMask('b7c1f0', 'hash'))
  t.ok(isMask('1980', 'generalise'))
  t.ok(isMask('****', undefined))
  t.ok(isMask(null, 'null'))
  t.notOk(isMask(null, 'hash'))
  t.notOk(isMask('1980', undefined))
  const columns = [{ name: 'a', type: 25, masked: 'token' }]
  const [first] = seenIn([{ at: 0, kind: 'columns', command: 1, columns }]).tables
  t.same(first?.masks, ['token'])
})
