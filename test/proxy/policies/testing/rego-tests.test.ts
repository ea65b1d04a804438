// Rego tests are run by OPA and on the Wasm that is enforced, and a test that the two judge differently
// fails as one.
import t from 'tap'
import type { Outcome } from '../../../../proxy/policies/testing/outcome.js'
import { regoTests } from '../../../../proxy/policies/testing/rego-tests.js'
import { testWorkspace } from '../../../../proxy/policies/testing/test-workspace.js'
import { opaPath } from '../../../rego/library.js'
import { SMALL_MAIN, smallFolder } from './small-policy.js'

type Files = Readonly<Record<string, string>>

async function outcomesOf(
  t: Parameters<typeof smallFolder>[0],
  files: Files,
  only?: RegExp,
): Promise<ReadonlyMap<string, Outcome>> {
  const workspace = await testWorkspace(await smallFolder(t, files), [])
  try {
    const { outcomes } = await regoTests({ opa: await opaPath(), workspace, only })
    return new Map(outcomes.map((one) => [one.name, one]))
  } finally {
    await workspace.remove()
  }
}

const DECIDED = `package small_test

import data.sallyport.main

_facts(effects) := {"stage": "command", "session": {"purpose": ""}, "command": {"effects": effects}}

_reading := {"op": "read", "object": "public.orders", "kind": "table"}

_decided(effects) := action if action := main.decision.action with input as _facts(effects)
`

t.test('what holds in OPA and in Wasm passes, what holds in neither fails', async (t) => {
  const found = await outcomesOf(t, {
    'tests/small_test.rego': `${DECIDED}
test_reading_is_allowed if _decided([_reading]) == "allow"

test_reading_is_denied if {
	print("decided", _decided([_reading]))
	_decided([_reading]) == "deny"
}

todo_test_later if false
`,
  })
  t.equal(found.get('test_reading_is_allowed')?.verdict, 'passed')
  t.equal(found.get('todo_test_later')?.verdict, 'skipped')
  const failed = found.get('test_reading_is_denied')
  t.match(failed, { verdict: 'failed', file: 'tests/small_test.rego', line: 13 })
  const text = failed?.details.join('\n') ?? ''
  t.match(text, /small_test\.rego:15/)
  t.match(text, /"allow"/, 'the value that came')
  t.match(text, /printed:\n {2}decided allow/)
})

t.test('a look-up behind a computed key, right in OPA and wrong in Wasm, differs', async (t) => {
  const loop = '_covered(op, at) if {\n\tsome place in policies.allow[op]\n\tplace == at\n}\n'
  t.ok(SMALL_MAIN.includes(loop))
  const found = await outcomesOf(t, {
    'policies/sallyport/main.rego': SMALL_MAIN.replace(loop, '').replace(
      'not _covered(effect.op, at)',
      'not policies.allow[effect.op][at]',
    ),
    'tests/small_test.rego': `${DECIDED}
_sequence := {"op": "read", "object": "public.parcels", "kind": "sequence"}

test_reading_is_allowed if _decided([_reading]) == "allow"

test_what_nobody_allows_is_denied if _decided([_reading, _sequence]) == "deny"
`,
  })
  const outcome = found.get('test_what_nobody_allows_is_denied')
  t.equal(outcome?.verdict, 'differs')
  t.match(outcome?.details[0], /passes in OPA and fails in the Wasm that is enforced/)
})

t.test('a test of another language of OPA than Wasm speaks is run by OPA, and named', async (t) => {
  const found = await outcomesOf(t, {
    'tests/small_test.rego': `${DECIDED}
test_reading_is_allowed if _decided([_reading]) == "allow"

test_the_clock_goes if time.now_ns() > 0
`,
  })
  t.match(found.get('test_reading_is_allowed'), { verdict: 'passed' })
  t.equal(found.get('test_reading_is_allowed')?.onlyByOpa, undefined)
  const aside = found.get('test_the_clock_goes')
  t.equal(aside?.verdict, 'passed')
  t.match(aside?.onlyByOpa, /time\.now_ns/)
})

t.test('cases of a table are told by name', async (t) => {
  const found = await outcomesOf(t, {
    'tests/small_test.rego': `${DECIDED}
test_table[name] if {
	some name, wanted in {"reading": "allow", "again": "allow", "nothing": "deny"}
	_decided([_reading]) == wanted
}

test_all_right[name] if {
	some name, wanted in {"reading": "allow", "again": "allow"}
	_decided([_reading]) == wanted
}
`,
  })
  t.equal(found.get('test_all_right')?.verdict, 'passed')
  t.equal(found.get('test_table')?.verdict, 'failed')
  t.match(found.get('test_table')?.details[0], /nothing/)
})

t.test('a test that cannot be evaluated fails with OPA’s words', async (t) => {
  const found = await outcomesOf(t, {
    'tests/small_test.rego': `package small_test

test_conflict if _one(1) == 2

_one(x) := 1 if x > 0

_one(x) := 2 if x > -1
`,
  })
  const outcome = found.get('test_conflict')
  t.equal(outcome?.verdict, 'failed')
  t.match(outcome?.details.join('\n'), /conflicting values/)
})

t.test('definitions of one name are tests of their own, as in OPA', async (t) => {
  const found = await outcomesOf(t, {
    'tests/small_test.rego': `${DECIDED}
test_one if 1 == 2

test_one if _decided([_reading]) == "allow"
`,
  })
  t.match(found.get('test_one'), { verdict: 'failed', line: 11 })
  t.match(found.get('test_one#01'), { verdict: 'passed', line: 13 })
})

t.test('only those asked for are run', async (t) => {
  const found = await outcomesOf(
    t,
    { 'tests/small_test.rego': `${DECIDED}\ntest_one if true\n\ntest_two if true\n` },
    /small_test\.test_two$/,
  )
  t.same([...found.keys()], ['test_two'])
})

t.test('what OPA cannot read at all is told in its words, with the author’s file', async (t) => {
  await t.rejects(outcomesOf(t, { 'tests/small_test.rego': 'package x\n\ntest_a if {' }), {
    code: 'bundle_invalid',
    message: /tests\/small_test\.rego:3/,
  })
})

t.test('a folder without tests has none', async (t) => {
  t.equal((await outcomesOf(t, {})).size, 0)
})
