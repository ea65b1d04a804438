// Lines on their way to the disk. Each is encoded once, into memory that is then hashed, written and,
// until it is synced, kept: a copy at any of these steps would cost more than the step.
import { hash } from 'node:crypto'

const CHUNK_BYTES = 1 << 20
// UTF-8 needs at most three bytes for one UTF-16 code unit.
const BYTES_A_UNIT = 3

export type LineBuffer = {
  // Adds the line and its newline, and returns the line's hash (`prev` of the next).
  readonly append: (line: string) => string
  // Everything since the last call, in order; nearly always one piece.
  readonly take: () => readonly Buffer[]
}

export function createLineBuffer(): LineBuffer {
  // Byte 0 stays free for the zero in front of the first line's hash.
  let chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  let start = 1
  let end = 1
  let full: Buffer[] = []

  const fresh = (bytes: number): void => {
    if (end > start) full.push(chunk.subarray(start, end))
    chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes + 1))
    start = 1
    end = 1
  }

  return {
    append(line) {
      const most = line.length * BYTES_A_UNIT + 1
      // A long line is measured, so that one text of many megabytes does not take three times that.
      if (end + most > chunk.length) {
        const exact = most > CHUNK_BYTES ? Buffer.byteLength(line) + 1 : most
        if (end + exact > chunk.length) fresh(exact)
      }
      const written = chunk.write(line, end, 'utf8')
      // The newline of the line before makes room for the zero of the leaf hash, and comes back.
      const before = chunk[end - 1] ?? 0
      chunk[end - 1] = 0
      const digest = hash('sha256', chunk.subarray(end - 1, end + written), 'hex')
      chunk[end - 1] = before
      end += written
      chunk[end] = 0x0a
      end += 1
      return digest
    },
    take() {
      const pieces = full
      if (end > start) pieces.push(chunk.subarray(start, end))
      full = []
      start = end
      return pieces
    },
  }
}
