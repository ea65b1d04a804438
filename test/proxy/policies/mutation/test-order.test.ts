// The order of tests follows what they noticed, and never leaves one out.
import t from 'tap'
import { createTestOrder } from '../../../../proxy/policies/mutation/test-order.js'
import type { OpaTest } from '../../../../proxy/policies/testing/opa-tests.js'

function test(name: string, durationMs: number): OpaTest {
  return {
    package: 'data.x',
    name,
    file: 'x_test.rego',
    line: 1,
    verdict: 'passed',
    durationMs,
    cases: { passed: [], failed: [] },
    error: undefined,
    printed: '',
  }
}

function names(groups: readonly (readonly OpaTest[])[]): readonly string[] {
  return groups.map((group) => group.map(({ name }) => name).join(' '))
}

t.test('fast tests come first, until others have shown what they are worth', async (t) => {
  const order = createTestOrder([test('slow', 60), test('a', 5), test('b', 15), test('c', 20)])
  t.same(names(order.groups()), ['a b', 'c slow'])
  for (let i = 0; i < 9; i++) order.noticedBy(['data.x.c'])
  t.same(names(order.groups()), ['c', 'a b slow'])
})

t.test('one test is a group, and none is none', async (t) => {
  t.same(names(createTestOrder([test('a', 5)]).groups()), ['a'])
  t.same(names(createTestOrder([]).groups()), [])
})
