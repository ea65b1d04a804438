// The tree over all lines of the record (RFC 6962 §2.1), kept as its peaks: the roots of the perfect
// subtrees, one for each bit of the size. Adding a line costs one hash on average, and a record of any
// length needs at most 53 peaks.
import { hash } from 'node:crypto'
import { GatewayError } from '../errors.js'

const HASH_BYTES = 32
const PEAKS_AT = 1 + 2 * HASH_BYTES

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
    const what = `a tree of ${size} lines does not have ${peaks.length} peaks`
    throw new GatewayError('record_damaged', what)
  }
  let count = size
  // First the node being hashed (RFC 6962 §2.1: 0x01, its left and its right side), then by height
  // the peak of that height, valid where the size has that bit. In one buffer, since moving bytes
  // within it is the cheapest way to move them.
  const memory = Buffer.alloc(PEAKS_AT + 64 * HASH_BYTES)
  const node = memory.subarray(0, PEAKS_AT)
  node[0] = 1
  const peakAt = (height: number): number => PEAKS_AT + height * HASH_BYTES
  const peak = (height: number): Buffer => memory.subarray(peakAt(height), peakAt(height + 1))
  for (const [i, height] of bitsOf(size).entries()) peak(height).write(peaks[i] ?? '', 'hex')

  return {
    add(leaf) {
      node.write(leaf, 1 + HASH_BYTES, HASH_BYTES, 'hex')
      let height = 0
      for (let rest = count; rest % 2 === 1; rest = (rest - 1) / 2) {
        memory.copyWithin(1, peakAt(height), peakAt(height + 1))
        // One call with a text as its result is half the price of one with a Buffer.
        node.write(hash('sha256', node, 'binary'), 1 + HASH_BYTES, HASH_BYTES, 'binary')
        height += 1
      }
      memory.copyWithin(peakAt(height), 1 + HASH_BYTES, PEAKS_AT)
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
