// The index that a command asks: the one beside the record, brought up to date first, or one in memory where
// nothing can be kept there. A single file is taken for an export of the record.
import { statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { GatewayError } from '../errors.js'
import { placeOf } from '../recording/read-record.js'
import { segmentIndex } from '../recording/segment.js'
import { caughtUp, openDesk, type Desk } from '../search/desk.js'
import { createExportSource } from '../search/export-source.js'
import { createRecordSource } from '../search/record-source.js'
import { SEARCH_FILE } from '../search/schema.js'
import type { Standing } from '../search/answers.js'
import type { Io } from './io.js'
import { recordPlace } from './record-place.js'
import { paintFor, plainText } from './table.js'

export const DESK_HELP = `  --record DIR       directory of the record (default: .sallyport/record), or a file that
                     audit export wrote
  --config FILE      take the directory from a configuration file
  --index FILE       where the index is kept (default: search.sqlite in the record’s directory); it is
                     made and kept up to date as needed
  --rebuild          make the index anew first`

export const DESK_OPTIONS = {
  record: { type: 'string' },
  config: { type: 'string' },
  index: { type: 'string' },
  rebuild: { type: 'boolean' },
} as const

export type NamedDesk = {
  readonly record?: string | undefined
  readonly config?: string | undefined
  readonly index?: string | undefined
  readonly rebuild?: boolean | undefined
}

const IN_MEMORY = ':memory:'

// Up to date when it is handed out; whoever got it closes it.
export function deskFor(named: NamedDesk, io: Io): { readonly desk: Desk; readonly place: string } {
  const place = recordPlace(named, io)
  const isExport = isExportFile(place)
  if (!isExport) placeOf(place)
  else if (segmentIndex(basename(place)) > 0) {
    throw new GatewayError('usage', `${place} is one segment: name the directory of the record`)
  }
  const directory = isExport ? dirname(place) : place
  const kept = isExport ? IN_MEMORY : join(place, SEARCH_FILE)
  const file = named.index === undefined ? kept : resolve(io.cwd, named.index)
  const made = (at: string): Desk => {
    const desk = openDesk({
      directory,
      file: at,
      source: () => (isExport ? createExportSource(place) : createRecordSource(directory)),
      now: Date.now,
      elapsed: () => performance.now(),
      onRebuild: (why) => io.stderr.write(`sallyport: the index is made anew: ${plainText(why)}\n`),
    })
    if (named.rebuild === true) desk.rebuild()
    try {
      caughtUp(desk, progressTo(io))
    } catch (problem) {
      desk.close()
      throw problem
    }
    return desk
  }
  try {
    return { desk: made(file), place }
  } catch (problem) {
    if (file === IN_MEMORY || named.index !== undefined || !isUnwritable(problem)) throw problem
    io.stderr.write(`sallyport: no index can be kept in ${directory}; it is made in memory\n`)
    return { desk: made(IN_MEMORY), place }
  }
}

function isExportFile(place: string): boolean {
  const found = statSync(place, { throwIfNoEntry: false })
  if (found === undefined) throw new GatewayError('not_found', `there is no record at ${place}`)
  return found.isFile()
}

function isUnwritable(problem: unknown): boolean {
  const texts = [problem, problem instanceof Error ? problem.cause : undefined].map(String)
  return /EACCES|EISDIR|EROFS|EPERM|ENOSPC|readonly|read-only|unable to open|SQLITE_(READONLY|CANTOPEN|FULL)/i.test(
    texts.join(' '),
  )
}

// Only where somebody looks: building takes a while for a long record.
function progressTo(io: Io): Parameters<typeof caughtUp>[1] {
  if (io.stderr.isTTY !== true) return undefined
  return ({ lines, behindBytes }) =>
    io.stderr.write(
      `sallyport: indexing the record: ${lines} lines, ${Math.ceil(behindBytes / 1e6)} MB to go\n`,
    )
}

// What the answer may lack, for people; nothing where it is whole.
export function standingText(
  { gaps, more_gaps: more, behind_bytes: behind }: Standing,
  io: Io,
): string {
  const paint = paintFor(io)
  const lines = gaps.map(({ from, to, why }) => {
    const which = from === to ? `line ${from} is` : `lines ${from} to ${to} are`
    return `${paint('yellow', '•')} ${which} not in this record: ${plainText(why, 200)}`
  })
  if (more > 0) lines.push(`${paint('yellow', '•')} and ${more} more such gaps`)
  if (behind > 0) {
    lines.push(`${paint('yellow', '•')} the last ${behind} bytes of the record are not in it yet`)
  }
  return lines.map((line) => `${line}\n`).join('')
}
