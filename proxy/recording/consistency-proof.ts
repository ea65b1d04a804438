// Two checkpoints of one record: the second must hold the first as its beginning, or the record was rolled
// back, cut or shown differently to two people. Proven by RFC 6962 §2.1.2 from the lines, and checked
// by whoever has both checkpoints.
import { createTree } from './merkle.js'
import { isConsistent } from './proof-check.js'
import type { Head } from './proof-check.js'
import { consistencyRanges, createNodes } from './proof-nodes.js'
import { leafHash, recordLeaves } from './record-leaves.js'

export type Consistency = {
  readonly ok: boolean
  // Empty where there is nothing to prove, or no way to.
  readonly path: readonly Buffer[]
  // In words, where the second does not extend the first.
  readonly what?: string
}

export function consistencyOf(directory: string, first: Head, second: Head): Consistency {
  const against = contradiction(first, second)
  if (against !== undefined) return { ok: false, path: [], what: against }
  const nodes = createNodes(consistencyRanges(first.size, second.size))
  const tree = createTree()
  const roots = new Map<number, Buffer>([[0, tree.root()]])
  for (const leaf of recordLeaves(directory, second.size)) {
    const hash = leafHash(leaf)
    nodes.add(leaf.seq, hash)
    tree.add(hash)
    const size = leaf.seq + 1
    if (size === first.size || size === second.size) roots.set(size, tree.root())
  }
  const path = nodes.found() ?? []
  const what = strangers(first, second, roots)
  if (what !== undefined) return { ok: false, path: [], what }
  if (isConsistent(first, second, path)) return { ok: true, path }
  return { ok: false, path, what: 'the proof does not hold' }
}

// What two checkpoints say against each other, whatever the record holds.
export function contradiction(first: Head, second: Head): string | undefined {
  if (first.size > second.size) {
    return (
      `the second covers ${second.size} lines and the first ${first.size}: the record was rolled ` +
      'back, or they were given in the wrong order'
    )
  }
  if (first.size === second.size && !first.root.equals(second.root)) {
    return `both cover ${first.size} lines with different roots: two records were shown as one`
  }
  return undefined
}

function strangers(
  first: Head,
  second: Head,
  roots: ReadonlyMap<number, Buffer>,
): string | undefined {
  const holds = ({ size, root }: Head): boolean => roots.get(size)?.equals(root) === true
  if (!holds(first) && holds(second)) {
    return (
      `the second does not extend the first: the ${first.size} lines that the first was signed ` +
      'over are others than those that the second begins with'
    )
  }
  if (holds(first) && !holds(second)) {
    return `the record holds the first, but its ${second.size} lines are not those of the second`
  }
  return holds(first) ? undefined : 'the record holds neither the first nor the second'
}
