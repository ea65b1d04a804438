// Decides recorded commands again under another policy, once for each situation that the policies can tell
// apart: the parts are cut down to what is read of them, and what was decided before is found again.
import { canonicalJson } from '../../../engine/canonical.js'
import { isBroken } from '../../../engine/policy/decide.js'
import type { Policy } from '../../../engine/policy/policy.js'
import { prunedBy } from '../../../engine/policy/prune.js'
import type { Decision } from '../../../engine/schemas/decision.js'
import type { CommandFacts, Facts } from '../../../engine/schemas/facts.js'
import { invariantReads } from '../invariants/invariant-reads.js'
import type { Invariant } from '../invariants/read-invariants.js'
import { factsOf } from '../../recording/recorded-facts.js'
import { createBoundedCache } from './bounded-cache.js'
import { createLabelWatch } from './changed-labels.js'
import { flipOf, type Flip } from './flip.js'
import { mainObjects } from './main-objects.js'
import { sightedCommand, type Sighting, type Sightings } from './sightings.js'

// At most twice so many of each; a part takes about a hundred bytes here.
const PARTS_MAX = 100_000
const VERDICTS_MAX = 200_000

export type Situation = { readonly id: number; readonly person: string; readonly target: string }
export type Commanded = {
  readonly id: number
  readonly objects: readonly string[]
  // Columns to which the policy gives other labels than the command was read with.
  readonly relabelled: readonly string[]
}

export type Verdict = Compared & { readonly broken?: Broken | undefined }

type Broken = { readonly invariants: readonly Invariant[]; readonly after: Decision }

type Compared =
  | { readonly kind: 'same' | 'other_rules' }
  | { readonly kind: 'unchecked'; readonly why: string }
  | {
      readonly kind: 'flip'
      readonly flip: Flip
      readonly before: Decision
      readonly after: Decision
    }

export type Redecided = {
  readonly verdict: Verdict
  // Absent where the record lacks a part.
  readonly situation?: Situation
  readonly command?: Commanded
}

export type Redecider = {
  readonly redecide: (sighting: Sighting) => Redecided
  // How many times a policy was really asked.
  readonly evaluated: () => number
}

// `against`: what `policy` is held against; the recorded decision where there is none.
export function createRedecider(
  sightings: Pick<Sightings, 'part'>,
  policy: Policy,
  against: Policy | undefined,
  invariants: readonly Invariant[] = [],
): Redecider {
  const reads = readsOfAll([policy, ...(against === undefined ? [] : [against])], invariants)
  const pruned = prunedBy(reads) as (facts: object) => unknown
  const ids = createIds()
  const situations = createBoundedCache<string, Situation>(PARTS_MAX)
  const commands = createBoundedCache<string, Commanded>(PARTS_MAX)
  const decisions = createBoundedCache<string, number>(PARTS_MAX)
  const verdicts = createBoundedCache<string, Verdict>(VERDICTS_MAX)
  const relevant = overridesRead(reads)
  const digestRead = isSeen(reads, 'command.digest')
  const relabelled = createLabelWatch(policy.labels)
  let evaluated = 0

  const situationOf = (digest: string): Situation | undefined => {
    const known = situations.find(digest)
    if (known !== undefined) return known
    const base = sightings.part(digest) as Omit<Facts, 'command'> | undefined
    if (base?.identity === undefined || base.target === undefined) return undefined
    const { identity, target } = base
    const made = {
      id: ids(`base ${canonicalJson(pruned(base))}`),
      person: identity.name === '' ? identity.subject : identity.name,
      target: target.name,
    }
    situations.keep(digest, made)
    return made
  }

  const commandOf = (digest: string): Commanded | undefined => {
    const known = commands.find(digest)
    if (known !== undefined) return known
    const command = sightings.part(digest) as CommandFacts | undefined
    if (command?.effects === undefined) return undefined
    const made = {
      id: ids(`command ${canonicalJson(pruned({ command }))}`),
      objects: mainObjects(command),
      relabelled: relabelled(command),
    }
    commands.keep(digest, made)
    return made
  }

  const decisionOf = (digest: string): number | undefined => {
    const known = decisions.find(digest)
    if (known !== undefined) return known
    const decision = sightings.part(digest)
    if (decision === undefined) return undefined
    const id = ids(`decision ${canonicalJson(decision)}`)
    decisions.keep(digest, id)
    return id
  }

  const decide = (which: Policy, facts: Facts, entrypoint: 'decision' | 'degraded'): Decision => {
    evaluated += 1
    return which.decide(facts, entrypoint)
  }

  // What was approved is on record as it ran. Whether both would have had it wait is asked without that.
  const unapproved = (facts: Facts, entrypoint: 'decision' | 'degraded'): Verdict | undefined => {
    const grants = facts.grants.filter(({ scope }) => scope !== 'command')
    if (against === undefined || grants.length === facts.grants.length) return undefined
    const asked = { ...facts, grants }
    const verdict = verdictOn(decide(against, asked, entrypoint), decide(policy, asked, entrypoint))
    return verdict.kind === 'same' || verdict.kind === 'other_rules' ? undefined : verdict
  }

  const verdictOf = ({ fields }: Sighting, text: string): Verdict => {
    const overrides = JSON.parse(fields.overrides) as Record<string, unknown>
    const facts = factsOf({ facts: { ...fields, overrides }, text }, { of: sightings.part })
    const recorded = sightings.part(fields.decision) as Decision | undefined
    if (facts === undefined || recorded === undefined) return MISSING
    const before = against === undefined ? recorded : decide(against, facts, fields.entrypoint)
    const after = decide(policy, facts, fields.entrypoint)
    const verdict = unapproved(facts, fields.entrypoint) ?? verdictOn(before, after)
    const those = invariants.filter(({ isBroken: test }) => test(facts, after))
    return those.length === 0 ? verdict : { ...verdict, broken: { invariants: those, after } }
  }

  return {
    evaluated: () => evaluated,
    redecide(sighting) {
      const { fields } = sighting
      const situation = situationOf(fields.base)
      const command = commandOf(fields.command)
      const decision = decisionOf(fields.decision)
      if (situation === undefined || command === undefined || decision === undefined) {
        return { verdict: MISSING }
      }
      // A digest that is not written down is that of the text.
      const isText = digestRead && !fields.overrides.includes('"command.digest":')
      const text = isText ? sightedCommand(sighting).text : ''
      const key = `${situation.id} ${command.id} ${decision} ${fields.entrypoint} ${relevant(fields.overrides)}${text}`
      let verdict = verdicts.find(key)
      if (verdict === undefined) {
        verdict = verdictOf(sighting, text)
        // What one segment lacks another may have.
        if (verdict !== MISSING) verdicts.keep(key, verdict)
      }
      return { verdict, situation, command }
    },
  }
}

