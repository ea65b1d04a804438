// Sightings from the segments of a record. Of parts it keeps only where they stand in the file: a segment
// may hold a hundred thousand, and most are never looked at, since their digest was met before.
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordLine } from '../../../engine/schemas/record.js'
import { GatewayError } from '../../errors.js'
import { segmentsOf } from '../../recording/read-record.js'
import { partIsSound } from '../../recording/recorded-facts.js'
import { isErased, lineUnseal } from '../../recording/erasure/unseal-lines.js'
import { rawLines, readLine } from '../../recording/segment-lines.js'
import type { RawLine } from '../../recording/segment-lines.js'
import { createBoundedCache } from './bounded-cache.js'
import { commandFields, kindOfLine } from './command-line-fields.js'
import type { CommandFields } from './command-line-fields.js'
import type { Sighting, Sightings } from './sightings.js'

type Spot = { readonly path: string; readonly offset: number; readonly length: number }

const PART = /"kind":"part","digest":"(sha256:[0-9a-f]{64})"/
// The digest stands near the beginning; the rest of a part is not decoded.
const HEAD_BYTES = 320
// Parts kept as objects, at most twice so many: some kilobytes each.
const PARSED_MAX = 2_000
// Of a command that can be erased; a text that holds this is only read more slowly.
const SEALED = '"sealed":{'

export function segmentSightings(place: {
  readonly directory: string
  readonly only?: string
}): Sightings {
  const { segments, problem } = segmentsOf(place.directory)
  if (problem !== undefined) throw damaged(problem.file, problem.line, problem.what)
  const counted = segments.filter(({ file }) => place.only === undefined || file === place.only)
  const sizes = counted.map(
    ({ file, bytes }) => bytes ?? statSync(join(place.directory, file)).size,
  )
  let spots = new Map<string, Spot>()
  const parsed = createBoundedCache<string, object>(PARSED_MAX)
  let read = 0
  const file = createReadAt()
  const unsealed = lineUnseal(place.directory)

  function* all(): Generator<Sighting> {
    try {
      for (const { file: name, bytes, opening } of counted) {
        const path = join(place.directory, name)
        const before = read
        // A segment that repeats lines of the one before may refer to its parts.
        if (opening.restated === undefined) spots = new Map()
        for (const raw of rawLines(path, bytes)) {
          if (!raw.whole) break
          read = before + raw.end
          switch (kindOfLine(raw.bytes)) {
            case 'part':
              keepSpot(spots, path, name, raw)
              break
            case 'command':
              yield {
                file: name,
                number: raw.number,
                fields: fieldsOf(name, raw, unsealed),
                bytes: raw.bytes,
              }
              break
            case undefined:
              throw damaged(name, raw.number, 'the line is no record line')
            default:
          }
        }
      }
    } finally {
      file.close()
    }
  }

  return {
    all,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    bytesRead: () => read,
    part(digest) {
      const spot = spots.get(digest)
      if (spot === undefined) return undefined
      const known = parsed.find(digest)
      if (known !== undefined) return known
      const { line } = readLine(file.read(spot))
      // A part that is not what its digest says decides nothing.
      if (line?.kind !== 'part' || line.digest !== digest) return undefined
      if (!partIsSound(digest, line.value)) return undefined
      const whole = unsealed(line)
      // What was erased decides nothing either.
      if (whole.kind !== 'part' || isErased(whole.value)) return undefined
      parsed.keep(digest, whole.value)
      return whole.value
    },
  }
}

function keepSpot(spots: Map<string, Spot>, path: string, name: string, raw: RawLine): void {
  const digest = PART.exec(raw.bytes.toString('latin1', 0, HEAD_BYTES))?.[1]
  if (digest === undefined) throw damaged(name, raw.number, 'the part has no digest')
  spots.set(digest, { path, offset: raw.offset, length: raw.bytes.length })
}

function fieldsOf(
  name: string,
  raw: RawLine,
  unsealed: (line: RecordLine) => RecordLine,
): CommandFields {
  const text = raw.bytes.toString('latin1')
  const quick = text.includes(SEALED) ? undefined : commandFields(text)
  if (quick !== undefined) {
    // Read as one byte a character, which is faster; what is not ASCII is put right.
    if (!/[\x80-\xff]/.test(quick.overrides)) return quick
    return { ...quick, overrides: Buffer.from(quick.overrides, 'latin1').toString('utf8') }
  }
  const { line: written, wrong } = readLine(raw.bytes)
  const line = written === undefined ? undefined : unsealed(written)
  if (line?.kind !== 'command') throw damaged(name, raw.number, wrong ?? 'the line is no command')
  const { facts, decision, entrypoint } = line
  const overrides = JSON.stringify(facts.overrides)
  return { base: facts.base, command: facts.command, overrides, decision, entrypoint }
}

// Reads pieces of files, one file open at a time.
function createReadAt(): { read: (spot: Spot) => Buffer; close: () => void } {
  let open: { readonly path: string; readonly fd: number } | undefined
  const close = (): void => {
    if (open !== undefined) closeSync(open.fd)
    open = undefined
  }
  return {
    close,
    read({ path, offset, length }) {
      if (open?.path !== path) {
        close()
        open = { path, fd: openSync(path, 'r') }
      }
      const bytes = Buffer.allocUnsafe(length)
      const got = readSync(open.fd, bytes, 0, length, offset)
      return bytes.subarray(0, got)
    },
  }
}

function damaged(file: string, line: number, what: string): GatewayError {
  return new GatewayError(
    'record_damaged',
    `${file}:${line}: ${what}; run \`sallyport audit verify\` to see how far the record is whole`,
  )
}
