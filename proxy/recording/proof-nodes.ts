// Which subtrees a proof consists of (RFC 6962 §2.1.1 and §2.1.2), and their roots, gathered in one walk
// over the lines: the subtrees of a proof lie side by side, so that one small tree at a time is enough,
// however long the record is.
import { createTree } from './merkle.js'

// Lines from `start` up to and without `end`.
export type Range = { readonly start: number; readonly end: number }

export type Nodes = {
  // The hash of each line, in order, from the first.
  readonly add: (seq: number, leaf: string) => void
  // In the order of the ranges; undefined where lines were missing.
  readonly found: () => readonly Buffer[] | undefined
}

// RFC 6962 §2.1.1, PATH: from the sibling of the line up to a child of the root.
export function inclusionRanges(seq: number, size: number): readonly Range[] {
  if (!(seq >= 0 && seq < size)) return []
  const ranges: Range[] = []
  let range = { start: 0, end: size }
  while (range.end - range.start > 1) {
    const middle = split(range)
    const left = { start: range.start, end: middle }
    const right = { start: middle, end: range.end }
    ranges.unshift(seq < middle ? right : left)
    range = seq < middle ? left : right
  }
  return ranges
}

// RFC 6962 §2.1.2, PROOF, for 0 < first < size; nothing needs to be proven otherwise.
export function consistencyRanges(first: number, size: number): readonly Range[] {
  if (!(first > 0 && first < size)) return []
  const ranges: Range[] = []
  let range = { start: 0, end: size }
  let whole = true
  while (first < range.end) {
    const middle = split(range)
    const left = { start: range.start, end: middle }
    const right = { start: middle, end: range.end }
    ranges.unshift(first <= middle ? right : left)
    if (first > middle) whole = false
    range = first <= middle ? left : right
  }
  // The first tree itself is a subtree of the second: who checks it knows its root.
  return whole ? ranges : [range, ...ranges]
}

export function createNodes(ranges: readonly Range[]): Nodes {
  const order = ranges
    .map((range, place) => ({ ...range, place }))
    .sort((a, b) => a.start - b.start)
  const nodes: Buffer[] = []
  let at = 0
  let tree = createTree()
  return {
    add(seq, leaf) {
      const range = order[at]
      if (range === undefined || seq < range.start) return
      tree.add(leaf)
      if (seq + 1 < range.end) return
      nodes[range.place] = tree.root()
      tree = createTree()
      at += 1
    },
    found: () => (at === order.length ? nodes : undefined),
  }
}

// The largest power of two smaller than the number of lines; sizes go beyond 32 bits.
function split({ start, end }: Range): number {
  let power = 1
  while (power * 2 < end - start) power *= 2
  return start + power
}
