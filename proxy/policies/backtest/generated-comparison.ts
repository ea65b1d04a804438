// Two policies held against each other on generated facts: each flip with the plainest situation that shows
// it, as a command where there is one, read again by the gateway's own reader.
import { canonicalJson } from '../../../engine/canonical.js'
import { isBroken } from '../../../engine/policy/decide.js'
import type { Entrypoint, Policy } from '../../../engine/policy/policy.js'
import type { Decision } from '../../../engine/schemas/decision.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import type { Invariant } from '../invariants/read-invariants.js'
import { createBrokenTally } from './broken-tally.js'
import type { Expectation } from './expected.js'
import { flipOf, kindOf, type Flip } from './flip.js'
import type { LabelSituation } from './label-situations.js'
import { mainObjects } from './main-objects.js'
import type { Generated } from './pairwise.js'
import type { BrokenInvariant, Comparison, ExpectationResult } from './report.js'
import type { Rereading } from './reread.js'
import { rereadGroup } from './reread-examples.js'
import { grantsArePossible } from './possible-grants.js'
import { circumstancesOf, nameAt, personOf, situationFacts, type Row } from './situation-facts.js'
import { allowedIn } from './situation-space.js'
import { synthesised } from './synthesise.js'
import { createNameCounter, createTally, outcomeOf, type ExampleMade } from './tally.js'

export type GeneratedOptions = {
  readonly before: Policy
  readonly after: Policy
  readonly situations: readonly Generated[]
  // Commands on columns that the two label otherwise, already read and decided under each.
  readonly labelSituations: readonly LabelSituation[]
  readonly expectations: readonly Expectation[]
  // That `after` must keep to.
  readonly invariants: readonly Invariant[]
  // Where absent, commands are not read again.
  readonly rereading?: Rereading | undefined
  readonly progress?: (done: number, of: number) => void
}

type Tried = {
  readonly before: Decision
  readonly after: Decision
  readonly flip: Flip | undefined
}

const ROWS_A_TURN = 500

export type GeneratedComparison = {
  readonly comparison: Comparison
  readonly expectations: readonly ExpectationResult[]
  readonly broken: readonly BrokenInvariant[]
}

export async function generatedComparison(options: GeneratedOptions): Promise<GeneratedComparison> {
  const gathering = createGathering(options)
  const total = options.situations.reduce((sum, { rows }) => sum + rows.length, 0)
  let done = 0
  for (const generated of options.situations) {
    for (const row of plainestFirst(generated.rows)) {
      if (++done % ROWS_A_TURN === 0) {
        options.progress?.(done, total)
        await new Promise((resolve) => setImmediate(resolve))
      }
      gathering.situation(generated, row)
    }
  }
  for (const one of options.labelSituations) gathering.labelled(one)
  const { comparison, ...rest } = gathering.found()
  const groups = await Promise.all(comparison.groups.map((group) => rereadGroup(group, options)))
  return { ...rest, comparison: { ...comparison, groups } }
}

type Gathering = {
  readonly situation: (generated: Generated, row: Row) => void
  readonly labelled: (situation: LabelSituation) => void
  readonly found: () => GeneratedComparison
}

function createGathering(options: GeneratedOptions): Gathering {
  const { before, after } = options
  const tally = createTally(options.expectations)
  const broken = createBrokenTally()
  const unchecked = createNameCounter()
  const count = { compared: 0, same: 0, otherRules: 0, flips: 0, unchecked: 0, evaluated: 0 }
  const seen = new Set<string>()
  return {
    situation(generated, row) {
      const { space, stage } = generated
      const facts = situationFacts(space, row, stage)
      const key = canonicalJson(facts)
      if (seen.has(key)) return
      seen.add(key)
      if (!grantsArePossible(after, facts)) return
      const tried = triedOn(before, after, facts)
      const { entrypoint, flip } = tried
      count.compared += 1
      count.evaluated += entrypoint === 'decision' && flip !== undefined ? 2 : 4
      const failed = [tried.after, tried.before].find(isBroken)
      if (failed !== undefined) {
        count.unchecked += 1
        unchecked.add(failed.rules[0]?.message ?? 'a policy failed')
        return
      }
      const those = options.invariants.filter(({ isBroken: test }) => test(facts, tried.after))
      if (those.length > 0) {
        broken.add(those, tried.after, () => exampleOf(generated, row, entrypoint))
      }
      if (flip === undefined) {
        count[sameRules(tried) ? 'same' : 'otherRules'] += 1
        return
      }
      count.flips += 1
      const where = {
        person: personOf(space, row),
        target: facts.target.name,
        objects: facts.command === undefined ? [] : mainObjects(facts.command),
      }
      const shape = `${nameAt(space, row, 'op')} ${nameAt(space, row, 'kind')} ${entrypoint}`
      tally.add({ ...tried, flip, where, shape }, () =>
        plainestExample(options, generated, row, { flip, entrypoint }),
      )
    },
    labelled({ text, column, base, before: was, after: is }) {
      count.compared += 1
      const flip = flipOf(was, is)
      if (flip === undefined) {
        count.same += 1
        return
      }
      count.flips += 1
      const [person, target] = [personIn(base), base.target.name]
      const where = { person, target, objects: [column] }
      tally.add({ flip, before: was, after: is, where, shape: text }, () => {
        return { person, target, text, circumstances: envIn(base), verified: true }
      })
    },
    found: () => ({
      expectations: tally.expectations(),
      broken: broken.broken(),
      comparison: {
        source: 'generated',
        ...count,
        uncheckedWhy: unchecked.names().top,
        relabelled: { commands: 0, columns: { top: [], more: 0 } },
        groups: tally.groups(),
        groupsLeftOut: tally.leftOut(),
      },
    }),
  }
}

