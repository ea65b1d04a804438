// A failing document is made small without losing what fails, and stays facts.
import { Ajv } from 'ajv'
import t from 'tap'
import { factsSchema, type Facts } from '../../../../engine/schemas/facts.js'
import { generatedFacts } from '../../../../proxy/policies/testing/generated-facts.js'
import { NO_WORDS } from '../../../../proxy/policies/testing/policy-words.js'
import { shrunk } from '../../../../proxy/policies/testing/shrink.js'

const drops = (facts: Facts): boolean =>
  facts.command?.effects.some(({ op, kind }) => op === 'drop' && kind === 'table') ?? false

t.test('what is left is what the failure is about', async (t) => {
  const fits = new Ajv({ strict: false }).compile(factsSchema)
  const all = [...generatedFacts({ seed: 1, count: 2000, words: NO_WORDS })].filter(drops)
  t.ok(all.length > 3)
  let asked = 0
  for (const facts of all.slice(0, 5)) {
    const small = await shrunk(facts, (candidates) => {
      asked += 1
      return Promise.resolve(candidates.map(drops))
    })
    t.ok(drops(small))
    t.ok(fits(small))
    t.same(small.command?.effects, [{ op: 'drop', object: '', kind: 'table' }])
    t.same(small.command?.flows, [])
    t.same(small.identity.groups, [])
    t.same(small.identity.claims, {})
  }
  t.ok(asked < 5 * 20, `${asked} rounds`)
})

t.test('what does not get smaller stays as it is', async (t) => {
  const [facts] = generatedFacts({ seed: 2, count: 1, words: NO_WORDS })
  if (facts === undefined) throw new Error('no facts')
  t.equal(await shrunk(facts, (all) => Promise.resolve(all.map(() => false))), facts)
})
