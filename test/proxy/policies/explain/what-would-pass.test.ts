// What would pass is found by asking the policy itself: every suggestion is true, few questions are asked,
// and nothing is invented where nothing helps.
import { Ajv } from 'ajv'
import t from 'tap'
import type { Policy } from '../../../../engine/policy/policy.js'
import { factsSchema, type Effect, type Facts } from '../../../../engine/schemas/facts.js'
import { passes, whatWouldPass } from '../../../../proxy/policies/explain/what-would-pass.js'
import { cases, libraryPolicy } from '../../../rego/library.js'

const AROUND = { environments: ['dev'], groups: ['pii-readers'] }

t.test('what would pass', async (t) => {
  const policy = await libraryPolicy()
  const all = cases().filter(({ facts }) =>
    ['human', 'agent', 'pipeline'].includes(facts.identity.kind),
  )
  const [first] = all
  if (first === undefined) throw new Error('there are no cases')
  const words = (facts: Facts): readonly string[] =>
    whatWouldPass(policy, facts, AROUND).map((one) => one.words)
  const withEffects = (effects: Effect[], labels = { env: 'prod' }): Facts => {
    const { facts } = first
    const command = all.find((one) => one.facts.command !== undefined)?.facts.command
    if (command === undefined) throw new Error('there is no case with a command')
    const identity = { ...facts.identity, kind: 'agent' as const, actor: [], groups: [] }
    const postgres = { ...command.postgres, returns_rows: false, position: 1, of: 1 }
    return {
      ...facts,
      stage: 'command',
      identity,
      target: { ...facts.target, labels },
      command: { ...command, effects, flows: [], unread: [], postgres },
    }
  }

  t.test('every suggestion is decided as it says, on facts that fit the schema', async (t) => {
    const fits = new Ajv({ strict: false }).compile(factsSchema)
    let suggestions = 0
    for (const { name, facts } of all) {
      const before = policy.decide(facts, 'decision')
      for (const one of whatWouldPass(policy, facts, AROUND)) {
        suggestions += 1
        const decision = policy.decide(one.facts, 'decision')
        t.ok(fits(one.facts), `${name}: ${one.words}`)
        t.equal(decision.action, one.action, `${name}: ${one.words}`)
        if (before.action === 'require-approval') t.not(decision.action, 'require-approval')
      }
    }
    t.ok(suggestions > 100, `${suggestions} suggestions`)
  })

  t.test('nothing is suggested for what passes', async (t) => {
    for (const { facts } of all) {
      const decision = policy.decide(facts, 'decision')
      if (passes(facts, decision)) t.same(whatWouldPass(policy, facts, AROUND), [])
    }
  })

  t.test('an UPDATE of every row passes with a WHERE', async (t) => {
    const update = {
      op: 'update',
      object: 'public.orders',
      kind: 'table',
      where: 'absent',
    } as const
    t.equal(
      words(withEffects([{ ...update }]))[0],
      'give the UPDATE of public.orders a WHERE that leaves rows out',
    )
  })

  t.test(
    'a DROP on production waits for approvers, or is sent elsewhere by a person',
    async (t) => {
      const drop = withEffects([{ op: 'drop', object: 'public.orders', kind: 'table' }])
      const found = words(drop)
      t.equal(found[0], 'have it approved by a member of approvers')
      t.match(found[1], /env: dev, and send it as a person/)
    },
  )

  t.test('two faults in one command are both named', async (t) => {
    const facts = withEffects([
      { op: 'update', object: 'public.a', kind: 'table', where: 'absent' },
      { op: 'update', object: 'public.b', kind: 'table', where: 'trivial' },
    ])
    const pair = whatWouldPass(policy, facts, AROUND).find(({ changes }) => changes.length === 2)
    t.match(pair?.words, /UPDATE of public\.a.*, and .*UPDATE of public\.b/)
  })

  t.test('where nothing helps, nothing is suggested', async (t) => {
    t.same(words(withEffects([{ op: 'execute_program', object: '', kind: 'program' }])), [])
  })

  t.test('no more decisions are asked for than allowed', async (t) => {
    for (const { facts } of all) {
      let asked = 0
      const counting: Policy = {
        ...policy,
        decide: (one, entrypoint) => {
          asked += 1
          return policy.decide(one, entrypoint)
        },
      }
      whatWouldPass(counting, facts, { ...AROUND, decisionsMax: 10 })
      t.ok(asked <= 11)
    }
  })

  t.test('a policy that fails is not asked again', async (t) => {
    let asked = 0
    const failing: Policy = {
      ...policy,
      decide: (facts, entrypoint) => {
        asked += 1
        if (asked < 3) return policy.decide(facts, entrypoint)
        const rules = [{ id: 'sallyport/over-budget', message: 'too long' }]
        return { action: 'deny', rules, masks: [], limits: {} }
      },
    }
    whatWouldPass(failing, withEffects([{ op: 'drop', object: 'public.x', kind: 'table' }]), AROUND)
    t.equal(asked, 3)
  })
})