function exampleOf(
  { space, stage }: Generated,
  row: Row,
  entrypoint: Entrypoint,
): Omit<ExampleMade, 'before' | 'after'> {
  const facts = situationFacts(space, row, stage)
  const circumstances = [
    circumstancesOf(space, row),
    ...(entrypoint === 'degraded' ? ['while nobody can be asked'] : []),
  ]
  return {
    person: personOf(space, row),
    target: facts.target.name,
    text: synthesised(facts).text,
    circumstances: circumstances.filter((text) => text !== '').join(', '),
    verified: false,
    facts,
  }
}

function plainestExample(
  { before, after }: GeneratedOptions,
  generated: Generated,
  row: Row,
  { flip, entrypoint }: { readonly flip: Flip; readonly entrypoint: Entrypoint },
): ExampleMade {
  const { space, stage } = generated
  const triedAt = (other: Row): Tried =>
    decided(before, after, situationFacts(space, other, stage), entrypoint)
  const plain = plainer(row, allowedIn(space), (other) => isSameFlip(flip, triedAt(other).flip))
  const shown = triedAt(plain)
  return {
    ...exampleOf(generated, plain, entrypoint),
    before: outcomeOf(shown.before),
    after: outcomeOf(shown.after),
  }
}

function personIn({ identity }: Facts): string {
  const kind = identity.actor.length > 0 ? 'agent for a human' : identity.kind
  return identity.groups.length === 0 ? kind : `${kind} in ${identity.groups.join(', ')}`
}

function envIn({ target }: Facts): string {
  return Object.entries(target.labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')
}

// `degraded` only where the ordinary decision is the same: it follows from it.
function triedOn(
  before: Policy,
  after: Policy,
  facts: Facts,
): Tried & { readonly entrypoint: Entrypoint } {
  const tried = decided(before, after, facts, 'decision')
  if (tried.flip !== undefined) return { ...tried, entrypoint: 'decision' }
  const degraded = decided(before, after, facts, 'degraded')
  return degraded.flip === undefined
    ? { ...tried, entrypoint: 'decision' }
    : { ...degraded, entrypoint: 'degraded' }
}

function decided(before: Policy, after: Policy, facts: Facts, entrypoint: Entrypoint): Tried {
  const one = before.decide(facts, entrypoint)
  const other = after.decide(facts, entrypoint)
  return { before: one, after: other, flip: flipOf(one, other) }
}

function sameRules({ before, after }: Tried): boolean {
  const ids = ({ rules }: Decision): string => rules.map(({ id }) => id).join(' ')
  return ids(before) === ids(after)
}

function isSameFlip(one: Flip, other: Flip | undefined): boolean {
  return (
    other !== undefined &&
    kindOf(one) === kindOf(other) &&
    one.rule === other.rule &&
    one.direction === other.direction
  )
}

// With the fewest values that are not ordinary first, so that these become the examples.
function plainestFirst(rows: readonly Row[]): readonly Row[] {
  const weight = (row: Row): number => row.filter((value) => value !== 0).length
  return [...rows].sort((one, other) => weight(one) - weight(other))
}

// Each value back to the first that the operation allows, where the flip stays the same without it. The
// operation itself, the first of all, stays what the row is about.
function plainer(
  row: Row,
  allowed: ReturnType<typeof allowedIn>,
  same: (row: Row) => boolean,
): Row {
  const [op = 0] = row
  let plain = row
  for (let at = row.length - 1; at > 0; at -= 1) {
    let first = 0
    while (first < (row[at] ?? 0) && !allowed(0, op, at, first)) first += 1
    if (plain[at] === first) continue
    const without = plain.map((value, place) => (place === at ? first : value))
    if (same(without)) plain = without
  }
  return plain
}
