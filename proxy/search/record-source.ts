// Reads a record behind its writer, from any place on: what is new since the last look, in the order of the
// chain, with what is missing or cannot be read as words. A line without its newline is being written.
import { join } from 'node:path'
import { createPartsRead, type PartsRead } from '../recording/recorded-facts.js'
import { rawLines, readLine, type ReadLine } from '../recording/segment-lines.js'
import type { Happened } from './happened.js'
import { createReading } from './reading.js'
import { createUnsealing, keysAtHand, type Unsealing } from './unsealing.js'
import { chainOf, sizeOf, type Link } from './record-chain.js'

// Where the next line begins, and which number it should have.
export type Position = { readonly file: string; readonly bytes: number; readonly seq: number }

export type Gap = { readonly from: number; readonly to: number; readonly why: string }

export type Taken = {
  readonly happened: readonly Happened[]
  readonly gap: Gap | undefined
  // After it.
  readonly position: Position
}

export type IndexedSegment = {
  readonly file: string
  readonly opening: string
  readonly bytes: number
}

export type Source = {
  // Why what was read up to here is no longer what there is; undefined where it is.
  readonly whyNot: (position: Position, read: readonly IndexedSegment[]) => string | undefined
  readonly linesFrom: (position: Position | undefined) => Generator<Taken>
  readonly openingHash: (file: string) => string
  // Bytes not read yet.
  readonly behind: (position: Position | undefined) => number
  // Ids of the keys without which nothing of what was read could be read again.
  readonly keysUsed: () => ReadonlySet<string>
  readonly keysAtHand: () => ReadonlySet<string>
  readonly forget: () => void
}

export function createRecordSource(directory: string): Source {
  const unsealing = createUnsealing(directory)
  let known = new Map<string, Link>()
  let parts = createPartsRead()
  let reading = createReading({ of: (digest) => parts.of(digest) })
  // What `parts` belong to; elsewhere they are read again.
  let at: { readonly file: string; readonly bytes: number } | undefined

  const look = () => {
    const chain = chainOf(directory, known)
    known = new Map(chain.links.map((link) => [link.file, link]))
    return chain
  }

  function* linesFrom(position: Position | undefined): Generator<Taken> {
    const { links, unreadable } = look()
    unsealing.begin()
    const found = links.findIndex(({ file }) => file === position?.file)
    let seq = position?.seq ?? 0
    if (position !== undefined && (at?.file !== position.file || at.bytes !== position.bytes)) {
      parts = partsBefore(directory, links, position, unsealing)
      reading.forget()
    }
    for (const link of links.slice(Math.max(0, found))) {
      const { file, opening } = link
      const from = position?.file === file ? position.bytes : 0
      for (const raw of rawLines(join(directory, file), link.bytes ?? Infinity, from)) {
        if (!raw.whole) break
        const place = { file, offset: raw.offset, bytes: raw.bytes.length }
        const { line, wrong } = soundLine(raw.bytes, unsealing)
        const bytes = raw.end
        // It stands first and comes after the lines that it announces.
        const isOpening = raw.offset === 0
        if (!isOpening && seq === opening.seq && (opening.restated ?? 0) > 0) seq += 1
        let gap: Gap | undefined
        if (line === undefined) gap = { from: seq, to: seq, why: `${file}: ${wrong}` }
        else if (line.seq < seq && !(isOpening && opening.restated !== undefined)) {
          gap = { from: line.seq, to: line.seq, why: `${file}: the number of a line comes twice` }
        } else if (line.seq > seq && !(isOpening && opening.restated !== undefined)) {
          gap = { from: seq, to: line.seq - 1, why: whyMissing(file, raw.offset, unreadable) }
          seq = line.seq
        }
        const isNew = line !== undefined && (gap === undefined || gap.to < line.seq)
        if (isNew) parts.take(line)
        const happened = isNew ? reading.of(line, place) : []
        if (!(isOpening && opening.restated !== undefined) && (isNew || line === undefined))
          seq += 1
        at = { file, bytes }
        yield { happened, gap, position: { file, bytes, seq } }
      }
    }
  }

  return {
    linesFrom,
    keysUsed: unsealing.used,
    keysAtHand: () => keysAtHand(directory),
    openingHash: (file) => known.get(file)?.openingHash ?? '',
    whyNot(position, read) {
      const { links } = look()
      const there = new Map(links.map((link) => [link.file, link]))
      for (const { file, opening, bytes } of read) {
        const link = there.get(file)
        if (link === undefined) return `the segment ${file} is no longer there`
        if (link.openingHash !== opening) return `the segment ${file} is another one`
        const counted = link.bytes ?? sizeOf(directory, file)
        if (counted < bytes) return `the segment ${file} counts ${counted} bytes, not ${bytes}`
        if (file !== position.file && link.bytes !== undefined && link.bytes > bytes) {
          return `the segment ${file} has more in it than was read`
        }
      }
      const names = new Set(read.map(({ file }) => file))
      const older = links.find(({ file }) => file < position.file && !names.has(file))
      return older === undefined ? undefined : `the segment ${older.file} came later`
    },
    behind(position) {
      const chain = chainOf(directory, known)
      const from = chain.links.findIndex(({ file }) => file === position?.file)
      let bytes = 0
      for (const { file, bytes: counted } of chain.links.slice(Math.max(0, from))) {
        const size = counted ?? Math.max(0, sizeOf(directory, file))
        bytes += size - (file === position?.file ? position.bytes : 0)
      }
      return Math.max(0, bytes)
    },
    forget() {
      at = undefined
      known = new Map()
      parts = createPartsRead()
      reading = createReading({ of: (digest) => parts.of(digest) })
    },
  }
}

