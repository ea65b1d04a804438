// A film under another bundle: every decision computed anew from the recorded facts by the same engine, and
// where the films part. A branch ends at the first command that would not have gone, or would have gone
// though it did not: what would have come after is on no record, and what is shown then is marked.
import { canonicalJson } from '../../engine/canonical.js'
import { isBroken } from '../../engine/policy/decide.js'
import type { Policy } from '../../engine/policy/policy.js'
import type { Decision } from '../../engine/schemas/decision.js'
import type { Facts } from '../../engine/schemas/facts.js'
import type { Parting, Shot, UnderEntry } from './film.js'
import { masksInBrief, newlyMasked, otherEffect } from './mask-comparison.js'

export type Redecision = {
  readonly parting: Parting
  // Absent where none could be computed.
  readonly decision?: Decision
  readonly notes: readonly string[]
}

export type UnderPolicies = {
  readonly under: Policy
  // The bundle that decided, where it was kept: its terms for an approval are held against the new ones.
  readonly before: (bundle: string) => Promise<Policy | undefined>
}

// What ends the branch.
const ENDS: readonly Parting[] = ['denied', 'held', 'refused', 'ran']

export function endsBranch(parting: Parting): boolean {
  return ENDS.includes(parting)
}

export async function redecided(shot: Shot, policies: UnderPolicies): Promise<Redecision> {
  const { facts, decision: recorded, entry } = shot
  if (shot.erased) return { parting: 'unknown', notes: ['what it was decided on was erased'] }
  if (facts === undefined || recorded === undefined) {
    return { parting: 'unknown', notes: ['the record lacks the facts or the decision'] }
  }
  const asked = unapproved(shot, facts)
  if (asked !== undefined) {
    const first = policies.under.decide(asked, shot.entrypoint)
    const settled = await approvalUnder(shot, recorded, first, asked, policies)
    if (settled !== undefined) return settled
  }
  const decision = policies.under.decide(facts, shot.entrypoint)
  if (canonicalJson(decision) === canonicalJson(recorded)) {
    return { parting: 'same', decision, notes: [] }
  }
  if (isBroken(decision)) return broken(decision)
  switch (decision.action) {
    case 'deny':
      // Refused both times: by whom makes no difference to what followed.
      return { parting: entry.go ? 'denied' : 'same', decision, notes: [] }
    case 'require-approval':
      return held(shot, recorded, decision, facts)
    case 'allow':
    case 'mask-fields':
      return entry.go ? answered(shot, recorded, decision, facts) : went(shot, recorded, decision)
  }
}

// The facts as they were before people agreed; undefined where nobody was asked, or nobody agreed.
function unapproved({ entry }: Shot, facts: Facts): Facts | undefined {
  const grants = facts.grants.filter(
    ({ id, scope }) => scope !== 'command' && id !== entry.approval?.id,
  )
  return grants.length === facts.grants.length ? undefined : { ...facts, grants }
}

// Whether the people who agreed would have been asked, and the same ones; undefined where they would.
async function approvalUnder(
  shot: Shot,
  recorded: Decision,
  first: Decision,
  asked: Facts,
  policies: UnderPolicies,
): Promise<Redecision | undefined> {
  if (isBroken(first)) return broken(first)
  switch (first.action) {
    case 'deny':
      return { parting: 'denied', decision: first, notes: [] }
    case 'allow':
    case 'mask-fields': {
      const later = answered(shot, recorded, first, asked)
      const parting = later.parting === 'same' ? 'unheld' : later.parting
      return { ...later, parting, notes: ['nobody would have been asked', ...later.notes] }
    }
    case 'require-approval': {
      const before = await policies.before(shot.bundle)
      const terms = before?.decide(asked, shot.entrypoint).approval ?? recorded.approval
      if (terms === undefined || canonicalJson(terms) === canonicalJson(first.approval))
        return undefined
      return { parting: 'held', decision: first, notes: [`asked of ${termsInBrief(first)}`] }
    }
  }
}

function held(shot: Shot, recorded: Decision, decision: Decision, facts: Facts): Redecision {
  const { entry } = shot
  const asked = entry.approval !== undefined || recorded.action === 'require-approval'
  const terms = recorded.approval
  const same = terms === undefined || canonicalJson(terms) === canonicalJson(decision.approval)
  if (!asked || !same) {
    const notes = [`asked of ${termsInBrief(decision)}`]
    return { parting: 'held', decision, notes: entry.go ? notes : ['it was refused', ...notes] }
  }
  // The same people on the same terms: their answer is taken to be the same.
  if (!entry.go) return { parting: 'same', decision, notes: [] }
  return answered(shot, recorded, decision, facts)
}

// It would have passed. Where it passed before too, its answer may look otherwise.
function answered(shot: Shot, recorded: Decision, decision: Decision, facts: Facts): Redecision {
  const flows = facts.command?.flows ?? []
  const other = otherEffect(facts, recorded.masks, decision.masks)
  if (other !== undefined) return { parting: 'refused', decision, notes: [other] }
  const rows = shot.entry.outcome?.rows
  const max = decision.limits.rows_max
  const notes: string[] = []
  if (max !== undefined && rows !== undefined && rows > max) {
    notes.push(`it returned ${rows} rows; ${max} would have been the most, and one more an error`)
    return { parting: 'limited', decision, notes }
  }
  const brief = masksInBrief(recorded.masks, decision.masks)
  const more = newlyMasked(flows, recorded.masks, decision.masks)
  if (more.stricter) return { parting: 'masked', decision, notes: brief }
  if (more.looser) return { parting: 'unmasked', decision, notes: brief }
  return { parting: 'same', decision, notes }
}

// It did not go, and would have passed the policy.
function went(shot: Shot, recorded: Decision, decision: Decision): Redecision {
  const { refusal } = shot.entry
  if (recorded.action === 'deny' || recorded.action === 'require-approval') {
    return {
      parting: 'ran',
      decision,
      notes: ['it would have run; what came of it is on no record'],
    }
  }
  // The gateway refused what the policy let pass; with the same masks it would have again.
  if (canonicalJson(recorded.masks) === canonicalJson(decision.masks)) {
    return { parting: 'same', decision, notes: [] }
  }
  return {
    parting: 'ran',
    decision,
    notes: [
      `the gateway refused it (${refusal ?? 'no reason recorded'}); whether it would have with other masks is not known`,
    ],
  }
}

function broken(decision: Decision): Redecision {
  const why = decision.rules[0]?.message ?? 'the policy failed'
  return { parting: 'unknown', decision, notes: [why] }
}

export function termsInBrief({ approval }: Decision): string {
  if (approval === undefined) return 'nobody'
  const who = approval.approvers.join(' or ')
  return approval.quorum === 1 ? `one of ${who}` : `${approval.quorum} of ${who}`
}

export function underEntry(found: Redecision, after: boolean): UnderEntry {
  const { decision, parting } = found
  return {
    action: decision?.action ?? '?',
    rules: decision?.rules ?? [],
    parted: parting !== 'same',
    parting,
    after,
    notes: found.notes,
  }
}
