// Checks proofs as RFC 9162 §2.1.3.2 and §2.1.4.2 say, from hashes alone. Written after those sections and
// not after what makes our proofs, so that a mistake in one shows in the other.
import { createHash } from 'node:crypto'

const NODE = Buffer.of(1)
const EMPTY = createHash('sha256').digest()

// The root that a line at this place has under a proof; undefined where the proof fits no such tree.
export function inclusionRoot(
  leaf: Buffer,
  seq: number,
  size: number,
  path: readonly Buffer[],
): Buffer | undefined {
  if (!(seq >= 0 && seq < size)) return undefined
  let at = { first: seq, last: size - 1 }
  let root = leaf
  for (const node of path) {
    if (at.last === 0) return undefined
    if (isOdd(at.first) || at.first === at.last) {
      root = parent(node, root)
      at = shiftedToOdd(at)
    } else root = parent(root, node)
    at = shifted(at)
  }
  return at.last === 0 ? root : undefined
}

export type Head = { readonly size: number; readonly root: Buffer }

// Whether the second tree holds the first as its beginning.
export function isConsistent(first: Head, second: Head, path: readonly Buffer[]): boolean {
  if (first.size > second.size) return false
  if (first.size === second.size) return path.length === 0 && first.root.equals(second.root)
  if (first.size === 0) return path.length === 0 && first.root.equals(EMPTY)
  const [seed, ...rest] = isPower(first.size) ? [first.root, ...path] : path
  if (seed === undefined || path.length === 0) return false
  let at = { first: first.size - 1, last: second.size - 1 }
  while (isOdd(at.first)) at = shifted(at)
  let [before, after] = [seed, seed]
  for (const node of rest) {
    if (at.last === 0) return false
    if (isOdd(at.first) || at.first === at.last) {
      before = parent(node, before)
      after = parent(node, after)
      at = shiftedToOdd(at)
    } else after = parent(after, node)
    at = shifted(at)
  }
  return at.last === 0 && before.equals(first.root) && after.equals(second.root)
}

type At = { readonly first: number; readonly last: number }

function shifted({ first, last }: At): At {
  return { first: Math.floor(first / 2), last: Math.floor(last / 2) }
}

function shiftedToOdd(at: At): At {
  let now = at
  while (!isOdd(now.first) && now.first > 0) now = shifted(now)
  return now
}

function isOdd(value: number): boolean {
  return value % 2 === 1
}

function isPower(value: number): boolean {
  return Number.isInteger(Math.log2(value)) && 2 ** Math.round(Math.log2(value)) === value
}

function parent(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest()
}
