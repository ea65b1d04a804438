// Many outcomes become few rows: whatever comes out alike stands together, by how it is done, to what, and
// which operation it is.
import { RESULTS, type Asked, type Outcome } from './outcomes.js'

export type Row = Outcome & {
  readonly operations: readonly string[]
  // As people would say it: “all tables”, or names.
  readonly things: readonly string[]
  // How it must be done for this to come out; none where it does not matter.
  readonly ways: readonly string[]
}

// Allowed first, then what is masked, held and refused.
export function merged(asked: readonly Asked[]): readonly Row[] {
  const waysOf = counted(asked, ({ ability: { op, class: name, thing } }) => [op, name, thing])
  const cells = groups(asked, ({ ability, outcome }) => [
    ability.op,
    ability.class,
    ability.thing,
    alike(outcome),
  ]).map((group): Cell => {
    const { op, class: name, thing } = first(group).ability
    const all = waysOf([op, name, thing]) === group.length
    const ways = all ? [] : group.map((one) => one.ability.variant)
    return { op, class: name, thing, ways, outcome: together(group.map((one) => one.outcome)) }
  })
  const things = groups(asked, ({ ability: { op, class: name, thing } }) => [op, name, thing])
  const thingsOf = counted(things, ([one]) => [one?.ability.op, one?.ability.class])
  const byThing = groups(cells, ({ op, ways, outcome }) => [op, ways, alike(outcome)]).map(
    (alikes) => ({
      ...first(alikes),
      outcome: together(alikes.map(({ outcome }) => outcome)),
      things: named(alikes, (op, name) => thingsOf([op, name])),
    }),
  )
  return groups(byThing, (row) => [row.things, row.ways, alike(row.outcome)])
    .map((alikes): Row => {
      const { things: of, ways } = first(alikes)
      const outcome = together(alikes.map((one) => one.outcome))
      return { ...outcome, operations: alikes.map(({ op }) => op), things: of, ways }
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

// Which rule says never makes no difference to whoever asks what can be done.
function alike({ rules, ...outcome }: Outcome): unknown {
  return outcome.result === 'never' ? outcome : { ...outcome, rules }
}

function together(outcomes: readonly Outcome[]): Outcome {
  return { ...first(outcomes), rules: [...new Set(outcomes.flatMap(({ rules }) => rules))].sort() }
}

// A class of which everything is there is named as a whole.
function named(
  cells: readonly Cell[],
  countOf: (op: string, name: string) => number,
): readonly string[] {
  return groups(cells, (cell) => [cell.class]).flatMap((same) => {
    const { class: name, op } = first(same)
    const things = [...new Set(same.map(({ thing }) => thing))]
    if (things.length < countOf(op, name)) return things
    return things.length === 1 && things[0] === name ? [name] : [`all ${name}`]
  })
}

function counted<T>(
  all: readonly T[],
  key: (one: T) => readonly unknown[],
): (key: readonly unknown[]) => number {
  const counts = new Map<string, number>()
  for (const one of all) {
    const name = JSON.stringify(key(one))
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return (wanted) => counts.get(JSON.stringify(wanted)) ?? 0
}

function groups<T>(
  all: readonly T[],
  key: (one: T) => readonly unknown[],
): readonly (readonly T[])[] {
  const found = new Map<string, T[]>()
  for (const one of all) {
    const name = JSON.stringify(key(one))
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
