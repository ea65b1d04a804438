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
import type {
  BrokenInvariant,
  Comparison,
  Example,
  ExpectationResult,
  FlipGroup,
} from './report.js'
import type { Rereading } from './reread.js'
import { grantsArePossible } from './possible-grants.js'
import { circumstancesOf, nameAt, personOf, situationFacts, type Row } from './situation-facts.js'
import { allowedIn } from './situation-space.js'
import { synthesised } from './synthesise.js'
import { createNameCounter, createTally, outcomeOf } from './tally.js'

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

export async function generatedComparison(options: GeneratedOptions): Promise<{
  readonly comparison: Comparison
  readonly expectations: readonly ExpectationResult[]
  readonly broken: readonly BrokenInvariant[]
}> {
  const { before, after, situations, expectations } = options
  const tally = createTally(expectations)
  const broken = createBrokenTally()
  const unchecked = createNameCounter()
  const count = { compared: 0, same: 0, otherRules: 0, flips: 0, unchecked: 0 }
  const seen = new Set<string>()
  const total = situations.reduce((sum, { rows }) => sum + rows.length, 0)
  let done = 0
  for (const { space, rows, stage } of situations) {
    const factsAt = (row: Row): Facts => situationFacts(space, row, stage)
    const allowed = allowedIn(space)
    const exampleOf = (row: Row, entrypoint: Entrypoint) => {
      const facts = factsAt(row)
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
    for (const row of plainestFirst(rows)) {
      if (++done % ROWS_A_TURN === 0) {
        options.progress?.(done, total)
        await new Promise((resolve) => setImmediate(resolve))
      }
      const facts = factsAt(row)
      const key = canonicalJson(facts)
      if (seen.has(key)) continue
      seen.add(key)
      if (!grantsArePossible(after, facts)) continue
      count.compared += 1
      const entrypoint = entrypointThatFlips(before, after, facts)
      const tried = decided(before, after, facts, entrypoint)
      const failed = [tried.after, tried.before].find(isBroken)
      if (failed !== undefined) {
        count.unchecked += 1
        unchecked.add(failed.rules[0]?.message ?? 'a policy failed')
        continue
      }
      const those = options.invariants.filter(({ isBroken: test }) => test(facts, tried.after))
      if (those.length > 0) {
        broken.add(those, tried.after, () => exampleOf(row, entrypoint))
      }
      const { flip } = tried
      if (flip === undefined) {
        count[sameRules(tried) ? 'same' : 'otherRules'] += 1
        continue
      }
      count.flips += 1
      const where = {
        person: personOf(space, row),
        target: facts.target.name,
        objects: facts.command === undefined ? [] : mainObjects(facts.command),
      }
      const shape = `${nameAt(space, row, 'op')} ${nameAt(space, row, 'kind')} ${entrypoint}`
      tally.add({ ...tried, flip, where, shape }, () => {
        const same = (other: Row): boolean =>
          isSameFlip(flip, decided(before, after, factsAt(other), entrypoint).flip)
        const plain = plainer(row, allowed, same)
        const shown = decided(before, after, factsAt(plain), entrypoint)
        return {
          ...exampleOf(plain, entrypoint),
          before: outcomeOf(shown.before),
          after: outcomeOf(shown.after),
        }
      })
    }
  }
  for (const { text, column, base, before: was, after: is } of options.labelSituations) {
    count.compared += 1
    const flip = flipOf(was, is)
    if (flip === undefined) {
      count.same += 1
      continue
    }
    count.flips += 1
    const [person, target] = [personIn(base), base.target.name]
    tally.add(
      { flip, before: was, after: is, where: { person, target, objects: [column] }, shape: text },
      () => ({ person, target, text, circumstances: envIn(base), verified: true }),
    )
  }
  const groups = await Promise.all(tally.groups().map((group) => reread(group, options)))
  return {
    expectations: tally.expectations(),
    broken: broken.broken(),
    comparison: {
      source: 'generated',
      compared: count.compared,
      same: count.same,
      otherRules: count.otherRules,
      flips: count.flips,
      unchecked: count.unchecked,
      uncheckedWhy: unchecked.names().top,
      evaluated: count.compared * 2,
      relabelled: { commands: 0, columns: { top: [], more: 0 } },
      groups,
      groupsLeftOut: tally.leftOut(),
    },
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
function entrypointThatFlips(before: Policy, after: Policy, facts: Facts): Entrypoint {
  if (decided(before, after, facts, 'decision').flip !== undefined) return 'decision'
  return decided(before, after, facts, 'degraded').flip === undefined ? 'decision' : 'degraded'
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

// Examples whose text, read again under the labels of each policy, flips in the same way come first.
async function reread(group: FlipGroup, options: GeneratedOptions): Promise<FlipGroup> {
  const examples: Example[] = []
  for (const example of group.examples) {
    if (examples.some(({ text, person }) => text === example.text && person === example.person)) {
      continue
    }
    // Those on labels were read to begin with, and have no facts of their own.
    const verified = example.verified === true || (await isVerified(group, example, options))
    examples.push({ ...example, verified })
  }
  return {
    ...group,
    examples: examples.sort((a, b) => Number(b.verified === true) - Number(a.verified === true)),
  }
}

async function isVerified(
  group: FlipGroup,
  { facts, circumstances }: Example,
  { rereading, before, after }: GeneratedOptions,
): Promise<boolean> {
  if (rereading === undefined || facts?.command === undefined) return false
  const { text, isSql } = synthesised(facts)
  if (!isSql) return false
  const { message } = facts.command.postgres
  const [one, other] = [
    await rereading.read(text, 'before', message),
    await rereading.read(text, 'after', message),
  ]
  if (one === undefined || other === undefined) return false
  const entrypoint =
    circumstances?.includes('nobody can be asked') === true ? 'degraded' : 'decision'
  const was = before.decide({ ...facts, command: one }, entrypoint)
  const is = after.decide({ ...facts, command: other }, entrypoint)
  const flip = flipOf(was, is)
  return flip?.direction === group.direction && flip.from === group.from && flip.to === group.to
}
