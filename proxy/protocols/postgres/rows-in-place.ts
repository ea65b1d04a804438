// Masks whole rows where they lie, one behind the other: a mask is mostly shorter than what it hides, so
// that what follows moves up and nothing is copied elsewhere. Stops before the first row that is not as
// usual; that one is for whoever looks at rows one by one.
import type { MaskPlan } from './mask.js'
import { caughtInNumber } from './mask.js'
import { AT_SIGN, RUN_BYTES_MIN, caught, hasSuspectRun } from './net.js'
import { int16At, int32At, putInt32 } from './wire-bytes.js'

// Of the latest call.
export type MaskedRows = {
  rows: number
  masked: number
  // Also in the row that was then left: they are overwritten.
  hits: number
  // The rows up to here are dealt with, and now end there.
  read: number
  written: number
}

const done: MaskedRows = { rows: 0, masked: 0, hits: 0, read: 0, written: 0 }

// Of the row at hand: where masked values begin, how long they are, what stands in their place.
const places = new Int32Array(1664)
const lengths = new Int32Array(1664)
const values: (Uint8Array | undefined)[] = []

// Where the next one stands, at or behind the place last looked at: one look for many texts.
let atSign = -1

function nextAtSign(bytes: Buffer, from: number): number {
  const found = bytes.indexOf(AT_SIGN, from)
  return found < 0 ? bytes.length : found
}

// The rows that lie whole in [start, end), up to a number. Malformed ones are left as they are.
export function maskRowsInPlace(
  plan: MaskPlan,
  bytes: Buffer,
  start: number,
  end: number,
  rowsMax: number,
): MaskedRows {
  const { columns } = plan
  done.rows = 0
  done.masked = 0
  done.hits = 0
  atSign = -1
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = start
  let write = start
  while (done.rows < rowsMax && end - at >= ROW_HEAD && bytes[at] === DATA_ROW) {
    const next = at + 1 + int32At(bytes, at + 1)
    if (next > end || next < at + ROW_HEAD || int16At(bytes, at + 5) !== columns) break
    const found = maskedFields(plan, bytes, view, at, next, at - write)
    if (found < 0) break
    write = moved(bytes, at, next, write, found)
    done.rows++
    done.masked += found
    at = next
  }
  done.read = at
  done.written = write
  return done
}

// Type, length, number of columns.
const ROW_HEAD = 7
const DATA_ROW = 0x44

// How many values are masked, noted above; -1: malformed, or a mask finds no room. `room`: bytes that are
// free before the row.
function maskedFields(
  plan: MaskPlan,
  bytes: Buffer,
  view: DataView,
  start: number,
  end: number,
  room: number,
): number {
  const { columns, fields } = plan
  let at = start + ROW_HEAD
  let found = 0
  let free = room
  for (let i = 0; i < columns; i++) {
    if (at + 4 > end) return -1
    const length = view.getInt32(at)
    const from = at + 4
    at = length > 0 ? from + length : from
    if (length < -1 || at > end) return -1
    const field = fields[i]
    if (field === undefined || length < 0) continue
    if (field === 'search') {
      if (atSign < from) atSign = nextAtSign(bytes, from)
      if (atSign < at || (length >= RUN_BYTES_MIN && hasSuspectRun(bytes, from, at)))
        done.hits += caught(bytes, from, at, plan.patterns)
    } else if (field === 'number') done.hits += caughtInNumber(plan, bytes, from, at)
    else {
      const value =
        field === 'null'
          ? undefined
          : typeof field === 'function'
            ? field(bytes.subarray(from, at))
            : field
      free += length - (value?.length ?? 0)
      if (free < 0) return -1
      places[found] = from
      lengths[found] = length
      values[found] = value
      found++
    }
  }
  if (at !== end) return -1
  return found
}

// Puts the row to `write`, which lies before it or where it is. Answers where it ends.
function moved(bytes: Buffer, start: number, end: number, write: number, found: number): number {
  let at = write
  let from = start
  for (let i = 0; i < found; i++) {
    const place = places[i] ?? 0
    const value = values[i]
    at = shifted(bytes, from, place - 4, at)
    from = place + (lengths[i] ?? 0)
    putInt32(bytes, at, value?.length ?? -1)
    at += 4
    if (value === undefined) continue
    // Masks are short: a call costs more than their bytes.
    for (let k = 0; k < value.length; k++) bytes[at + k] = value[k] ?? 0
    at += value.length
  }
  at = shifted(bytes, from, end, at)
  putInt32(bytes, write + 1, at - write - 1)
  return at
}

function shifted(bytes: Buffer, start: number, end: number, at: number): number {
  if (at !== start) bytes.copyWithin(at, start, end)
  return at + end - start
}
