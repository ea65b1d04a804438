// What came of mutants, in the four ways of printing it.
import t from 'tap'
import { mutantOf, type Change, type Edit } from '../../../../proxy/policies/mutation/mutant.js'
import { mutationText } from '../../../../proxy/policies/mutation/report.js'
import { mutationReport, seenFrom, type Tried } from '../../../../proxy/policies/mutation/score.js'

const SOURCE = {
  file: 'policies/a.rego',
  text: 'package a\n\nx if {\n\tinput.y\n\tinput.z > 3\n}\n',
}

function mutant(rule: string, change: Change, edit: Edit): Tried['mutant'] {
  return mutantOf(SOURCE, rule, change, edit)
}

const DROPPED = mutant('a/one', 'drop', { from: 18, to: 27, text: '' })
const COMPARED = mutant('a/two', 'compare', { from: 36, to: 37, text: '>=' })

const TRIED: readonly Tried[] = [
  { mutant: DROPPED, verdict: 'survived' },
  { mutant: DROPPED, verdict: 'noticed', by: ['data.x_test.test_x'] },
  { mutant: COMPARED, verdict: 'noticed', by: ['data.x_test.test_x'] },
  { mutant: COMPARED, verdict: 'equivalent', because: 'z is whole' },
  { mutant: COMPARED, verdict: 'stillborn' },
]

const report = mutationReport(TRIED, { mutants: 9, threshold: 80, durationMs: 1234 })

t.test('the score leaves out what is equivalent and what does not compile', async (t) => {
  t.same(report.rules, [
    { rule: 'a/one', noticed: 1, survived: 1, percent: 50 },
    { rule: 'a/two', noticed: 1, survived: 0, percent: 100 },
  ])
  t.equal(report.total.noticed, 2)
  t.equal(report.total.survived, 1)
  t.equal(mutationReport([], { mutants: 0, threshold: 80, durationMs: 0 }).total.percent, 100)
})

t.test('people see the lines that nothing noticed, the rules and the score', async (t) => {
  t.equal(
    mutationText(report, 'pretty'),
    `Nothing noticed that these lines were changed:

policies/a.rego:4:1  a/one  without this condition
  -   input.y

Said to be equivalent, not counted:
  policies/a.rego:5:10  compare: because z is whole

  a/one  1 of 2 (50.0 %)

✗ 2 of 3 (66.6 %) of the mutants were noticed in 2 rules and tables of data (a sample of 5 of 9; 1 did not compile); wanted are 80 %; 1.2 s
`,
  )
})

t.test('pull requests get a table and differences, runners annotations', async (t) => {
  const markdown = mutationText(report, 'markdown')
  t.match(markdown, '| `a/one` | 1 | 1 | 50.0 % |')
  t.match(markdown, '```diff\n-\tinput.y\n```')
  t.match(
    mutationText(report, 'github'),
    /^::warning file=policies\/a\.rego,line=4,col=1,title=mutant-survived::no test notices a\/one /,
  )
  t.equal(mutationText(report, 'github').trim().split('\n').length, 1)
})

t.test('machines get everything', async (t) => {
  t.match(JSON.parse(mutationText(report, 'json')), {
    threshold: 80,
    good: false,
    mutants: 9,
    tried: 5,
    noticed: 2,
    survived: 1,
    stillborn: 1,
    equivalent: 1,
    survivors: [{ file: 'policies/a.rego', line: 4, rule: 'a/one', before: ['\tinput.y'] }],
  })
})

t.test('files are named as somebody where the command was typed would', async (t) => {
  const seen = seenFrom('/repository', '/repository/rego', report)
  t.match(mutationText(seen, 'github'), 'file=rego/policies/a.rego')
})
