// Each condition of an invariant, against facts that it fits and facts that it does not.
import t from 'tap'
import type { Decision } from '../../../../engine/schemas/decision.js'
import type { Facts } from '../../../../engine/schemas/facts.js'
import { invariantsIn } from '../../../../proxy/policies/invariants/read-invariants.js'
import { ALLOW, BASE, COMMAND } from '../../recording/sample-record.js'

const FACTS: Facts = {
  ...BASE,
  command: {
    ...COMMAND,
    effects: [
      { op: 'drop', object: 'public.orders', kind: 'table' },
      { op: 'read', object: 'public.people', kind: 'table', columns: ['ssn'], labels: ['pii'] },
    ],
    flows: [{ from: 'public.people.ssn', labels: ['pii'], to: 'output', output: 0, through: [] }],
  },
}

function broken(never: string, facts: Facts = FACTS, decision: Decision = ALLOW): boolean {
  const [one] = invariantsIn(
    `invariants:\n  - {id: a, title: b, never: {decision: [allow], ${never}}}\n`,
    'invariants.yaml',
  )
  return one?.isBroken(facts, decision) ?? false
}

t.test('all that is named must hold, each as it is named', async (t) => {
  const cases: readonly (readonly [string, boolean])[] = [
    ['effects: [drop]', true],
    ['effects: [update, drop]', true],
    ['effects: [update]', false],
    ['effects: [{op: [drop], object: public.orders}]', true],
    // One effect must be all of it.
    ['effects: [{op: [drop], object: public.people}]', false],
    ["effects: [{object: 'public.*', label: pii}]", true],
    ['effects: [{op: [drop], where: [absent]}]', false],
    ['effects: [{op: [drop], temporary: true}]', false],
    ['effects: [{column: ssn}]', true],
    ['flows: [{label: pii, to: [output]}]', true],
    ['flows: [{label: pii, to: [write]}]', false],
    ['unread: false', true],
    ['unread: true', false],
    ['target: {env: prod}', true],
    ['target: {env: [test, prod]}', true],
    ['target: {env: test}', false],
    ['target: {env: {not: [test, dev]}}', true],
    ['target: {env: {not: [prod]}}', false],
    ['target: {team: blue}', false],
    ['target: {team: {not: [blue]}}', true],
    ['target: {name: shop, database: shop}', true],
    ['identity: {kind: [human], group: dev, mfa: true, acted_for: false}', true],
    ['identity: {group: {not: [dev]}}', false],
    ['identity: {group: {not: [ops]}}', true],
    ['identity: {subject: u-2}', false],
    ['time: {from: 8, to: 18}', true],
    ['time: {from: 22, to: 6}', false],
    ['time: {from: 22, to: 11, weekday: [tuesday]}', true],
    ['session: {transaction: [idle]}', true],
    ['session: {rows: 1}', false],
    ['stage: session', false],
    ['grants: none', true],
    ['grants: any', false],
  ]
  for (const [never, expected] of cases) t.equal(broken(never), expected, never)
})

t.test('a decision counts with its masks', async (t) => {
  const masked: Decision = {
    ...ALLOW,
    action: 'mask-fields',
    masks: [{ match: 'label:pii', method: 'redact' }],
  }
  const [one] = invariantsIn(
    'invariants:\n  - {id: a, title: b, never: {decision: [allow, mask-fields], flows: [{label: pii}], without_mask: [label:pii]}}\n',
    'i.yaml',
  )
  t.equal(one?.isBroken(FACTS, ALLOW), true)
  t.equal(one?.isBroken(FACTS, masked), false)
  t.equal(one?.isBroken(FACTS, { ...ALLOW, action: 'deny' }), false)
})

t.test('what is excused breaks nothing; an approval by oneself excuses nothing', async (t) => {
  const by = (approver: string): Facts => ({
    ...FACTS,
    grants: [{ id: 'g', scope: 'command', approvers: [approver] }],
  })
  const never = 'effects: [drop], unless: {grants: other_person}'
  t.equal(broken(never), true)
  t.equal(broken(never, by('u-1')), true)
  t.equal(broken(never, by('u-2')), false)
  const acting = { ...by('u-2'), identity: { ...BASE.identity, actor: [{ subject: 'u-2' }] } }
  t.equal(broken(never, acting), true, 'nor by a program that acts for them')
})

t.test('conditions on commands hold for no opened session', async (t) => {
  const { command: _, ...session } = FACTS
  t.equal(broken('unread: false', { ...session, stage: 'session' }), false)
  t.equal(broken('target: {env: prod}', { ...session, stage: 'session' }), true)
})
