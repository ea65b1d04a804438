// What somebody who was refused could do instead: small changes of the facts, each decided by the very
// policy that refused. Pure and bounded, so that the gateway can ask it while a client waits. What it says
// is a function of facts and policy alone, and facts hold no values of the command or of the data.
import { exitMasksOf } from '../../../engine/facts/postgres/exit-masks.js'
import { isBroken } from '../../../engine/policy/decide.js'
import type { Policy } from '../../../engine/policy/policy.js'
import type { Decision } from '../../../engine/schemas/decision.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import { candidatesFor, type Candidate, type Surroundings } from './candidates.js'

export type Suggestion = {
  // One change, or two that go together.
  readonly changes: readonly string[]
  // The same as one text: what to do.
  readonly words: string
  readonly about: Candidate['about']
  readonly action: 'allow' | 'mask-fields' | 'require-approval'
  // Whose approval it then needs.
  readonly approvers?: readonly string[]
  // The facts as they then are, on which the policy decided so.
  readonly facts: Facts
}

export type WhatWouldPassOptions = Surroundings & {
  // Decisions asked for at most.
  readonly decisionsMax?: number
  readonly suggestionsMax?: number
}

const DECISIONS_MAX = 400
const SUGGESTIONS_MAX = 6

export function whatWouldPass(
  policy: Policy,
  facts: Facts,
  options: WhatWouldPassOptions = {},
): readonly Suggestion[] {
  const search = searchOf(policy, options)
  const before = search.decide(facts)
  if (before === undefined || passes(facts, before)) return []
  const approved = before.action === 'require-approval' ? approval(search, facts, before) : []
  const wanted = before.action === 'require-approval' ? PASSING : PASSING_OR_HELD
  const max = options.suggestionsMax ?? SUGGESTIONS_MAX
  const candidates = candidatesFor(facts, options).filter((one) => matters(policy, facts, one))
  const singles = singleChanges(search, facts, before, candidates, wanted)
  const found = [...singles.passing]
  // Another place or person may pass it as it is; whoever wants to stay needs to know what to write.
  if (!found.some(({ about }) => about === 'command')) {
    found.push(...pairs(search, facts, candidates, singles, wanted))
  }
  return [...approved, ...found.sort(byEffort)].slice(0, max)
}

const PASSING: readonly Decision['action'][] = ['allow', 'mask-fields']
const PASSING_OR_HELD: readonly Decision['action'][] = [...PASSING, 'require-approval']

// Whether a client would get an answer. Where masks are in force, only what can be masked passes; that
// the target may compute on masked values instead is not seen from facts.
export function passes(facts: Facts, decision: Decision): boolean {
  return PASSING.includes(decision.action) && !isStopped(facts, decision)
}

function isStopped({ command }: Facts, { action, masks }: Decision): boolean {
  if (action === 'deny' || command === undefined || masks.length === 0) return false
  const exit = exitMasksOf(
    {
      command,
      control: { kind: 'none' },
      outputs: undefined,
      invalidates: { catalogue: false, names: false },
      start: 0,
      end: 0,
    },
    masks,
  )
  return 'refused' in exit
}

type Search = { readonly decide: (facts: Facts) => Decision | undefined }

// A policy that fails or runs out of fuel once is not asked again and again.
function searchOf(policy: Policy, { decisionsMax = DECISIONS_MAX }: WhatWouldPassOptions): Search {
  let left = decisionsMax + 1
  return {
    decide(facts) {
      if (left <= 0) return undefined
      left -= 1
      const decision = policy.decide(facts, 'decision')
      if (isBroken(decision)) left = 0
      return decision
    },
  }
}

// Only what the policy reads can change what it says.
function matters({ reads }: Policy, facts: Facts, candidate: Candidate): boolean {
  if (reads === undefined) return true
  const changed = candidate.changed(facts)
  return reads.some((path) => {
    const parts = path.split('.')
    return JSON.stringify(valueAt(facts, parts)) !== JSON.stringify(valueAt(changed, parts))
  })
}

function valueAt(value: unknown, parts: readonly string[]): unknown {
  let at = value
  for (const part of parts) {
    if (Array.isArray(at) || typeof at !== 'object' || at === null) return at
    at = Object.hasOwn(at, part) ? Reflect.get(at, part) : undefined
  }
  return at
}

