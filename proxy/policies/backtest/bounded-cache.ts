// A cache that never holds more than twice what it may: when one generation is full it becomes the old one,
// and what is not asked for meanwhile is let go. Cheaper than an exact list of uses, and as bounded.

export type BoundedCache<K, V> = {
  readonly find: (key: K) => V | undefined
  readonly keep: (key: K, value: V) => void
}

export function createBoundedCache<K, V>(entriesMax: number): BoundedCache<K, V> {
  let young = new Map<K, V>()
  let old = new Map<K, V>()
  const keep = (key: K, value: V): void => {
    if (young.size >= entriesMax) {
      old = young
      young = new Map()
    }
    young.set(key, value)
  }
  return {
    keep,
    find(key) {
      const found = young.get(key)
      if (found !== undefined) return found
      const older = old.get(key)
      if (older !== undefined) keep(key, older)
      return older
    },
  }
}
