// What delta.yaml may say, and how it is told what it may not.
import t from 'tap'
import { expectationsOf } from '../../../../proxy/policies/backtest/expected.js'
import type { Flip } from '../../../../proxy/policies/backtest/flip.js'

const FLIP: Flip = { from: 'deny', to: 'allow', direction: 'wider', changes: [], rule: 'a/b' }
const WHERE = { person: 'ada', target: 'shop', objects: ['public.a', 'public.b'] }

function fits(text: string, where = WHERE, flip = FLIP): boolean {
  const [one] = expectationsOf(`flips:\n  - { why: w, ${text} }\n`, 'delta.yaml')
  return one?.fits(flip, where) ?? false
}

t.test('an expectation fits where all that it names fits', async (t) => {
  t.ok(fits('from: [deny], to: [allow]'))
  t.ok(fits("rule: ['a/*'], person: [ada], target: ['s*p']"))
  t.notOk(fits('from: [deny], to: [mask-fields]'))
  t.notOk(fits('rule: [a/b], person: [bob]'))
  t.notOk(fits('rule: [a/b], direction: stricter'))
})

t.test('every object that a command is about must be expected', async (t) => {
  t.ok(fits("rule: [a/b], object: ['public.*']"))
  t.notOk(fits('rule: [a/b], object: [public.a]'))
})

t.test('a name is no regular expression', async (t) => {
  t.notOk(fits("rule: ['a.b']"))
  t.notOk(fits("rule: ['(a/b)']"))
})

t.test('what does not fit is named with its place', async (t) => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['flips:\n  - why: x\n    form: [deny]\n', /delta\.yaml:3:5: .*did you mean “from”/],
    ['flips:\n  - from: [deny]\n    to: [allow]\n', /delta\.yaml:2:5: .*why/],
    ['flips:\n  - why: x\n    from: [denied]\n', /delta\.yaml:3:12: .*allow, deny/],
    ['flips:\n  - why: everything\n', /delta\.yaml:2:5: .*from and to, or a rule/],
    ['flips: [\n', /delta\.yaml:\d+:\d+/],
  ]
  for (const [text, message] of bad) {
    t.throws(() => expectationsOf(text, 'delta.yaml'), { code: 'usage', message })
  }
})