const MISSING: Verdict = { kind: 'unchecked', why: 'a part of it is missing in the record' }

export function verdictOn(before: Decision, after: Decision): Verdict {
  const broken = [after, before].find(isBroken)
  if (broken !== undefined) {
    return { kind: 'unchecked', why: broken.rules[0]?.message ?? 'the policy failed' }
  }
  const flip = flipOf(before, after)
  if (flip !== undefined) return { kind: 'flip', flip, before, after }
  const ids = (decision: Decision): string => decision.rules.map((rule) => rule.id).join(' ')
  return { kind: ids(before) === ids(after) ? 'same' : 'other_rules' }
}

// Numbers that stand for texts; a text that was forgotten gets a new one, which costs a decision and no more.
function createIds(): (text: string) => number {
  const known = createBoundedCache<string, number>(PARTS_MAX)
  let next = 0
  return (text) => {
    const found = known.find(text)
    if (found !== undefined) return found
    known.keep(text, ++next)
    return next
  }
}

function readsOfAll(
  policies: readonly Policy[],
  invariants: readonly Invariant[],
): readonly string[] | undefined {
  const reads = new Set(invariantReads(invariants))
  for (const policy of policies) {
    if (policy.reads === undefined) return undefined
    for (const path of policy.reads) reads.add(path)
  }
  return [...reads].sort()
}

const DIGEST_ALONE = /^\{"command\.digest":"[^"\\]*"\}$/

// The text of those overrides that a policy can see; '' where it sees none, which is the usual case.
function overridesRead(reads: readonly string[] | undefined): (text: string) => string {
  const digestSeen = isSeen(reads, 'command.digest')
  return (text) => {
    if (text === '{}' || (!digestSeen && DIGEST_ALONE.test(text))) return ''
    const overrides = JSON.parse(text) as Record<string, unknown>
    const kept = Object.entries(overrides).filter(([path]) => isSeen(reads, path))
    return kept.length === 0 ? '' : canonicalJson(Object.fromEntries(kept))
  }
}

function isSeen(reads: readonly string[] | undefined, path: string): boolean {
  if (reads === undefined) return true
  return reads.some(
    (read) => read === path || read.startsWith(`${path}.`) || path.startsWith(`${read}.`),
  )
}
