// Gathers flips into groups by kind and rule, counts who, where and what, and keeps a few examples of each.
// Bounded whatever comes: names beyond a number are counted together, and so are groups.
import type { Decision } from '../../../engine/schemas/decision.js'
import { createBoundedCache } from './bounded-cache.js'
import type { Expectation, Where } from './expected.js'
import { kindOf, type Direction, type Flip } from './flip.js'
import type { Example, ExpectationResult, FlipGroup, Names, Outcome } from './report.js'

const GROUPS_MAX = 500
const NAMES_MAX = 5_000
const NAMES_SHOWN = 5
const EXAMPLES_MAX = 3
const CELLS_MAX = 50_000

export type FlipFound = {
  readonly flip: Flip
  readonly before: Decision
  readonly after: Decision
  readonly where: Where
  // Differs between commands that are worth an example each.
  readonly shape: string | number
}

export type ExampleMade = Omit<Example, 'before' | 'after'> &
  Partial<Pick<Example, 'before' | 'after'>>

export type Tally = {
  // `example` is called only where one is wanted; what it does not say of the outcomes is as found.
  readonly add: (found: FlipFound, example: () => ExampleMade) => void
  readonly groups: () => readonly FlipGroup[]
  readonly leftOut: () => number
  readonly expectations: () => readonly ExpectationResult[]
}

type Group = Omit<FlipGroup, 'count' | 'people' | 'targets' | 'objects' | 'examples'> & {
  count: number
  readonly people: NameCounter
  readonly targets: NameCounter
  readonly objects: NameCounter
  readonly examples: Example[]
  readonly shapes: Set<string | number>
}

export function createTally(expectations: readonly Expectation[]): Tally {
  const groups = new Map<string, Group>()
  // Which group a flip at a place belongs to: matching globs a million times would take longer than deciding.
  const cells = createBoundedCache<
    string,
    { readonly group: Group | undefined; readonly expected: number }
  >(CELLS_MAX)
  const keys = new WeakMap<Flip, string>()
  const found = expectations.map(() => 0)
  let leftOut = 0

  const keyOf = (flip: Flip): string => {
    const known = keys.get(flip)
    if (known !== undefined) return known
    const key = `${flip.direction}\n${kindOf(flip)}\n${flip.changes.join('\n')}\n${flip.rule}`
    keys.set(flip, key)
    return key
  }

  const groupOf = (flip: Flip, key: string, expectation: Expectation | undefined) => {
    const name = `${key}\n${expectation?.place ?? ''}`
    const known = groups.get(name)
    if (known !== undefined || groups.size >= GROUPS_MAX) return known
    const group: Group = {
      direction: flip.direction,
      from: flip.from,
      to: flip.to,
      kind: kindOf(flip),
      changes: flip.changes,
      rule: flip.rule,
      ...(expectation === undefined ? {} : { expected: expectation.place, why: expectation.why }),
      count: 0,
      people: createNameCounter(),
      targets: createNameCounter(),
      objects: createNameCounter(),
      examples: [],
      shapes: new Set(),
    }
    groups.set(name, group)
    return group
  }

  return {
    add({ flip, before, after, where, shape }, example) {
      const key = keyOf(flip)
      const cellKey = `${key}\n${where.person}\n${where.target}\n${where.objects.join('\n')}`
      let cell = cells.find(cellKey)
      if (cell === undefined) {
        const expected = expectations.findIndex((one) => one.fits(flip, where))
        cell = { group: groupOf(flip, key, expectations[expected]), expected }
        cells.keep(cellKey, cell)
      }
      const { group, expected } = cell
      if (expected >= 0) found[expected] = (found[expected] ?? 0) + 1
      if (group === undefined) {
        leftOut += 1
        return
      }
      group.count += 1
      group.people.add(where.person)
      group.targets.add(where.target)
      for (const object of where.objects) group.objects.add(object)
      if (group.examples.length >= EXAMPLES_MAX || group.shapes.has(shape)) return
      group.shapes.add(shape)
      group.examples.push({ before: outcomeOf(before), after: outcomeOf(after), ...example() })
    },
    groups: () =>
      [...groups.values()]
        .sort((a, b) => RANK[a.direction] - RANK[b.direction] || b.count - a.count)
        .map(({ shapes: _, people, targets, objects, ...group }) => ({
          ...group,
          people: people.names(),
          targets: targets.names(),
          objects: objects.names(),
        })),
    leftOut: () => leftOut,
    expectations: () =>
      expectations.map(({ place, why, max }, at) => ({
        place,
        why,
        found: found[at] ?? 0,
        ...(max === undefined ? {} : { max }),
      })),
  }
}

const RANK: Readonly<Record<Direction, number>> = { wider: 0, mixed: 1, stricter: 2 }

export function outcomeOf({ action, rules }: Decision): Outcome {
  const message = rules[0]?.message
  return {
    action,
    rules: [...new Set(rules.map((rule) => rule.id))],
    ...(message === undefined ? {} : { message }),
  }
}

export type NameCounter = { readonly add: (name: string) => void; readonly names: () => Names }

export function createNameCounter(): NameCounter {
  const counts = new Map<string, number>()
  let others = 0
  return {
    add(name) {
      const count = counts.get(name)
      if (count === undefined && counts.size >= NAMES_MAX) others += 1
      else counts.set(name, (count ?? 0) + 1)
    },
    names() {
      const sorted = [...counts].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
      return {
        top: sorted.slice(0, NAMES_SHOWN).map(([name, count]) => ({ name, count })),
        more: Math.max(0, sorted.length - NAMES_SHOWN) + (others > 0 ? 1 : 0),
      }
    },
  }
}
