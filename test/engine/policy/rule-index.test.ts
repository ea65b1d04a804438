// The index of rules: what METADATA says, where the rule stands, and nothing for rules without an id.
import t from 'tap'
import { ruleEntries, rulesIn } from '../../../engine/policy/rule-index.js'

const at = (row: number): object => ({ file: 'x', row, col: 1 })
const rule = (id: unknown, row: number): object => ({
  annotations: [{ title: 'A title', custom: { id, severity: 'high' }, location: at(row - 4) }],
  head: { location: at(row), ref: [{ value: 'deny' }, { value: 'drop' }] },
})

t.test('each rule with an id is listed with its place', async (t) => {
  const module = {
    rules: [rule('area/one', 9), rule(undefined, 20), { head: {} }, rule('b/c', 30)],
  }
  t.same(rulesIn('policies/a.rego', module), [
    {
      id: 'area/one',
      title: 'A title',
      severity: 'high',
      family: 'deny',
      operation: 'drop',
      file: 'policies/a.rego',
      line: 9,
    },
    {
      id: 'b/c',
      title: 'A title',
      severity: 'high',
      family: 'deny',
      operation: 'drop',
      file: 'policies/a.rego',
      line: 30,
    },
  ])
})

t.test('what is no tree and no index has no rules', async (t) => {
  for (const wrong of [undefined, null, 1, 'x', [], {}, { rules: 'x' }, { rules: [null, 1] }]) {
    t.same(rulesIn('a', wrong), [])
    t.same(ruleEntries(wrong), [])
  }
  t.same(ruleEntries([{ id: 'a/b' }, { id: 1, line: 1 }, null]), [])
  const [entry] = ruleEntries([{ id: 'a/b', line: 3, title: 4 }])
  t.match(entry, { id: 'a/b', line: 3, title: '', family: '' })
})
