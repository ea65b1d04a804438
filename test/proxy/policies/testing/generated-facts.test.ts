// Generated facts are facts as a gateway makes them, the same on every machine, and hold every value of
// the closed domains.
import { Ajv } from 'ajv'
import t from 'tap'
import {
  factsSchema,
  NARROWINGS,
  OBJECT_KINDS,
  OPERATIONS,
  SINKS,
  UNREAD_REASONS,
} from '../../../../engine/schemas/facts.js'
import { generatedAt, generatedFacts } from '../../../../proxy/policies/testing/generated-facts.js'
import { NO_WORDS } from '../../../../proxy/policies/testing/policy-words.js'

const WORDS = { byField: { detail: ['zebra'], 'labels.*': ['env'] }, others: ['gnu'] }

t.test('generated facts fit the schema of the facts', async (t) => {
  const fits = new Ajv({ strict: false }).compile(factsSchema)
  for (const words of [NO_WORDS, WORDS]) {
    for (const facts of generatedFacts({ seed: 1, count: 2000, words })) {
      if (!fits(facts)) t.fail(JSON.stringify(fits.errors), { facts })
    }
  }
})

t.test('the same seed gives the same facts, another seed others', async (t) => {
  const texts = (seed: number, count: number): readonly string[] =>
    [...generatedFacts({ seed, count, words: WORDS })].map((facts) => JSON.stringify(facts))
  t.same(texts(7, 50), texts(7, 50))
  t.same(texts(7, 50), texts(7, 90).slice(0, 50), 'whatever their number')
  t.notSame(texts(7, 50), texts(8, 50))
  t.equal(new Set(texts(7, 500)).size, 500)
  t.equal(JSON.stringify(generatedAt({ seed: 7, count: 0, words: WORDS }, 40)), texts(7, 41)[40])
})

t.test('a thousand documents hold every value of every closed domain', async (t) => {
  const all = [...generatedFacts({ seed: 1, count: 1000, words: NO_WORDS })]
  const effects = all.flatMap((facts) => facts.command?.effects ?? [])
  const missing = <Value>(values: readonly Value[], seen: readonly Value[]): readonly Value[] =>
    values.filter((value) => !seen.includes(value))
  t.same(
    missing<unknown>(
      OPERATIONS,
      effects.map(({ op }) => op),
    ),
    [],
  )
  t.same(
    missing<unknown>(
      OBJECT_KINDS,
      effects.map(({ kind }) => kind),
    ),
    [],
  )
  t.same(
    missing<unknown>(
      NARROWINGS,
      effects.map(({ where }) => where),
    ),
    [],
  )
  const flows = all.flatMap((facts) => facts.command?.flows ?? [])
  t.same(
    missing<unknown>(
      SINKS,
      flows.map(({ to }) => to),
    ),
    [],
  )
  const unread = all.flatMap((facts) => facts.command?.unread ?? [])
  t.same(
    missing<unknown>(
      UNREAD_REASONS,
      unread.map(({ reason }) => reason),
    ),
    [],
  )
  t.ok(all.some((facts) => facts.stage === 'session'))
  t.ok(all.some((facts) => facts.grants.length > 0))
})

t.test('facts hold what a gateway keeps to', async (t) => {
  for (const facts of generatedFacts({ seed: 3, count: 1000, words: WORDS })) {
    t.equal(facts.command === undefined, facts.stage === 'session')
    t.equal(new Date(facts.time.utc).getUTCHours(), facts.time.hour)
    for (const { op, where, labels = [] } of facts.command?.effects ?? []) {
      if (where !== undefined) t.ok(['update', 'delete'].includes(op))
      t.same(labels, [...new Set(labels)].sort())
    }
    for (const { to, output } of facts.command?.flows ?? []) {
      t.equal(output !== undefined, to === 'output')
    }
  }
})

t.test('words of the policy turn up in the fields that it compares them with', async (t) => {
  const all = [...generatedFacts({ seed: 1, count: 300, words: WORDS })]
  const details = all.flatMap((facts) => facts.command?.effects.map(({ detail }) => detail) ?? [])
  t.ok(details.filter((detail) => detail === 'zebra').length > 30)
  t.match(JSON.stringify(all), /"gnu"/)
})
