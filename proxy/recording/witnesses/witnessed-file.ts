// The checkpoints that witnesses signed too, beside the record's own: whole notes, one after another, each
// with the signature of the record and theirs. A copy is worth as much; losing it loses no line.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { readFileSync, truncateSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { WITNESSED_FILE } from '../segment.js'
import { notesOf } from '../signed-note.js'

// A note that a crash cut short would hide those after it.
export function mendWitnessed(directory: string): void {
  const path = join(directory, WITNESSED_FILE)
  if (!existsSync(path)) return
  const text = readFileSync(path, 'utf8')
  let whole = 0
  for (const { note, length } of notesOf(text)) {
    if (note === undefined) break
    whole += length
  }
  if (whole < text.length) truncateSync(path, Buffer.byteLength(text.slice(0, whole)))
}

export function keepWitnessed(directory: string, note: string): void {
  const path = join(directory, WITNESSED_FILE)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const fd = openSync(path, 'a', 0o600)
  try {
    // One write, so that a crash cuts the last note at most; readers pass over half a note.
    writeSync(fd, `${note}\n`)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
