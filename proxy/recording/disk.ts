// The few calls by which the record reaches the disk, in one place: so that a short write is never
// taken for a whole one, and so that a test can make a disk fail in ways that a real one does.
import { closeSync, fdatasync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'

export type Disk = {
  // As write(2): may write less than asked.
  readonly write: (fd: number, bytes: Uint8Array, position: number) => number
  // As fdatasync(2), on a thread of its own.
  readonly sync: (fd: number, done: (problem: Error | null) => void) => void
  readonly rename: (from: string, to: string) => void
  readonly syncDirectory: (directory: string) => void
}

export const realDisk: Disk = {
  write: (fd, bytes, position) => writeSync(fd, bytes, 0, bytes.length, position),
  sync: (fd, done) => fdatasync(fd, done),
  rename: (from, to) => renameSync(from, to),
  syncDirectory,
}

export function writeAll(disk: Disk, fd: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length;) {
    const written = disk.write(fd, at === 0 ? bytes : bytes.subarray(at), position + at)
    if (written <= 0) throw new Error('the disk took no bytes')
    at += written
  }
}

export function synced(disk: Disk, fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    disk.sync(fd, (problem) => (problem === null ? resolve() : reject(problem)))
  })
}

// A name in a directory survives a power cut only once the directory itself was synced.
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

// Of a file that is synced or given up: nothing depends on it any more.
export function closeQuietly(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    return
  }
}
