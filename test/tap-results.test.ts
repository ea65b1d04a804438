// The closing lines of a test run: counted over leaves, with every failure told whole.
import t from 'tap'
import { tapResults } from './tap-results.js'

const RUN = `TAP version 14
# Subtest: build/test/one.test.js
    # Subtest: outer
        ok 1 - a
        # Subtest: inner
            not ok 1 - one is two
              ---
              compare: ===
              source: |
                t.equal(1, 2)

                -^
              diff: |
                -2
              ...
            ok 2 - fine
            1..2
        not ok 2 - inner # time=17.805ms
          ---
          source: not this one
          ...
        ok 3 - z
        1..3
    not ok 1 - outer # time=35.794ms
    ok 2 - left out # SKIP no server
not ok 1 - build/test/one.test.js # time=45.595ms
# Subtest: build/test/two.test.js
    ok 1 - good
ok 2 - build/test/two.test.js
# Subtest: build/test/three.test.js
    ok 1 - good
not ok 3 - build/test/three.test.js
  ---
  signal: SIGTERM
  ...
1..3
`

t.test('each failed assertion is told once, under its names, with its diagnostics', async (t) => {
  t.strictSame(tapResults(RUN), [
    {
      file: 'build/test/one.test.js',
      passed: 3,
      skipped: 1,
      failures: [
        'build/test/one.test.js › outer › inner › one is two\n              compare: ===\n              diff: |\n                -2',
      ],
    },
    { file: 'build/test/two.test.js', passed: 1, skipped: 0, failures: [] },
    {
      file: 'build/test/three.test.js',
      passed: 1,
      skipped: 0,
      failures: ['build/test/three.test.js\n  signal: SIGTERM'],
    },
  ])
})

t.test('a stream that holds no test holds no result', async (t) => {
  t.strictSame(tapResults(''), [])
})
