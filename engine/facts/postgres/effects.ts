// The set of effects of one statement. The same operation on the same object is one effect: columns
// and labels are joined, and where several places narrow differently the weakest one counts.
import { NARROWINGS } from '../../schemas/facts.js'
import type { Effect, Narrowing } from '../../schemas/facts.js'

export type Effects = {
  readonly add: (effect: Effect) => void
  readonly sorted: () => readonly Effect[]
}

export function createEffects(): Effects {
  const found = new Map<string, Effect>()
  return {
    add: (effect) => {
      const key = keyOf(effect)
      const known = found.get(key)
      found.set(key, known === undefined ? effect : merged(known, effect))
    },
    sorted: () =>
      [...found.entries()]
        .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
        .map(([, effect]) => normalised(effect)),
  }
}

export function weaker(left: Narrowing, right: Narrowing): Narrowing {
  return NARROWINGS.indexOf(left) <= NARROWINGS.indexOf(right) ? left : right
}

// A different detail says something different of the same object, and stays an effect of its own.
function keyOf(effect: Effect): string {
  return JSON.stringify([effect.op, effect.kind, effect.object, effect.detail ?? ''])
}

function merged(left: Effect, right: Effect): Effect {
  const { temporary, ...rest } = left
  return {
    ...rest,
    ...joined('columns', left.columns, right.columns),
    ...joined('labels', left.labels, right.labels),
    ...weakest(left.where, right.where),
    ...(temporary === true && right.temporary === true ? { temporary: true } : {}),
  }
}

function joined(
  field: 'columns' | 'labels',
  left: string[] | undefined,
  right: string[] | undefined,
): { readonly columns?: string[]; readonly labels?: string[] } {
  if (left === undefined && right === undefined) return {}
  return { [field]: [...(left ?? []), ...(right ?? [])] }
}

function weakest(
  left: Narrowing | undefined,
  right: Narrowing | undefined,
): { readonly where?: Narrowing } {
  if (left === undefined) return right === undefined ? {} : { where: right }
  return { where: right === undefined ? left : weaker(left, right) }
}

function normalised(effect: Effect): Effect {
  return {
    ...effect,
    ...(effect.columns === undefined ? {} : { columns: sortedSet(effect.columns) }),
    ...(effect.labels === undefined ? {} : { labels: sortedSet(effect.labels) }),
  }
}

function sortedSet(values: readonly string[]): string[] {
  return [...new Set(values)].sort()
}