function approval(search: Search, facts: Facts, held: Decision): readonly Suggestion[] {
  const terms = held.approval
  if (terms === undefined) return []
  const grant = { id: 'would-be', scope: terms.scope, approvers: [...terms.approvers] }
  const granted = { ...facts, grants: [...facts.grants, grant] }
  const decision = search.decide(granted)
  if (decision === undefined || decision.action === 'deny' || isStopped(granted, decision))
    return []
  const count = terms.quorum === 1 ? 'a member' : `${terms.quorum} members`
  const words = `have it approved by ${count} of ${terms.approvers.join(' or ')}`
  const action = decision.action === 'allow' ? 'allow' : 'mask-fields'
  return [{ changes: [words], words, about: 'situation', action, facts: granted }]
}

type Singles = {
  readonly passing: readonly Suggestion[]
  // Those after which the policy says something else, though not yes.
  readonly helping: readonly Candidate[]
}

function singleChanges(
  search: Search,
  facts: Facts,
  before: Decision,
  candidates: readonly Candidate[],
  wanted: readonly Decision['action'][],
): Singles {
  const passing: Suggestion[] = []
  const helping: Candidate[] = []
  const done = new Set<string>()
  for (const candidate of candidates) {
    if (done.has(candidate.family)) continue
    const changed = candidate.changed(facts)
    const decision = search.decide(changed)
    if (decision === undefined) break
    const suggestion = suggestionOf([candidate], changed, decision, wanted)
    if (suggestion !== undefined) {
      done.add(candidate.family)
      passing.push(suggestion)
    } else if (differ(before, decision)) helping.push(candidate)
  }
  return { passing, helping }
}

// First two that each help; then one that helps with any other; then any two.
function pairs(
  search: Search,
  facts: Facts,
  candidates: readonly Candidate[],
  { passing, helping }: Singles,
  wanted: readonly Decision['action'][],
): readonly Suggestion[] {
  const alone = new Set(passing.flatMap(({ changes }) => changes))
  const rest = candidates.filter(({ words }) => !alone.has(words))
  const found: Suggestion[] = []
  const done = new Set<string>()
  const seen = new Set<string>()
  for (const [ones, others] of [
    [helping, helping],
    [helping, rest],
    [rest, rest],
  ] as const) {
    for (const one of ones) {
      for (const other of others) {
        const [key, families] = [keyOf(one.words, other.words), keyOf(one.family, other.family)]
        if (one.family === other.family || seen.has(key) || done.has(families)) continue
        seen.add(key)
        const changed = other.changed(one.changed(facts))
        const decision = search.decide(changed)
        if (decision === undefined) return found
        const suggestion = suggestionOf([one, other], changed, decision, wanted)
        if (suggestion === undefined) continue
        found.push(suggestion)
        done.add(families)
      }
    }
    if (found.length > 0) break
  }
  return found
}

function suggestionOf(
  candidates: readonly Candidate[],
  changed: Facts,
  decision: Decision,
  wanted: readonly Decision['action'][],
): Suggestion | undefined {
  const { action } = decision
  if (action === 'deny' || !wanted.includes(action) || isStopped(changed, decision))
    return undefined
  if (changed.command !== undefined && changed.command.effects.length === 0) return undefined
  const changes = candidates.map(({ words }) => words)
  return {
    changes,
    words: changes.join(', and '),
    about: candidates.every(({ about }) => about === 'command') ? 'command' : 'situation',
    action,
    facts: changed,
    ...(decision.approval === undefined ? {} : { approvers: decision.approval.approvers }),
  }
}

function differ(one: Decision, other: Decision): boolean {
  return one.action !== other.action || JSON.stringify(one.rules) !== JSON.stringify(other.rules)
}

function keyOf(one: string, other: string): string {
  return one < other ? `${one}\n${other}` : `${other}\n${one}`
}

// Fewer changes first, then those that need nobody's approval, then those of the command itself.
function byEffort(one: Suggestion, other: Suggestion): number {
  return effort(one) - effort(other)
}

function effort({ changes, action, about }: Suggestion): number {
  return (
    changes.length * 4 + (action === 'require-approval' ? 2 : 0) + (about === 'situation' ? 1 : 0)
  )
}
