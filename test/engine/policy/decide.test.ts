// Whatever a bundle answers, or does not, comes out as a decision: a denial by a rule that says what went
// wrong, and the next decision is right again.
import t from 'tap'
import { approvalAnswer, decided, ENTRYPOINTS, isBroken } from '../../../engine/policy/decide.js'
import { createEvaluator } from '../../../engine/policy/opa-wasm.js'
import { SMOKE_FACTS } from '../../../engine/policy/smoke-facts.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import { builtWasm } from './opa-lab.js'

// What the policy answers is what stands in the purpose, as JSON.
const ECHO = `package sallyport.main

decision := json.unmarshal(input.session.purpose)

degraded := decision

approval := json.unmarshal(input.request.id)
`

function facts(purpose: string): Facts {
  const [first] = SMOKE_FACTS
  if (first === undefined) throw new Error('there are no smoke cases')
  return { ...first, session: { ...first.session, purpose } }
}

const RIGHT = { action: 'allow', rules: [], masks: [], limits: {} }
const MASK = { match: 'label:pii', method: 'redact' }
const TERMS = {
  approvers: ['a'],
  quorum: 1,
  expires_ms: 5000,
  reason_required: false,
  scope: 'command',
}

t.test('answers of a policy', async (t) => {
  const built = await builtWasm({ 'main.rego': ECHO }, Object.values(ENTRYPOINTS))
  const evaluator = createEvaluator({ ...built, fuel: 5_000_000 })
  const decide = (answer: unknown): ReturnType<typeof decided> =>
    decided(evaluator, facts(JSON.stringify(answer)), 'decision')

  t.test('a decision comes out as it is', async (t) => {
    t.same(decide(RIGHT), RIGHT)
    const held = { ...RIGHT, action: 'require-approval', masks: [MASK], approval: TERMS }
    t.same(decide(held), held)
    t.notOk(isBroken(decide({ ...RIGHT, action: 'deny', rules: [{ id: 'x/y', message: '' }] })))
  })

  t.test('no answer is a denial', async (t) => {
    const decision = decided(evaluator, facts('no JSON'), 'decision')
    t.equal(decision.action, 'deny')
    t.equal(decision.rules[0]?.id, 'sallyport/undefined')
    t.ok(isBroken(decision))
  })

  t.test('an answer that is no decision is a denial', async (t) => {
    const wrong: readonly unknown[] = [
      null,
      true,
      'allow',
      [],
      {},
      { ...RIGHT, action: 'Allow' },
      { ...RIGHT, action: undefined },
      { ...RIGHT, extra: 1 },
      { ...RIGHT, rules: {} },
      { ...RIGHT, rules: [{ id: '', message: '' }] },
      { ...RIGHT, masks: undefined },
      { ...RIGHT, masks: [{ match: 'ssn', method: 'redact' }] },
      { ...RIGHT, masks: [{ match: 'label:pii', method: 'rot13' }] },
      { ...RIGHT, limits: { rows_max: -1 } },
      { ...RIGHT, limits: undefined },
      { ...RIGHT, action: 'mask-fields' },
      { ...RIGHT, action: 'require-approval' },
      { ...RIGHT, action: 'require-approval', approval: { ...TERMS, quorum: 0 } },
      { ...RIGHT, action: 'require-approval', approval: { ...TERMS, approvers: [] } },
      { ...RIGHT, action: 'require-approval', approval: { ...TERMS, expires_ms: 1e12 } },
    ]
    for (const answer of wrong) {
      const decision = decide(answer)
      t.equal(decision.action, 'deny', JSON.stringify(answer))
      t.equal(decision.rules[0]?.id, 'sallyport/malformed-decision')
      t.same(decision.masks, [])
    }
  })

  t.test('facts that cannot be read are a denial, and the next are decided', async (t) => {
    const decision = decided(evaluator, facts('\ud800'), 'decision')
    t.equal(decision.rules[0]?.id, 'sallyport/trap')
    t.same(decide(RIGHT), RIGHT)
  })

  t.test('only a plain yes lets anybody settle a request', async (t) => {
    const asked = (id: string): ReturnType<typeof approvalAnswer> => {
      const { identity, target } = facts('')
      const request = { id, requester: identity, target, approvers: [], rules: [], effects: [] }
      return approvalAnswer(evaluator, { version: 1, verb: 'approve', approver: identity, request })
    }
    t.same(asked('{"allow": true, "reason": "yes"}'), { allow: true, reason: 'yes' })
    for (const id of [
      '',
      'true',
      '{}',
      '{"allow": "true", "reason": ""}',
      '{"allow": true}',
      '[true]',
    ]) {
      t.equal(asked(id).allow, false, id)
    }
  })
})
