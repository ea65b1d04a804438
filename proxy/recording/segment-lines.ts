// Reads one segment line by line without holding more of it than a line, and makes a record line of
// the bytes. Whatever the bytes are, the answer is a value: a line, or words for what is wrong.
import { closeSync, openSync, readSync } from 'node:fs'
import { Ajv, type SchemaObject, type ValidateFunction } from 'ajv'
import { recordSchema } from '../../engine/schemas/record.js'
import type { RecordLine } from '../../engine/schemas/record.js'

const READ_BYTES = 1 << 20
// A line longer than this was never written by us; without a bound one file could take all memory.
export const LINE_BYTES_MAX = 256 << 20

export type RawLine = {
  // Without the newline.
  readonly bytes: Buffer
  // Where the line starts and where the next would.
  readonly offset: number
  readonly end: number
  // From 1.
  readonly number: number
  // False for a last line without its newline.
  readonly whole: boolean
}

// `bytesMax`: how many bytes of the file count. `from`: where a line begins; lines are numbered from there.
export function* rawLines(path: string, bytesMax = Infinity, from = 0): Generator<RawLine> {
  const fd = openSync(path, 'r')
  try {
    yield* linesOf(fd, bytesMax, from)
  } finally {
    closeSync(fd)
  }
}

function* linesOf(fd: number, bytesMax: number, start: number): Generator<RawLine> {
  let rest: Buffer = Buffer.alloc(0)
  let offset = start
  let number = 1
  let position = start
  for (;;) {
    const wanted = Math.min(READ_BYTES, bytesMax - position)
    const chunk = Buffer.allocUnsafe(Math.max(0, wanted))
    const read = wanted > 0 ? readSync(fd, chunk, 0, wanted, position) : 0
    if (read === 0) break
    position += read
    let held =
      rest.length === 0 ? chunk.subarray(0, read) : Buffer.concat([rest, chunk.subarray(0, read)])
    // Only the new bytes can hold the newline that the rest did not.
    let from = rest.length
    for (;;) {
      const newline = held.indexOf(0x0a, from)
      if (newline < 0) break
      const end = offset + newline + 1
      yield { bytes: held.subarray(0, newline), offset, end, number, whole: true }
      held = held.subarray(newline + 1)
      from = 0
      offset = end
      number += 1
    }
    rest = held
    if (rest.length > LINE_BYTES_MAX) break
  }
  if (rest.length > 0) {
    yield { bytes: rest, offset, end: offset + rest.length, number, whole: false }
  }
}

export type ReadLine =
  | { readonly line: RecordLine; readonly wrong?: never }
  | { readonly line?: never; readonly wrong: string }

const ajv = new Ajv({ strict: true, allowUnionTypes: true })
const SCHEMAS = new Map<string, SchemaObject>(
  recordSchema.oneOf.map((schema) => [schema.properties.kind.const, schema]),
)
// Each compiled at its first line: most commands read no records.
const compiled = new Map<string, ValidateFunction<RecordLine>>()

function fitsKind(kind: string): ValidateFunction<RecordLine> | undefined {
  const known = compiled.get(kind)
  const schema = SCHEMAS.get(kind)
  if (known !== undefined || schema === undefined) return known
  const made = ajv.compile<RecordLine>(schema)
  compiled.set(kind, made)
  return made
}

export function readLine(bytes: Buffer): ReadLine {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    return { wrong: 'the line is not JSON' }
  }
  if (typeof value !== 'object' || value === null || !('kind' in value)) {
    return { wrong: 'the line is no record line' }
  }
  const fits = typeof value.kind === 'string' ? fitsKind(value.kind) : undefined
  if (fits === undefined)
    return {
      wrong: `there are no record lines of kind ${JSON.stringify(value.kind)?.slice(0, 40)}`,
    }
  if (fits(value)) return { line: value }
  const [first] = fits.errors ?? []
  return {
    wrong: `the line does not fit its schema: ${first?.instancePath ?? ''} ${first?.message ?? ''}`,
  }
}

export type Opening = Extract<RecordLine, { kind: 'gateway' }>

// The first line of a segment, where it is one that opens a segment.
export function openingOf(path: string): { readonly opening?: Opening; readonly wrong?: string } {
  for (const raw of rawLines(path)) {
    if (!raw.whole) return { wrong: 'the first line is not whole' }
    const { line, wrong } = readLine(raw.bytes)
    if (line === undefined) return { wrong: wrong ?? 'the first line cannot be read' }
    return line.kind === 'gateway' && line.event === 'segment'
      ? { opening: line }
      : { wrong: 'the file does not begin with the line that opens a segment' }
  }
  return { wrong: 'the file is empty' }
}
