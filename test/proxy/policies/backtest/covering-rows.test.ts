// Every combination that is asked for comes up, and none that cannot be.
import t from 'tap'
import { coveringRows, type Coverage } from '../../../../proxy/policies/backtest/covering-rows.js'

const COVERAGE: Coverage = {
  sizes: [5, 4, 3, 3, 2, 6],
  interactions: [
    [0, 1],
    [0, 2],
    [1, 2],
    [3, 4, 5],
    [0, 3],
    [2, 5],
  ],
  // Odd values of the first stand with no odd value of the second.
  allowed: (first, value, second, other) =>
    !(first === 0 && second === 1 && value % 2 === 1 && other % 2 === 1),
  rowsMax: 1_000,
}

t.test('every combination that may be is in some row, and no other is in any', async (t) => {
  const rows = coveringRows(COVERAGE)
  t.ok(
    rows.every((row) => row.every((value, at) => value >= 0 && value < (COVERAGE.sizes[at] ?? 0))),
  )
  for (const dimensions of COVERAGE.interactions) {
    const seen = new Set(rows.map((row) => dimensions.map((at) => row[at]).join()))
    const [one = 0, other = 0] = dimensions
    const sizes = dimensions.map((at) => COVERAGE.sizes[at] ?? 0)
    const all = sizes.reduce((product, size) => product * size, 1)
    const barred = one === 0 && other === 1 ? 2 * 2 : 0
    t.equal(seen.size, all - barred, dimensions.join())
  }
  t.notOk(rows.some(([one = 0, other = 0]) => one % 2 === 1 && other % 2 === 1))
})

t.test('far fewer rows than combinations, and the same each time', async (t) => {
  const rows = coveringRows(COVERAGE)
  t.ok(rows.length < 60, `${rows.length} rows`)
  t.same(coveringRows(COVERAGE), rows)
})

t.test('what nothing asks for stays with its first value', async (t) => {
  const rows = coveringRows({ ...COVERAGE, interactions: [[1, 2]] })
  t.equal(rows.length, 12)
  t.ok(rows.every(([one, , , three, four, five]) => !one && !three && !four && !five))
})

t.test('rows end where they may be no more', async (t) => {
  t.equal(coveringRows({ ...COVERAGE, rowsMax: 3 }).length, 3)
})
