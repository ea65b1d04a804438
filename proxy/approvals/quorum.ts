// Whether the people who approved are the people whom the terms ask for: each requirement needs so many of
// its groups, and one person counts for one of them only. Whoever belongs to several is counted where that
// leaves fewest missing.
import {
  requirementsOf,
  type ApprovalTerms,
  type Requirement,
} from '../../engine/schemas/approval-terms.js'

// Groups that a person's approval may count for; undefined: any.
export type Ballot = readonly string[] | undefined

// Once others are asked as well, they count for every requirement.
export function requirementsNow(terms: ApprovalTerms, escalated: boolean): readonly Requirement[] {
  const requirements = requirementsOf(terms)
  const { escalate } = terms
  if (!escalated || escalate === undefined) return requirements
  return requirements.map(({ any_of: groups, count }) => ({
    any_of: [...new Set([...groups, ...escalate.to])],
    count,
  }))
}

// What is still missing, in the order of the requirements; empty: nothing.
export function missingOf(
  requirements: readonly Requirement[],
  ballots: readonly Ballot[],
): readonly Requirement[] {
  const seats = seatsOf(requirements)
  const taken = seated(seats, ballots)
  const left = new Map<Requirement, number>()
  for (const [at, seat] of seats.entries()) {
    if (taken[at] === undefined) left.set(seat, (left.get(seat) ?? 0) + 1)
  }
  return [...left].map(([{ any_of: groups }, count]) => ({ any_of: groups, count }))
}

// Whether one more ballot leaves less missing.
export function counts(
  requirements: readonly Requirement[],
  ballots: readonly Ballot[],
  more: Ballot,
): boolean {
  const seats = seatsOf(requirements)
  const filled = (all: readonly Ballot[]): number =>
    seated(seats, all).filter((ballot) => ballot !== undefined).length
  return filled([...ballots, more]) > filled(ballots)
}

function seatsOf(requirements: readonly Requirement[]): readonly Requirement[] {
  return requirements.flatMap((one) => Array.from({ length: one.count }, () => one))
}

// A largest matching by augmenting paths (Kuhn): for each seat the place of the ballot that fills it.
function seated(
  seats: readonly Requirement[],
  ballots: readonly Ballot[],
): readonly (number | undefined)[] {
  const taken: (number | undefined)[] = seats.map(() => undefined)
  const place = (ballot: number, tried: Set<number>): boolean => {
    const groups = ballots[ballot]
    for (const [at, seat] of seats.entries()) {
      if (tried.has(at) || !fits(groups, seat)) continue
      tried.add(at)
      const before = taken[at]
      if (before === undefined || place(before, tried)) {
        taken[at] = ballot
        return true
      }
    }
    return false
  }
  for (const ballot of ballots.keys()) place(ballot, new Set())
  return taken
}

function fits(groups: Ballot, seat: Requirement): boolean {
  return groups === undefined || seat.any_of.some((group) => groups.includes(group))
}
