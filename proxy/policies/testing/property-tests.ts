// Holds a policy against the properties on generated facts, and makes what breaks one small enough to read.
import type { Facts } from '../../../engine/schemas/facts.js'
import { factsInBrief } from './facts-in-brief.js'
import { generatedFacts } from './generated-facts.js'
import type { OpaDecision } from './opa-decisions.js'
import type { Outcome } from './outcome.js'
import type { PolicyWords } from './policy-words.js'
import { PROPERTIES, type Property, type PropertyParts } from './properties.js'
import { shrunk } from './shrink.js'

export type PropertyTestOptions = PropertyParts & {
  readonly words: PolicyWords
  readonly seed: number
  readonly count: number
  readonly only: RegExp | undefined
  // What OPA says of these, in order.
  readonly askOpa: (facts: readonly Facts[]) => Promise<readonly OpaDecision[]>
  // Where a failure is told to be: the folder of rules.
  readonly file: string
}

export const PROPERTIES_SUITE = 'properties'

export async function propertyTests(options: PropertyTestOptions): Promise<readonly Outcome[]> {
  const { seed, count, words, only } = options
  const wanted = PROPERTIES.filter(({ name }) => only?.test(`${PROPERTIES_SUITE} ${name}`) ?? true)
  if (wanted.length === 0 || count === 0) return []
  const facts = [...generatedFacts({ seed, count, words })]
  const byOpa = wanted.some((property) => property.byOpa) ? await options.askOpa(facts) : []
  const outcomes: Outcome[] = []
  for (const property of wanted) {
    const started = performance.now()
    const failing = facts.filter((one, at) => property.check(one, options, byOpa[at]) !== undefined)
    const [first] = failing
    const told = first === undefined ? [] : await toldOf(property, first, failing.length, options)
    const [head = ''] = told
    outcomes.push({
      kind: 'property',
      suite: PROPERTIES_SUITE,
      name: property.name,
      file: options.file,
      line: 1,
      verdict: first === undefined ? 'passed' : property.differs === true ? 'differs' : 'failed',
      durationMs: performance.now() - started,
      details: told,
      ...(first === undefined ? {} : { summary: head }),
    })
  }
  return outcomes
}

async function toldOf(
  property: Property,
  first: Facts,
  failing: number,
  options: PropertyTestOptions,
): Promise<readonly string[]> {
  const answersTo = (facts: readonly Facts[]): Promise<readonly (OpaDecision | undefined)[]> =>
    property.byOpa ? options.askOpa(facts) : Promise.resolve(facts.map(() => undefined))
  const small = await shrunk(first, async (candidates) => {
    const opa = await answersTo(candidates)
    return candidates.map((one, at) => property.check(one, options, opa[at]) !== undefined)
  })
  const [opa] = await answersTo([small])
  const found = property.check(small, options, opa)
  return [
    `broken by ${failing} of ${options.count} generated facts (seed ${options.seed})`,
    `expected  ${found?.expected ?? 'the property to hold'}`,
    `came      ${found?.came ?? 'it does not'}`,
    'the smallest facts that break it:',
    ...factsInBrief(small).map((line) => `  ${line}`),
    `  ${JSON.stringify(small)}`,
  ]
}
