// The file of signed checkpoints: only ever appended to, one note after another. A note is written
// only for lines that are on the disk, so that a power cut never looks like a truncation.
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { GatewayError } from '../errors.js'
import { synced, writeAll } from './disk.js'
import type { Disk } from './disk.js'
import { CHECKPOINTS_FILE } from './segment.js'
import { notesOf } from './signed-note.js'
import type { SignedNote } from './signed-note.js'

export type CheckpointFile = {
  readonly last: SignedNote | undefined
  readonly append: (note: string) => Promise<void>
  readonly close: () => void
}

export function openCheckpointFile(disk: Disk, directory: string): CheckpointFile {
  const path = join(directory, CHECKPOINTS_FILE)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const fd = openSync(path, 'a+', 0o600)
  closeSync(fd)
  const text = readFileSync(path, 'utf8')
  let last: SignedNote | undefined
  let bytes = 0
  for (const { note, end, whole } of placedNotes(text)) {
    if (note === undefined && !whole) break
    if (note === undefined) {
      throw new GatewayError(
        'record_damaged',
        `${path} holds what was never a checkpoint; run \`sallyport audit verify\`, keep the ` +
          'directory as evidence, and start with a new one',
      )
    }
    last = note
    bytes = end
  }
  const writable = openSync(path, 'r+')
  // A note cut short by a crash was never relied on; the next takes its place.
  ftruncateSync(writable, bytes)
  return {
    last,
    async append(note) {
      const added = Buffer.from(`${note}\n`)
      // At a place of our own choosing, so that half a note of a failed attempt is overwritten.
      writeAll(disk, writable, added, bytes)
      await synced(disk, writable)
      bytes += added.length
    },
    close: () => closeSync(writable),
  }
}

function* placedNotes(text: string): Generator<{
  readonly note: SignedNote | undefined
  readonly end: number
  readonly whole: boolean
}> {
  let at = 0
  let end = 0
  for (const { note, length, whole } of notesOf(text)) {
    end += Buffer.byteLength(text.slice(at, at + length))
    at += length
    yield { note, end, whole }
  }
}