// Numbers that no gateway reaches would spoil those that follow.
function soundLine(bytes: Buffer, unsealing: Unsealing): ReadLine {
  const read = readLine(bytes)
  const { line } = read
  if (line === undefined) return read
  const isSound = [line.seq, line.time].every((one) => one >= 0 && Number.isSafeInteger(one))
  if (!isSound) return { wrong: 'its number or its time is out of bounds' }
  try {
    return { line: unsealing.line(line) }
  } catch (problem) {
    return { wrong: problem instanceof Error ? problem.message : String(problem) }
  }
}

function whyMissing(
  file: string,
  offset: number,
  unreadable: readonly { readonly file: string; readonly why: string }[],
): string {
  if (offset > 0) return `${file}: lines are missing within it`
  const before = unreadable.findLast((one) => one.file < file)
  return before === undefined
    ? 'the segments that held them are not there'
    : `the segments that held them are not there, or cannot be read (${before.file}: ${before.why})`
}

// A segment refers to parts within it; one that repeats lines after a failure also to those before.
function partsBefore(
  directory: string,
  links: readonly Link[],
  position: Position,
  unsealing: Unsealing,
): PartsRead {
  const parts = createPartsRead()
  let first = links.findIndex(({ file }) => file === position.file)
  while (first > 0 && links[first]?.opening.restated !== undefined) first -= 1
  for (const link of links.slice(Math.max(0, first))) {
    if (link.file > position.file) break
    const bytesMax = link.file === position.file ? position.bytes : (link.bytes ?? Infinity)
    for (const { bytes, whole } of rawLines(join(directory, link.file), bytesMax)) {
      if (whole && mayBePart(bytes)) takePart(parts, bytes, unsealing)
    }
  }
  return parts
}

const PART = Buffer.from('"kind":"part"')
const OPENING = Buffer.from('"event":"segment"')
const HEAD_BYTES = 256

function mayBePart(bytes: Buffer): boolean {
  const head = bytes.subarray(0, HEAD_BYTES)
  return head.includes(PART) || head.includes(OPENING)
}

function takePart(parts: PartsRead, bytes: Buffer, unsealing: Unsealing): void {
  const { line } = soundLine(bytes, unsealing)
  if (line !== undefined) parts.take(line)
}
