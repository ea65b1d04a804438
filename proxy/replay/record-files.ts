// The files that lines are read from: the segments of a record, or the one file of an export. A record with
// a segment missing is still shown, as far as it goes, and it is said what is missing.
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../errors.js'
import { openingOf } from '../recording/segment-lines.js'
import { segmentsOf } from '../recording/read-record.js'
import { segmentNames } from '../recording/segment.js'

export type RecordFile = {
  readonly path: string
  // How many of its bytes count; undefined for one that may still grow.
  readonly bytes: number | undefined
  // Its first lines repeat the end of the file before it, and may refer to that file's parts.
  readonly continues: boolean
}

export type RecordFiles = {
  readonly files: readonly RecordFile[]
  readonly notes: readonly string[]
}

// `place`: the directory of a record, one of its segments, or a file that `audit export` wrote.
export function recordFiles(place: string): RecordFiles {
  if (!existsSync(place)) throw new GatewayError('not_found', `there is no record at ${place}`)
  if (!statSync(place).isDirectory()) {
    return { files: [{ path: place, bytes: undefined, continues: false }], notes: [] }
  }
  const names = segmentNames(place)
  if (names.length === 0) throw new GatewayError('not_found', `${place} holds no record`)
  const { segments, problem } = segmentsOf(place)
  const known = new Map(segments.map((segment) => [segment.file, segment]))
  const kept = problem === undefined ? segments.map(({ file }) => file) : names
  const files = kept.map((name) => {
    const path = join(place, name)
    const segment = known.get(name)
    const opening = segment?.opening ?? openingOf(path).opening
    return { path, bytes: segment?.bytes, continues: opening?.restated !== undefined }
  })
  const notes =
    problem === undefined
      ? []
      : [`the record is damaged: ${problem.file}: ${problem.what}; what is left is shown`]
  return { files, notes }
}

export function isExport(place: string): boolean {
  return (
    existsSync(place) && !statSync(place).isDirectory() && openingOf(place).opening === undefined
  )
}
