// The proof that a later tree of the record holds an earlier one (RFC 6962 §2.1.2), made while a gateway
// is writing: it reads only what came after a known place, or the segments that hold it, and lets
// other work have its turn. `consistency-proof.ts` does the same for auditors, from the first line.
import { join } from 'node:path'
import type { Place } from './disk-sync.js'
import { createTree } from './merkle.js'
import { consistencyRanges, createNodes } from './proof-nodes.js'
import { chainedLines, segmentsOf, segmentsSince } from './read-record.js'
import type { Segment } from './read-record.js'
import { NO_LINE, bytesHash } from './record-line.js'
import { rawLines } from './segment-lines.js'

// A point from which the record can be read on: the end of a line that is on the disk.
export type Start = Pick<Place, 'file' | 'bytes' | 'seq' | 'peaks'>

// Lines read before other work gets its turn.
const LINES_A_TURN = 200

// Undefined where the record does not hold so many lines, or cannot be read.
export async function growthPath(
  directory: string,
  sizes: { readonly first: number; readonly second: number },
  known?: Start,
): Promise<readonly Buffer[] | undefined> {
  const { first, second } = sizes
  if (first === 0 || first === second) return []
  if (first > second) return undefined
  const start = known !== undefined && known.seq < first ? known : startBefore(directory, first)
  const tree = createTree(start.seq + 1, start.peaks)
  const ranges = consistencyRanges(first, second)
  const later = createNodes(ranges.filter((range) => range.start >= first))
  let before = tree.size() === first ? tree.peaks() : undefined
  for (const leaf of leavesSince(directory, start)) {
    if (tree.size() >= second) break
    // What is after `first` only needs its own nodes; the tree before it gives the others.
    later.add(tree.size(), leaf)
    tree.add(leaf)
    if (tree.size() === first) before = tree.peaks()
    if (tree.size() % LINES_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const right = [...(later.found() ?? [])]
  if (tree.size() < second || before === undefined) return undefined
  const left = placedPeaks(first, before)
  return ranges
    .map((range) => (range.start < first ? left.get(range.start) : right.shift()))
    .filter((node) => node !== undefined)
}

// Of the tree's perfect subtrees: where each begins.
function placedPeaks(size: number, peaks: readonly string[]): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>()
  let start = 0
  for (const peak of peaks) {
    found.set(start, Buffer.from(peak, 'hex'))
    start += 2 ** Math.floor(Math.log2(size - start))
  }
  return found
}

// The beginning of the segment that holds the line before.
function startBefore(directory: string, size: number): Start {
  const { segments } = segmentsOf(directory)
  const found = segments.findLast(({ opening }) => (opening.previous?.seq ?? -1) < size)
  const { opening, file = '' } = found ?? {}
  return { file, bytes: 0, seq: opening?.previous?.seq ?? -1, peaks: opening?.peaks ?? [] }
}

function* leavesSince(directory: string, start: Start): Generator<string> {
  for (const segment of segmentsSince(directory, start.file)) {
    yield* start.bytes > 0 && segment.file === start.file
      ? restOf(directory, segment, start.bytes)
      : leavesOf(directory, segment)
  }
}

function* restOf(directory: string, segment: Segment, from: number): Generator<string> {
  for (const raw of rawLines(join(directory, segment.file), segment.bytes, from)) {
    if (!raw.whole) return
    yield bytesHash(raw.bytes)
  }
}

function* leavesOf(directory: string, segment: Segment): Generator<string> {
  for (const placed of chainedLines(directory, segment)) {
    // Whatever is wrong with the record, the proof then does not hold, and that is found.
    yield 'what' in placed ? NO_LINE : bytesHash(placed.bytes)
  }
}
