// One report in five forms, each with the same failures, and none broken by what a test or policy says.
import t from 'tap'
import type { Outcome, TestReport } from '../../../../proxy/policies/testing/outcome.js'
import { reportText, TEST_FORMATS } from '../../../../proxy/policies/testing/report.js'

const NASTY = 'expected <b>&"\' ```\u0007 100 %'
const outcome = (name: string, more: Partial<Outcome> = {}): Outcome => ({
  kind: 'rego',
  suite: 'shop.orders_test',
  name,
  file: 'tests/a_test.rego',
  line: 7,
  verdict: 'passed',
  durationMs: 1.5,
  details: [],
  ...more,
})
const REPORT: TestReport = {
  outcomes: [
    outcome('test_good'),
    outcome('test_clock', { onlyByOpa: 'undefined function time.now_ns' }),
    outcome('todo_test_later', { verdict: 'skipped' }),
    outcome('test_bad', { verdict: 'failed', details: [NASTY, 'came nothing'] }),
    outcome('test_odd', { verdict: 'differs', details: ['it passes in OPA'], suite: 'x' }),
  ],
  coverage: {
    lines: { reached: 9, total: 10, percent: 90 },
    rules: { reached: 1, total: 2, percent: 50 },
    silent: [
      { id: 'a/b', title: '', severity: '', family: '', operation: '', file: 'p/a.rego', line: 3 },
    ],
    rows: new Map(),
  },
  shortfalls: ['tests reach 50 % of the rules'],
  durationMs: 1234,
}

t.test('people see each failure with its place, and the totals', async (t) => {
  const text = reportText(REPORT, 'pretty', { named: (file) => `rego/${file}` })
  for (const part of [
    'rego/tests/a_test.rego:7  failed  shop.orders_test: test_bad\n  expected <b>',
    'rego/tests/a_test.rego:7  differs  x: test_odd\n  it passes in OPA\n',
    'only by OPA  rego/tests/a_test.rego:7  test_clock: undefined function',
    'silent  p/a.rego:3  no test makes a/b speak\n',
    'too little  tests reach 50 % of the rules\n',
    'rules 1 of 2 (50 %), lines 9 of 10 (90 %) reached\n',
    '2 passed, 1 failed, 1 differ between OPA and Wasm, 1 skipped, in 1.2 s\n',
  ]) {
    t.ok(text.includes(part), part)
  }
  t.notMatch(text, 'test_good')
  t.match(reportText(REPORT, 'pretty', { verbose: true }), '✓ shop.orders_test: test_good\n')
})

t.test('JSON holds all of it', async (t) => {
  const found = JSON.parse(reportText(REPORT, 'json')) as object
  t.match(found, {
    good: false,
    counts: { passed: 2, failed: 1, differs: 1, skipped: 1 },
    shortfalls: REPORT.shortfalls,
    coverage: { silent: [{ id: 'a/b', line: 3 }] },
  })
})

t.test('JUnit counts what it holds, and is XML whatever a message is', async (t) => {
  const text = reportText(REPORT, 'junit')
  t.match(
    text,
    '<testsuites name="sallyport policy test" tests="6" failures="3" errors="0" skipped="1"',
  )
  t.equal([...text.matchAll(/<testcase /g)].length, 6)
  t.equal([...text.matchAll(/<failure /g)].length, 3)
  t.match(text, 'expected &lt;b&gt;&amp;&quot;')
  t.notMatch(text, /[\u0007]|&(?!(amp|lt|gt|quot);)/)
  t.match(text, '<failure message="it passes in OPA" type="differs">')
  const open = [...text.matchAll(/<(\w+)(?: [^<>]*[^/])?>/g)].map(([, name]) => name).sort()
  const closed = [...text.matchAll(/<\/(\w+)>/g)].map(([, name]) => name).sort()
  t.same(open, closed)
})

t.test('GitHub gets one line for each failure', async (t) => {
  const lines = reportText(REPORT, 'github').trimEnd().split('\n')
  t.equal(lines.length, 4)
  t.match(
    lines[0],
    /^::error file=tests\/a_test\.rego,line=7,title=failed%3A test_bad::.*100 %25%0Acame/,
  )
  t.match(lines[2], /^::error title=coverage::tests reach 50 %25/)
})

t.test('Markdown keeps what is told within its fences', async (t) => {
  const text = reportText(REPORT, 'markdown')
  t.match(text, '### ❌ Policy tests: 2 passed')
  t.match(text, '\n````\nexpected <b>')
})

t.test('a good report is good in every form', async (t) => {
  const good = { ...REPORT, outcomes: [outcome('test_good')], shortfalls: [] }
  for (const format of TEST_FORMATS) {
    t.match(reportText(good, format), /1 passed, 0 failed|"good": true|failures="0"/, format)
  }
})
