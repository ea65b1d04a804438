// The last lines of a run: all that failed, by name, in few lines.
import t from 'tap'
import { closingLines, slowestLines, usefulLines, type Ended } from './closing.js'

const FAILURE = `build/test/one.test.js › outer › one is two
      compare: ===
      at:
        fileName: test/one.test.ts
        lineNumber: 7
        columnNumber: 3
      stack: |
        Test.<anonymous> (test/one.test.ts:7:3)
      diff: |
        --- expected
        +++ actual
        @@ -1,2 +1,2 @@
         Array [
        -  2,
        +  1,`

t.test('a failure is told by its place and what differs', async (t) => {
  t.strictSame(usefulLines(FAILURE), [
    'build/test/one.test.js › outer › one is two',
    'at test/one.test.ts:7',
    '-  2,',
    '+  1,',
  ])
})

t.test('a file that ended badly is told by its end and its last words', async (t) => {
  const failure = 'build/test/two.test.js # time=3ms\n  ended: SIGKILL\n  stderr: |\n    Error: x'
  t.strictSame(usefulLines(failure), [
    'build/test/two.test.js # time=3ms',
    'ended: SIGKILL',
    'stderr: Error: x',
  ])
})

t.test('however much failed, each stands in the lines that a cut log shows', async (t) => {
  const long = `a › b\n  diff: |\n${'    -x\n'.repeat(200)}`
  const many = (count: number, failure: string): Ended[] =>
    Array.from({ length: count }, (_, at) => ({
      file: 'a',
      verdict: 'FAILED' as const,
      failure: failure.replace('b', `b${at}`),
    }))
  for (const count of [1, 2, 8, 69, 70, 500]) {
    const lines = closingLines(many(count, long))
    t.ok(lines.length <= 71, `${count} failures in ${lines.length} lines`)
    t.equal(lines.filter((line) => line.startsWith('FAILED a › b')).length, Math.min(count, 70))
  }
  t.equal(closingLines(many(1, long)).length, 15)
  t.strictSame(closingLines([]), [])
})

t.test('the slowest files come first', async (t) => {
  const times = new Map([
    ['a', 1000],
    ['b', 61_000],
    ['c', 2500],
  ])
  t.strictSame(slowestLines(times, 2), ['   61.0 s  b', '    2.5 s  c'])
})
