// Reads a record in the order of its chain, one line at a time, for whoever shows or exports it. Finds
// which files belong to it, how much of each counts, and puts repeated lines in their place; it
// checks no hashes (`verify.ts` does).
import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { RecordLine } from '../../engine/schemas/record.js'
import { GatewayError } from '../errors.js'
import { lineUnseal } from './erasure/unseal-lines.js'
import { openingOf, rawLines, readLine } from './segment-lines.js'
import type { Opening, RawLine } from './segment-lines.js'
import { segmentNames } from './segment.js'

// Lines read before other work gets its turn.
const LINES_A_TURN = 2_000

export type Segment = {
  readonly file: string
  readonly opening: Opening
  // How many of its bytes count, as the next segment says; undefined for the last.
  readonly bytes: number | undefined
  // Why the next segment left it: only then may anything follow those bytes.
  readonly left: string | undefined
}

export type Problem = { readonly file: string; readonly line: number; readonly what: string }

export type PlacedLine = {
  readonly file: string
  readonly number: number
  readonly bytes: Buffer
}

export type Segments = {
  // Oldest first, up to the problem where there is one.
  readonly segments: readonly Segment[]
  readonly problem?: Problem
}

export function segmentsOf(directory: string): Segments {
  return segmentsAmong(directory, segmentNames(directory))
}

// This one and those after it, as far as they follow one another.
export function segmentsSince(directory: string, file: string): readonly Segment[] {
  const names = segmentNames(directory)
  const { segments } = followedBack(directory, names.slice(Math.max(0, names.indexOf(file))))
  return segments
}

function segmentsAmong(directory: string, names: readonly string[]): Segments {
  const found = followedBack(directory, names)
  const { problem } = found
  if (problem === undefined) return found
  // Those before it may still be whole, or hold what is wrong first.
  const older = segmentsAmong(directory, names.slice(0, names.indexOf(problem.file)))
  return { segments: older.segments, problem: older.problem ?? problem }
}

// From the last segment to the first, since one that was given up after a failure is known only from
// the one that took its place.
function followedBack(directory: string, names: readonly string[]): Segments {
  const segments: Segment[] = []
  let next: Segment | undefined
  const bad = (file: string, what: string): Segments => ({
    segments,
    problem: { file, line: 1, what },
  })
  for (const file of names.toReversed()) {
    const previous = next?.opening.previous
    if (next !== undefined && previous?.file !== file) {
      const older =
        previous === undefined || (previous.file < file && names.includes(previous.file))
      if (next.opening.broken !== undefined && older) continue
      if (previous === undefined) return bad(next.file, `it does not continue ${file}`)
      return names.includes(previous.file)
        ? bad(next.file, `it continues ${previous.file}, but ${file} lies between them`)
        : bad(next.file, `the segment ${previous.file} before it is missing`)
    }
    const { opening, wrong } = openingOf(join(directory, file))
    if (opening === undefined) return bad(file, wrong ?? 'it cannot be read')
    next = { file, opening, bytes: previous?.bytes, left: next?.opening.broken }
    segments.unshift(next)
  }
  const missing = next?.opening.previous?.file
  if (next === undefined || missing === undefined) return { segments }
  return bad(next.file, `the segment ${missing} before it is missing`)
}

// Lines in the order of the chain. A last line without its end is left out: it is being written, or
// a crash cut it short.
export function* chainedLines(
  directory: string,
  segment: Segment,
): Generator<PlacedLine | Problem> {
  const { file, opening } = segment
  const path = join(directory, file)
  let toCome = opening.restated ?? 0
  let first: RawLine | undefined
  for (const raw of rawLines(path, segment.bytes)) {
    if (!raw.whole) {
      if (segment.bytes !== undefined)
        yield { file, line: raw.number, what: 'the line is cut short' }
      return
    }
    if (raw.number === 1 && toCome > 0) {
      first = raw
      continue
    }
    yield { file, number: raw.number, bytes: raw.bytes }
    if (first !== undefined && toCome > 0) {
      toCome -= 1
      if (toCome === 0) yield { file, number: first.number, bytes: first.bytes }
    }
  }
  const size = statSync(path).size
  if (toCome > 0) yield { file, line: 1, what: `${toCome} of the lines it announces are missing` }
  else if (segment.bytes !== undefined && size < segment.bytes) {
    yield { file, line: 0, what: `${segment.bytes - size} bytes at its end are missing` }
  } else if (segment.bytes !== undefined && size > segment.bytes && segment.left === undefined) {
    yield { file, line: 0, what: `${size - segment.bytes} bytes at its end do not belong to it` }
  }
}

export type RecordedLine = {
  readonly file: string
  readonly number: number
  readonly line: RecordLine
}

// For display and export: every line, or an exception at the first that cannot be read.
export async function* recordLines(place: string): AsyncGenerator<RecordedLine> {
  const { directory, only } = placeOf(place)
  const { segments, problem } = segmentsOf(directory)
  if (problem !== undefined) throw damagedAt(problem)
  const unsealed = lineUnseal(directory)
  let turn = 0
  for (const segment of segments) {
    if (only !== undefined && segment.file !== only) continue
    for (const placed of chainedLines(directory, segment)) {
      if ('what' in placed) throw damagedAt(placed)
      const { line, wrong } = readLine(placed.bytes)
      if (line === undefined)
        throw damagedAt({ file: placed.file, line: placed.number, what: wrong })
      yield { file: placed.file, number: placed.number, line: unsealed(line) }
      turn += 1
      if (turn % LINES_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

// A record is named by its directory, or by one of its segments.
export function placeOf(place: string): { readonly directory: string; readonly only?: string } {
  if (!existsSync(place)) throw new GatewayError('not_found', `there is no record at ${place}`)
  const only = statSync(place).isDirectory() ? undefined : basename(place)
  const directory = only === undefined ? place : dirname(place)
  const names = segmentNames(directory)
  if (only === undefined ? names.length === 0 : !names.includes(only)) {
    const what = only === undefined ? 'holds no record' : 'is no segment of a record'
    throw new GatewayError('not_found', `${place} ${what}`)
  }
  return { directory, ...(only === undefined ? {} : { only }) }
}

function damagedAt({ file, line, what }: Problem): GatewayError {
  return new GatewayError('record_damaged', `${file}:${line}: ${what}`)
}
