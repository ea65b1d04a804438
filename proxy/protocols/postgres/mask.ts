// Rewrites the fields of a DataRow that are masked, so that every value keeps its type in text and in
// binary format: words for text and bytea, NULL for every other type.
import type { ExitMasks } from '../../../engine/facts/postgres/exit-masks.js'
import { MASK_BYTES_MAX, maskedBy, type Masked } from './mask-method.js'
import { caught } from './net.js'
import type { ResultColumn } from './row-description.js'
import { int16At, int32At, putInt32 } from './wire-bytes.js'

export type MaskPlan = {
  readonly columns: number
  // One for each column: how it is masked, whether it is text or a number to be searched, or neither.
  readonly fields: readonly (Masked | 'search' | 'number' | undefined)[]
  readonly patterns: ExitMasks['patterns']
  readonly rewrites: boolean
  // False: nothing in a row needs to be looked at.
  readonly looks: boolean
}

// pg_type.dat: types whose values are their own text in both formats.
const TEXT_TYPES = new Set([18, 19, 25, 705, 1042, 1043])
// Types whose text may quote protected values though they are no text to mask: json, xml, jsonb, arrays
// of text and varchar.
const SEARCHED_TYPES = new Set([114, 142, 3802, 1009, 1015, 2249])
// bool, int2, int4, oid, float4, date, time, timestamp, timestamptz, timetz: no pattern fits into the text
// of one of their values, whatever the date style.
const SHORT_TYPES = new Set([16, 21, 23, 26, 700, 1082, 1083, 1114, 1184, 1266])
// float8, numeric: one of ten averages has a fraction that looks like a card number, and none is one.
const FRACTIONAL_TYPES = new Set([701, 1700])

// `isText` knows text types of extensions and domains by OID.
export function maskPlan(
  masks: ExitMasks,
  columns: readonly ResultColumn[],
  key: Uint8Array,
  isText: (type: number) => boolean,
): MaskPlan {
  const fields = columns.map((column, i) => {
    const mask = masks.fields.get(i)
    const text = TEXT_TYPES.has(column.type) || isText(column.type)
    if (mask !== undefined) return maskedBy(mask, column, text, key)
    const searched =
      text ||
      SEARCHED_TYPES.has(column.type) ||
      (column.format === 0 && !SHORT_TYPES.has(column.type))
    if (masks.patterns.length === 0 || !searched) return undefined
    return FRACTIONAL_TYPES.has(column.type) ? 'number' : 'search'
  })
  return {
    columns: columns.length,
    fields,
    patterns: masks.patterns,
    rewrites: masks.fields.size > 0,
    looks: fields.some((field) => field !== undefined),
  }
}

export type MaskedRow = { readonly length: number; readonly masked: number; readonly hits: number }

// Writes the masked form of the DataRow at [start, end) (type byte included) to `out` at `at`, which has
// room for `roomFor(plan, end - start)` bytes. undefined where the row does not fit the plan or itself.
export function maskRow(
  plan: MaskPlan,
  bytes: Buffer,
  start: number,
  end: number,
  out: Buffer,
  at: number,
): MaskedRow | undefined {
  if (end - start < 7 || int16At(bytes, start + 5) !== plan.columns) return undefined
  let read = start + 7
  // Fields from here to `read` stay as they are and wait to be copied together.
  let unchanged = read
  let write = at + 7
  let masked = 0
  let hits = 0
  for (let i = 0; i < plan.columns; i++) {
    if (read + 4 > end) return undefined
    const length = int32At(bytes, read)
    const stop = read + 4 + Math.max(0, length)
    if (length < -1 || stop > end) return undefined
    const field = plan.fields[i]
    if (field === 'search') {
      if (length > 0) hits += caught(bytes, read + 4, stop, plan.patterns)
    } else if (field === 'number') {
      hits += caughtInNumber(plan, bytes, read + 4, stop)
    } else if (field !== undefined && length >= 0) {
      masked++
      write = copied(bytes, unchanged, read, out, write)
      unchanged = stop
      write = written(maskOf(field, bytes, read + 4, stop), out, write)
    }
    read = stop
  }
  if (read !== end) return undefined
  write = copied(bytes, unchanged, read, out, write)
  out[at] = 0x44
  putInt32(out, at + 1, write - at - 1)
  out[at + 5] = plan.columns >>> 8
  out[at + 6] = plan.columns
  return { length: write - at, masked, hits }
}

function maskOf(field: Masked, bytes: Buffer, start: number, end: number): Uint8Array | undefined {
  if (field === 'null') return undefined
  return typeof field === 'function' ? field(bytes.subarray(start, end)) : field
}

// Short pieces are copied here: a call costs more than so many bytes.
const SHORT_BYTES = 48

function copied(bytes: Buffer, start: number, end: number, out: Buffer, at: number): number {
  if (end - start > SHORT_BYTES) bytes.copy(out, at, start, end)
  else for (let i = start; i < end; i++) out[at + i - start] = bytes[i] ?? 0
  return at + end - start
}

function written(value: Uint8Array | undefined, out: Buffer, at: number): number {
  if (value === undefined) {
    putInt32(out, at, -1)
    return at + 4
  }
  putInt32(out, at, value.length)
  if (value.length > SHORT_BYTES) out.set(value, at + 4)
  else for (let i = 0; i < value.length; i++) out[at + 4 + i] = value[i] ?? 0
  return at + 4 + value.length
}

// A mask may be longer than what it hides: the longest is a bytea's hash in text, or a constant.
export function roomFor(plan: MaskPlan, rowBytes: number): number {
  return rowBytes + (plan.rewrites ? plan.columns * MASK_BYTES_MAX : 0)
}

// Looks through a row of which no field is masked as such, in place. undefined as for maskRow.
export function searchRow(
  plan: MaskPlan,
  bytes: Buffer,
  start: number,
  end: number,
): number | undefined {
  if (end - start < 7 || int16At(bytes, start + 5) !== plan.columns) return undefined
  let at = start + 7
  let hits = 0
  for (let i = 0; i < plan.columns; i++) {
    if (at + 4 > end) return undefined
    const length = int32At(bytes, at)
    const stop = at + 4 + Math.max(0, length)
    if (length < -1 || stop > end) return undefined
    const field = plan.fields[i]
    if (length > 0 && field === 'search') hits += caught(bytes, at + 4, stop, plan.patterns)
    else if (field === 'number') hits += caughtInNumber(plan, bytes, at + 4, stop)
    at = stop
  }
  return at === end ? hits : undefined
}

/** Up to the fraction. */
export function caughtInNumber(plan: MaskPlan, bytes: Buffer, start: number, end: number): number {
  let whole = start
  while (whole < end && bytes[whole] !== POINT) whole++
  return caught(bytes, start, whole, plan.patterns)
}

const POINT = 0x2e
