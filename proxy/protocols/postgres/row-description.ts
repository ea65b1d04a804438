// Reads a RowDescription (protocol documentation 55.7): for each result column where it comes from, its
// type and its format.
import { int16At, int32At } from './wire-bytes.js'

export type ResultColumn = {
  readonly table: number
  readonly attnum: number
  readonly type: number
  readonly typmod: number
  // 0 text, 1 binary; of a statement (not a portal) always 0, since it is not chosen yet.
  readonly format: number
}

// `start` is the first byte of the body. undefined where the lengths do not add up.
export function columnsOf(
  bytes: Buffer,
  start: number,
  end: number,
): readonly ResultColumn[] | undefined {
  if (end - start < 2) return undefined
  const count = int16At(bytes, start)
  const columns: ResultColumn[] = []
  let at = start + 2
  for (let i = 0; i < count; i++) {
    const zero = bytes.indexOf(0, at)
    if (zero < 0 || zero + 19 > end) return undefined
    at = zero + 1
    columns.push({
      table: int32At(bytes, at) >>> 0,
      attnum: int16At(bytes, at + 4),
      type: int32At(bytes, at + 6) >>> 0,
      typmod: int32At(bytes, at + 12),
      format: int16At(bytes, at + 16),
    })
    at += 18
  }
  return at === end ? columns : undefined
}
