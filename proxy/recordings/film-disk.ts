// The few calls by which recordings reach the disk, in one place: so that a short write is never taken for
// a whole one, and so that a test can make each of them fail in turn.
import {
  close,
  fdatasync,
  fsync,
  ftruncate,
  mkdir,
  open,
  read,
  rename,
  unlink,
  write,
  writev,
} from 'node:fs'
import { promisify } from 'node:util'

export type FilmDisk = {
  readonly open: (path: string, flags: string) => Promise<number>
  // As pwritev(2): may write less than asked.
  readonly write: (fd: number, pieces: readonly Uint8Array[], position: number) => Promise<number>
  readonly read: (fd: number, into: Uint8Array, position: number) => Promise<number>
  readonly sync: (fd: number) => Promise<void>
  readonly truncate: (fd: number, length: number) => Promise<void>
  readonly close: (fd: number) => Promise<void>
  readonly rename: (from: string, to: string) => Promise<void>
  readonly unlink: (path: string) => Promise<void>
  readonly mkdir: (path: string) => Promise<void>
  // A name survives a power cut only once its folder was synced.
  readonly syncFolder: (path: string) => Promise<void>
}

const opens = promisify(open)
const closes = promisify(close)
const fsyncs = promisify(fsync)
const MODE = 0o600

export const realFilmDisk: FilmDisk = {
  open: (path, flags) => opens(path, flags, MODE),
  write: (fd, pieces, position) =>
    new Promise((resolve, reject) => {
      const done = (problem: Error | null, written: number): void =>
        problem === null ? resolve(written) : reject(problem)
      const [only, ...more] = pieces
      if (only !== undefined && more.length === 0) write(fd, only, 0, only.length, position, done)
      else writev(fd, pieces, position, done)
    }),
  read: (fd, into, position) =>
    new Promise((resolve, reject) =>
      read(fd, into, 0, into.length, position, (problem, count) =>
        problem === null ? resolve(count) : reject(problem),
      ),
    ),
  sync: promisify(fdatasync),
  truncate: promisify(ftruncate),
  close: closes,
  rename: promisify(rename),
  unlink: promisify(unlink),
  mkdir: (path) =>
    new Promise((resolve, reject) =>
      mkdir(path, { recursive: true, mode: 0o700 }, (problem) =>
        problem === null ? resolve() : reject(problem),
      ),
    ),
  async syncFolder(path) {
    const fd = await opens(path, 'r', MODE)
    try {
      await fsyncs(fd)
    } finally {
      await closes(fd)
    }
  },
}

export async function writeAll(
  disk: FilmDisk,
  fd: number,
  pieces: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let left = pieces
  for (let at = position; left.length > 0;) {
    const written = await disk.write(fd, left, at)
    if (written <= 0) throw new Error('the disk took no bytes')
    at += written
    left = behind(left, written)
  }
}

function behind(pieces: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skip = bytes
  const left: Uint8Array[] = []
  for (const piece of pieces) {
    const taken = Math.min(skip, piece.length)
    skip -= taken
    if (taken < piece.length) left.push(taken === 0 ? piece : piece.subarray(taken))
  }
  return left
}

// A whole small file under its name or not at all.
export async function writeWhole(
  disk: FilmDisk,
  folder: string,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const path = `${folder}/${name}`
  const fd = await disk.open(`${path}.new`, 'w')
  try {
    await writeAll(disk, fd, [bytes], 0)
    await disk.sync(fd)
  } finally {
    await closeQuietly(disk, fd)
  }
  await disk.rename(`${path}.new`, path)
  await disk.syncFolder(folder)
}

// Of a file that is synced or given up: nothing depends on it any more.
export async function closeQuietly(disk: FilmDisk, fd: number): Promise<void> {
  try {
    await disk.close(fd)
  } catch {
    return
  }
}
