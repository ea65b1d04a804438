// Coverage counts what tests reached, from several sources together, and lcov says the same.
import t from 'tap'
import type { RuleEntry } from '../../../../engine/policy/rule-index.js'
import {
  coverageOf,
  percentText,
  rowsOf,
  shortfalls,
} from '../../../../proxy/policies/testing/coverage.js'
import { lcovOf } from '../../../../proxy/policies/testing/lcov.js'

const range = (from: number, to = from): object => ({ start: { row: from }, end: { row: to } })
const one = rowsOf({
  files: {
    'policies/a.rego': { covered: [range(3), range(5, 6)], not_covered: [range(8, 10)] },
    'tests/a_test.rego': { covered: [range(1)] },
  },
})
const other = rowsOf({
  files: { 'policies/a.rego': { covered: [range(8)], not_covered: [range(3), range(9, 10)] } },
})
const rule = (id: string, line: number): RuleEntry => ({
  id,
  line,
  file: 'policies/a.rego',
  title: '',
  severity: 'low',
  family: 'deny',
  operation: 'any',
})
const RULES = [rule('a/first', 3), rule('a/second', 8), rule('a/third', 10)]
const isPolicy = (file: string): boolean => file.startsWith('policies/')

t.test('a row that any source reached is reached; tests are no part of it', async (t) => {
  const found = coverageOf([one, other], RULES, isPolicy)
  t.same(found.lines, { reached: 4, total: 6, percent: (4 / 6) * 100 })
  t.same([...found.rows.keys()], ['policies/a.rego'])
  t.same(
    found.silent.map(({ id }) => id),
    ['a/third'],
  )
  t.match(found.rules, { reached: 2, total: 3 })
})

t.test('a threshold says what is missing, and where it is set', async (t) => {
  const found = coverageOf([one], RULES, isPolicy)
  t.same(shortfalls(found, {}), [])
  t.same(shortfalls(found, { lines: 50, rules: 33 }), [])
  t.match(shortfalls(found, { lines: 51 }), [
    /^tests reach 50 % of the lines \(3 of 6\); coverage\.lines in sallyport-policy\.yaml wants 51 %$/,
  ])
  t.equal(percentText(99.99), '99.9 %', 'all is all')
  t.match(coverageOf([], [], isPolicy).lines, { percent: 100 }, 'nothing is fully reached')
})

t.test('lcov has a record for each file, with rows and rules', async (t) => {
  const found = coverageOf([one, other], RULES, isPolicy)
  t.equal(
    lcovOf(found, RULES, (file) => `rego/${file}`),
    `TN:
SF:rego/policies/a.rego
FN:3,a/first:3
FN:8,a/second:8
FN:10,a/third:10
FNDA:1,a/first:3
FNDA:1,a/second:8
FNDA:0,a/third:10
FNF:3
FNH:2
DA:3,1
DA:5,1
DA:6,1
DA:8,1
DA:9,0
DA:10,0
LF:6
LH:4
end_of_record
`,
  )
})
