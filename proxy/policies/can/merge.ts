// Many outcomes become few rows: whatever comes out alike stands together, by how it is done, to what, and
// which operation it is.
import { RESULTS, type Asked, type Outcome } from './outcomes.js'

export type Row = Outcome & {
  readonly operations: readonly string[]
  // As people would say it: “every table”, or names.
  readonly things: readonly string[]
  // How it must be done for this to come out; none where it does not matter.
  readonly ways: readonly string[]
}

// Allowed first, then what is masked, held and refused; within that the rows about most things first.
export function merged(asked: readonly Asked[]): readonly Row[] {
  const byWay = groups(asked, ({ ability, outcome }) =>
    keyOf([ability.op, ability.class, ability.thing, alike(outcome)]),
  ).map((group) => cellOf(group, asked))
  const byThing = groups(byWay, ({ op, ways, outcome }) => keyOf([op, ways, alike(outcome)])).map(
    (cells) => ({
      ...first(cells),
      outcome: together(cells.map(({ outcome }) => outcome)),
      things: thingsOf(cells, asked),
    }),
  )
  return groups(byThing, ({ things, ways, outcome }) => keyOf([things, ways, alike(outcome)]))
    .map((cells): Row => {
      const { things, ways } = first(cells)
      const outcome = together(cells.map((one) => one.outcome))
      return { ...outcome, operations: cells.map(({ op }) => op), things, ways }
    })
    .sort((one, other) => RESULTS.indexOf(one.result) - RESULTS.indexOf(other.result))
}

type Cell = {
  readonly op: string
  readonly class: string
  readonly thing: string
  readonly ways: readonly string[]
  readonly outcome: Outcome
}

function cellOf(group: readonly Asked[], all: readonly Asked[]): Cell {
  const { ability } = first(group)
  const { op, thing } = ability
  const every = all.filter(
    (one) =>
      one.ability.op === op && one.ability.thing === thing && one.ability.class === ability.class,
  )
  const ways = every.length === group.length ? [] : group.map((one) => one.ability.variant)
  const outcome = together(group.map((one) => one.outcome))
  return { op, class: ability.class, thing, ways, outcome }
}

// Which rule says never makes no difference to whoever asks what can be done.
function alike({ rules, ...outcome }: Outcome): unknown {
  return outcome.result === 'never' ? outcome : { ...outcome, rules }
}

function together(outcomes: readonly Outcome[]): Outcome {
  return { ...first(outcomes), rules: [...new Set(outcomes.flatMap(({ rules }) => rules))].sort() }
}

// A class of which everything is there is named as a whole.
function thingsOf(cells: readonly Cell[], all: readonly Asked[]): readonly string[] {
  return groups(cells, (cell) => cell.class).flatMap((same) => {
    const { class: name, op } = first(same)
    const things = [...new Set(same.map(({ thing }) => thing))]
    const every = new Set(
      all
        .filter(({ ability }) => ability.class === name && ability.op === op)
        .map(({ ability }) => ability.thing),
    )
    if (things.length < every.size) return things
    return things.length === 1 && things[0] === name ? [name] : [`all ${name}`]
  })
}

function groups<T>(all: readonly T[], key: (one: T) => string): readonly (readonly T[])[] {
  const found = new Map<string, T[]>()
  for (const one of all) {
    const name = key(one)
    const known = found.get(name)
    if (known === undefined) found.set(name, [one])
    else known.push(one)
  }
  return [...found.values()]
}

function first<T>(group: readonly T[]): T {
  const [one] = group
  if (one === undefined) throw new Error('a group is never empty')
  return one
}

function keyOf(values: readonly unknown[]): string {
  return JSON.stringify(values)
}
