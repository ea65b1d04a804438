// Chance that can be repeated: the same seed gives the same choices on every machine. Mulberry32, with the
// seed mixed first so that neighbouring seeds have nothing in common; far from cryptography.

export type Chance = {
  // From 0 up to and without `limit`.
  readonly below: (limit: number) => number
  // True in `percent` of a hundred cases.
  readonly often: (percent: number) => boolean
  readonly pick: <Value>(values: readonly Value[]) => Value
  // `count` of the values at most, each once, in their own order.
  readonly some: <Value>(values: readonly Value[], count: number) => readonly Value[]
}

export function repeatableChance(...seeds: readonly number[]): Chance {
  let state = seeds.reduce((mixed, seed) => mix(mixed ^ mix(seed + 0x9e3779b9)), 0x2545f491)
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0
    return mix(state) % limit
  }
  const pick = <Value>(values: readonly Value[]): Value => {
    const value = values[below(values.length)]
    if (value === undefined) throw new RangeError('nothing to pick from')
    return value
  }
  return {
    below,
    often: (percent) => below(100) < percent,
    pick,
    some: (values, count) => {
      if (values.length === 0) return []
      const places = new Set(Array.from({ length: count }, () => below(values.length)))
      return values.filter((_, at) => places.has(at))
    },
  }
}

function mix(value: number): number {
  let mixed = value | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
