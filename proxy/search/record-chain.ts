// The segments of a record as far as they are there, oldest first: unlike whoever verifies, who searches goes
// on over a segment that is missing or damaged, and says so. Left out are segments that were given up
// after a failed write and whose lines another one repeats.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { bytesHash } from '../recording/record-line.js'
import { openingOf, rawLines, type Opening } from '../recording/segment-lines.js'
import { segmentNames } from '../recording/segment.js'

export type Link = {
  readonly file: string
  readonly opening: Opening
  readonly openingHash: string
  // How many of its bytes count, where the next one says so.
  readonly bytes: number | undefined
}

export type RecordChain = {
  readonly links: readonly Link[]
  readonly unreadable: readonly { readonly file: string; readonly why: string }[]
}

// `known`: links found before; a segment's first line never changes while the file is the same.
export function chainOf(
  directory: string,
  known: ReadonlyMap<string, Link> = new Map(),
): RecordChain {
  const links: Link[] = []
  const unreadable: { file: string; why: string }[] = []
  let next: Opening | undefined
  for (const file of segmentNames(directory).toReversed()) {
    const previous = next?.previous
    // Given up, and its good lines repeated in the next.
    const isOlder = previous === undefined || previous.file < file
    if (next?.broken !== undefined && isOlder) continue
    const before = known.get(file)
    const found = before ?? linkOf(directory, file)
    if ('why' in found) {
      unreadable.unshift({ file, why: found.why })
      continue
    }
    const bytes = previous?.file === file ? previous.bytes : undefined
    links.unshift({ ...found, bytes })
    next = found.opening
  }
  return { links, unreadable }
}

function linkOf(directory: string, file: string): Link | { readonly why: string } {
  const path = join(directory, file)
  try {
    const { opening, wrong } = openingOf(path)
    if (opening === undefined) return { why: wrong ?? 'it cannot be read' }
    for (const { bytes } of rawLines(path)) {
      return { file, opening, openingHash: bytesHash(bytes), bytes: undefined }
    }
    return { why: 'the file is empty' }
  } catch (problem) {
    return { why: problem instanceof Error ? problem.message : String(problem) }
  }
}

export function sizeOf(directory: string, file: string): number {
  try {
    return statSync(join(directory, file)).size
  } catch {
    return -1
  }
}
