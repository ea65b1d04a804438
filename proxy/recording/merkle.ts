// The tree over all lines of the record (RFC 6962 §2.1), kept as its peaks: the roots of the perfect
// subtrees, one for each bit of the size. Adding a line costs one hash on average, and a record of any
// length needs at most 53 peaks.
import { hash } from 'node:crypto'

const HASH_BYTES = 32

export type Tree = {
  // The leaf hash of the next line, as hex.
  readonly add: (leaf: string) => void
  readonly size: () => number
  // Largest subtree first, hex.
  readonly peaks: () => readonly string[]
  readonly root: () => Buffer
}

export function createTree(size = 0, peaks: readonly string[] = []): Tree {
  if (peaks.length !== bitsOf(size).length) {
    throw new RangeError(`a tree of ${size} lines does not have ${peaks.length} peaks`)
  }
  let count = size
  // By height: the bytes of the peak of that height, valid where the size has that bit.
  const byHeight = Buffer.alloc(64 * HASH_BYTES)
  for (const [i, height] of bitsOf(size).entries()) {
    byHeight.write(peaks[i] ?? '', height * HASH_BYTES, HASH_BYTES, 'hex')
  }
  // RFC 6962 §2.1: an inner node is the hash of 0x01, its left and its right side.
  const node = Buffer.alloc(1 + 2 * HASH_BYTES)
  node[0] = 1

  const peak = (height: number): Buffer =>
    byHeight.subarray(height * HASH_BYTES, (height + 1) * HASH_BYTES)

  return {
    add(leaf) {
      node.write(leaf, 1 + HASH_BYTES, HASH_BYTES, 'hex')
      let height = 0
      for (let rest = count; rest % 2 === 1; rest = (rest - 1) / 2) {
        byHeight.copy(node, 1, height * HASH_BYTES, (height + 1) * HASH_BYTES)
        // One call with a text as its result is half the price of one with a Buffer.
        node.write(hash('sha256', node, 'binary'), 1 + HASH_BYTES, HASH_BYTES, 'binary')
        height += 1
      }
      node.copy(byHeight, height * HASH_BYTES, 1 + HASH_BYTES)
      count += 1
    },
    size: () => count,
    peaks: () => bitsOf(count).map((height) => peak(height).toString('hex')),
    root() {
      const heights = bitsOf(count)
      const lowest = heights.pop()
      if (lowest === undefined) return hash('sha256', '', 'buffer')
      let root = Buffer.from(peak(lowest))
      for (const height of heights.reverse()) {
        peak(height).copy(node, 1)
        root.copy(node, 1 + HASH_BYTES)
        root = hash('sha256', node, 'buffer')
      }
      return root
    },
  }
}

// Which bits are set, highest first; sizes go beyond 32 bits, so no bit operators.
function bitsOf(size: number): number[] {
  const heights: number[] = []
  for (let height = 0, rest = size; rest > 0; height += 1, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) heights.unshift(height)
  }
  return heights
}
