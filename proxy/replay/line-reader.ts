// Lines of a file with their places, from any place on, so that what was read once need not be read again;
// and the line at a place. A line without its end is left for the next look.
import { closeSync, openSync, readSync } from 'node:fs'
import { GatewayError } from '../errors.js'

const READ_BYTES = 1 << 20
// A longer one was never written by us.
export const LINE_BYTES_MAX = 256 << 20

export type PlacedBytes = {
  // Without the newline; only until the next is asked for.
  readonly bytes: Buffer
  readonly offset: number
  readonly length: number
}

export function* linesFrom(path: string, from: number, to = Infinity): Generator<PlacedBytes> {
  const fd = openSync(path, 'r')
  try {
    let rest: Buffer = Buffer.alloc(0)
    let offset = from
    let position = from
    for (;;) {
      const wanted = Math.max(0, Math.min(READ_BYTES, to - position))
      const chunk = Buffer.allocUnsafe(wanted)
      const read = wanted === 0 ? 0 : readSync(fd, chunk, 0, wanted, position)
      if (read === 0) return
      position += read
      const fresh = chunk.subarray(0, read)
      const held = rest.length === 0 ? fresh : Buffer.concat([rest, fresh])
      let start = 0
      for (let search = rest.length; ;) {
        const newline = held.indexOf(0x0a, search)
        if (newline < 0) break
        yield { bytes: held.subarray(start, newline), offset, length: newline - start }
        offset += newline + 1 - start
        start = newline + 1
        search = start
      }
      rest = held.subarray(start)
      if (rest.length > LINE_BYTES_MAX) throw tooLong(path)
    }
  } finally {
    closeSync(fd)
  }
}

export type LineReader = {
  readonly at: (path: string, offset: number, length: number) => Buffer
  readonly close: () => void
}

// Keeps the file that was read last open: neighbours are mostly asked for one after another.
export function createLineReader(): LineReader {
  let open: { readonly path: string; readonly fd: number } | undefined
  const close = (): void => {
    if (open !== undefined) closeSync(open.fd)
    open = undefined
  }
  return {
    close,
    at(path, offset, length) {
      if (open?.path !== path) {
        close()
        open = { path, fd: openSync(path, 'r') }
      }
      const bytes = Buffer.allocUnsafe(length)
      let read = 0
      while (read < length) {
        const more = readSync(open.fd, bytes, read, length - read, offset + read)
        if (more === 0) throw new GatewayError('record_damaged', `${path} became shorter`)
        read += more
      }
      return bytes
    },
  }
}

function tooLong(path: string): GatewayError {
  return new GatewayError(
    'record_damaged',
    `${path}: a line is longer than ${LINE_BYTES_MAX} bytes`,
  )
}
