// What a comparison of two policies found: plain data, the same for recorded and for generated facts, which
// the printers turn into text.
import type { Action } from '../../../engine/schemas/decision.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import type { Direction } from './flip.js'

export type Side = {
  // As it was named on the command line.
  readonly name: string
  readonly revision: string
  readonly digest: string
}

export type Counted = { readonly name: string; readonly count: number }

export type Names = {
  // The most frequent.
  readonly top: readonly Counted[]
  readonly more: number
}

export type Outcome = {
  readonly action: Action
  readonly rules: readonly string[]
  readonly message?: string
}

export type Example = {
  readonly person: string
  readonly target: string
  // Of a recorded command as recorded, so redacted; of a generated one, what would have these facts.
  readonly text: string
  // Where the record has it.
  readonly seq?: number
  readonly session?: string
  readonly time?: number
  // Of a generated one: whether reading the text again gave these facts, and what the facts say else.
  readonly verified?: boolean
  readonly circumstances?: string
  readonly facts?: Facts
  readonly before: Outcome
  readonly after: Outcome
}

export type FlipGroup = {
  readonly direction: Direction
  readonly from: Action
  readonly to: Action
  readonly kind: string
  readonly changes: readonly string[]
  readonly rule: string
  // Where it is expected: `delta.yaml:3`, and why.
  readonly expected?: string
  readonly why?: string
  readonly count: number
  readonly people: Names
  readonly targets: Names
  readonly objects: Names
  readonly examples: readonly Example[]
}

export type ExpectationResult = {
  readonly place: string
  readonly why: string
  readonly found: number
  readonly max?: number
}

export type Comparison = {
  readonly source: 'recorded' | 'generated'
  readonly compared: number
  readonly same: number
  // The same access, for other reasons.
  readonly otherRules: number
  readonly flips: number
  readonly unchecked: number
  readonly uncheckedWhy: readonly Counted[]
  // How often a policy was really asked.
  readonly evaluated: number
  // Recorded commands that touch columns with other labels than then, and those columns.
  readonly relabelled: { readonly commands: number; readonly columns: Names }
  // Wider first, then mixed, then stricter; the most frequent first.
  readonly groups: readonly FlipGroup[]
  readonly groupsLeftOut: number
}

export type RuleChange = {
  readonly id: string
  readonly what: 'added' | 'removed' | 'changed'
  readonly places: readonly string[]
}

export type BrokenInvariant = {
  readonly id: string
  readonly title: string
  readonly place: string
  readonly count: number
  readonly example: Example
}

export type Report = {
  readonly title: string
  readonly before: Side | undefined
  readonly after: Side
  readonly comparisons: readonly Comparison[]
  readonly expectations: readonly ExpectationResult[]
  readonly rules?: readonly RuleChange[]
  readonly invariants?: readonly BrokenInvariant[]
}

export type FailOn = 'wider' | 'any' | 'none'

// What makes the report a failure, in words; [] where nothing does.
export function failuresOf(report: Report, failOn: FailOn): readonly string[] {
  if (failOn === 'none') return []
  const groups = report.comparisons.flatMap((one) => one.groups)
  const counts = groups.filter(
    (group) => group.expected === undefined && (failOn === 'any' || group.direction !== 'stricter'),
  )
  const expecting = report.expectations.length > 0
  const failures: string[] = []
  for (const [wanted, words] of DIRECTIONS) {
    const those = counts.filter(({ direction }) => (direction === 'stricter') === wanted)
    const flips = those.reduce((sum, group) => sum + group.count, 0)
    if (flips === 0) continue
    const decisions = flips === 1 ? '1 decision' : `${flips} decisions`
    failures.push(`${decisions} let ${words}${expecting ? ', which is not expected' : ''}`)
  }
  const left = report.comparisons.reduce((sum, one) => sum + one.groupsLeftOut, 0)
  if (left > 0) failures.push(`${left} flips in more groups than can be shown`)
  const unchecked = report.comparisons.reduce((sum, one) => sum + one.unchecked, 0)
  if (unchecked > 0) failures.push(`${unchecked} decisions could not be executed again`)
  for (const { place, found, max } of report.expectations) {
    if (max !== undefined && found > max) {
      failures.push(`${place} expects at most ${max} flips, and there are ${found}`)
    }
  }
  const broken = report.invariants ?? []
  if (broken.length > 0)
    failures.push(`broken invariants: ${broken.map(({ id }) => id).join(', ')}`)
  return failures
}

const DIRECTIONS = [
  [false, 'more through'],
  [true, 'less through'],
] as const

// Expected flips that did not come.
export function unmetExpectations(report: Report): readonly ExpectationResult[] {
  return report.expectations.filter(({ found, max }) => found === 0 && max !== 0)
}

export function isAccessGained(direction: Direction): boolean {
  return direction !== 'stricter'
}
