// Generated situations are facts as a gateway makes them, and every pair of values is among them.
import { Ajv } from 'ajv'
import t from 'tap'
import { bundleFiles } from '../../../../engine/policy/bundle-files.js'
import { factsSchema, OPERATIONS } from '../../../../engine/schemas/facts.js'
import { pairwiseSituations } from '../../../../proxy/policies/backtest/pairwise.js'
import { dataOf } from '../../../../proxy/policies/backtest/rule-changes.js'
import { ruleChunks } from '../../../../proxy/policies/backtest/rule-chunks.js'
import { nameAt, situationFacts } from '../../../../proxy/policies/backtest/situation-facts.js'
import { vocabularyOf, wordsOf } from '../../../../proxy/policies/backtest/vocabulary.js'
import { buildBundle } from '../../../../proxy/policies/build.js'
import { LIBRARY, opaPath } from '../../../rego/library.js'

t.test('the situations of the shipped policies', async (t) => {
  const files = await bundleFiles(await buildBundle({ opa: await opaPath(), folder: LIBRARY }))
  const chunks = ruleChunks(files)
  const vocabulary = vocabularyOf(chunks, chunks, dataOf(files))
  const labels = [{ column: 'ssn', labels: ['pii', 'pii.ssn'] }]
  const situations = pairwiseSituations(vocabulary, labels, [])

  t.test('words are read by the field that they are compared with', async (t) => {
    t.ok(wordsOf(vocabulary, 'env').includes('staging'), 'from data')
    t.ok(wordsOf(vocabulary, 'group').includes('pii-readers'), 'from data, by way of a helper')
    t.ok(wordsOf(vocabulary, 'detail').includes('security_definer'), 'from a set')
    t.same(wordsOf(vocabulary, 'identity'), ['agent', 'human', 'pipeline'])
    t.ok([8, 18, 1000].every((n) => vocabulary.numbers.has(n)))
    t.notOk(
      wordsOf(vocabulary, 'object').some((word) => word.includes(' ')),
      'no sentences',
    )
  })

  t.test('each is facts by the schema', async (t) => {
    const fits = new Ajv({ strict: false }).compile(factsSchema)
    const bad = situations.flatMap(({ space, rows, stage }) =>
      rows.map((row) => situationFacts(space, row, stage)).filter((facts) => !fits(facts)),
    )
    t.same(bad.slice(0, 2), [])
  })

  t.test('every operation meets every environment, identity, group and grant', async (t) => {
    const commands = situations.filter(({ stage }) => stage === 'command')
    for (const name of ['env', 'identity', 'group', 'grants', 'time', 'counters'] as const) {
      const seen = new Set<string>()
      const values = new Set<string>()
      for (const { space, rows } of commands) {
        for (const value of space.dimensions.find((one) => one.name === name)?.values ?? []) {
          values.add(value.name)
        }
        for (const row of rows) seen.add(`${nameAt(space, row, 'op')} ${nameAt(space, row, name)}`)
      }
      t.equal(seen.size, OPERATIONS.length * values.size, name)
    }
  })

  t.test('a WHERE stands beside what can have one, and nowhere else', async (t) => {
    for (const { space, rows, stage } of situations) {
      if (stage === 'session') continue
      const strange = rows
        .map((row) => situationFacts(space, row, stage).command?.effects[0])
        .filter((effect) => effect?.where !== undefined)
        .filter((effect) => !['update', 'delete'].includes(effect?.op ?? ''))
      t.same(strange, [])
    }
  })
})
