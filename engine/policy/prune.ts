// The part of the facts that a policy reads. The rest decides nothing, and handing it over costs a fifth
// of a decision.
import type { Facts } from '../schemas/facts.js'

// A member is kept whole (`true`) or in part.
type Kept = { readonly [name: string]: Kept | true }

// Of what `readsOf` found; everything where that is not known.
export function prunedBy(reads: readonly string[] | undefined): (facts: Facts) => unknown {
  if (reads === undefined) return (facts) => facts
  const kept = keptOf(reads.map((path) => path.split('.')))
  return (facts) => part(facts, kept)
}

function keptOf(paths: readonly (readonly string[])[]): Kept {
  const names = [...new Set(paths.map(([name = '']) => name))]
  return Object.fromEntries(
    names.map((name) => {
      const below = paths.filter(([first]) => first === name).map((path) => path.slice(1))
      return [name, below.some((path) => path.length === 0) ? true : keptOf(below)]
    }),
  )
}

// A list has no named members: it is kept whole, as is anything else that a path goes through.
function part(value: unknown, kept: Kept): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const whole = value as Readonly<Record<string, unknown>>
  const out: Record<string, unknown> = {}
  for (const name in kept) {
    // A name such as `__proto__` or `constructor` is a member like any other, or none.
    if (!Object.hasOwn(whole, name)) continue
    const inner = kept[name]
    const member = whole[name]
    out[name] = inner === true || inner === undefined ? member : part(member, inner)
  }
  return out
}
