// The timeline hides no denial, however many commands share a column.
import t from 'tap'
import type { Meaning } from '../../../../proxy/console/reading/action-words.js'
import { marksOf } from '../../../../proxy/console/reading/film-marks.js'

t.test('the weightiest decision of a column is its mark', async (t) => {
  const moments = Array.from(
    { length: 100_000 },
    (_, at): { meaning: Meaning; parted?: boolean } => ({
      meaning: at === 70_001 ? 'deny' : 'allow',
      ...(at === 10 ? { parted: true } : {}),
    }),
  )
  const marks = marksOf(moments, (index) => index, 100_000, 300)
  t.equal(marks.length, 300)
  t.same(
    marks.filter(({ meaning }) => meaning === 'deny').map(({ column }) => column),
    [210],
  )
  t.equal(
    marks.reduce((sum, { count }) => sum + count, 0),
    100_000,
  )
  t.same(
    marks.filter(({ parted }) => parted).map(({ column }) => column),
    [0],
  )
})

t.test('the last moment is within the line', async (t) => {
  t.same(
    marksOf([{ meaning: 'hold' }], () => 500, 500, 10).map(({ column }) => column),
    [9],
  )
  t.same(
    marksOf([], () => 0, 0, 10),
    [],
  )
})
