// The estimate is the planner's for the rows that are changed, not for what RETURNING or a trigger adds;
// what is no plan gives none, and nothing throws.
import t from 'tap'
import { estimateOf } from '../../../../proxy/protocols/postgres/consequence-plan.js'

const plan = (top: object): string => JSON.stringify([{ Plan: top }])
const child = (rows: unknown, as = 'Outer') => ({ 'Parent Relationship': as, 'Plan Rows': rows })

t.test('of a change the rows beneath count', async (t) => {
  const change = { 'Node Type': 'ModifyTable', 'Plan Rows': 0 }
  t.equal(estimateOf(plan({ ...change, Plans: [child(12)] })), 12)
  t.equal(estimateOf(plan({ ...change, Plans: [child(3, 'Member'), child(4, 'Member')] })), 7)
  t.equal(estimateOf(plan({ ...change, Plans: [child(12), child(99, 'InitPlan')] })), 12)
})

t.test('of a query its own', async (t) => {
  t.equal(estimateOf(plan({ 'Node Type': 'Sort', 'Plan Rows': 5, Plans: [child(50)] })), 5)
})

t.test('what is no plan gives no estimate', async (t) => {
  for (const text of ['null', '[]', '{}', '[1]', '[{}]', '[{"Plan":null}]', '[{"Plan":{}}]']) {
    t.equal(estimateOf(text), undefined, text)
  }
  t.equal(estimateOf(undefined), undefined)
  t.equal(estimateOf(plan({ 'Plan Rows': -1 })), undefined)
  t.equal(estimateOf(plan({ 'Plan Rows': 'many' })), undefined)
})
