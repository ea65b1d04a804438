// Chance that can be repeated: the same seed gives the same inputs on every machine.

export type Chance = {
  // From 0 up to and without `limit`.
  readonly below: (limit: number) => number
  readonly pick: <Value>(values: readonly [Value, ...Value[]] | readonly Value[]) => Value
}

// xorshift32 (Marsaglia 2003): far from cryptography, and good enough to wander.
export function chance(seed: number): Chance {
  let state = seed | 1
  const below = (limit: number): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
  return {
    below,
    pick: (values) => {
      const value = values[below(values.length)]
      if (value === undefined) throw new Error('nothing to pick from')
      return value
    },
  }
}
