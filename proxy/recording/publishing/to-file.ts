// Checkpoints appended to a file elsewhere: a mounted share, a volume that only ever grows.
import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync } from 'node:fs'
import { mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Destination } from './destination.js'

export function toFile(settings: { readonly file: string; readonly everyMs: number }): Destination {
  const { file, everyMs } = settings
  return {
    name: `file ${file}`,
    everyMs,
    async send(note) {
      appendNote(file, note)
    },
  }
}

// Whether anything was added: a note that is there already, is there once.
export function appendNote(file: string, note: string): boolean {
  if (existsSync(file) && readFileSync(file, 'utf8').endsWith(`${note}\n`)) return false
  mkdirSync(dirname(file), { recursive: true })
  const fd = openSync(file, 'a', 0o644)
  try {
    const { size } = fstatSync(fd)
    const bytes = Buffer.from(`${note}\n`)
    if (writeSync(fd, bytes) < bytes.length) {
      // Half a note would be in the way of those after it.
      ftruncateSync(fd, size)
      throw new Error(`${file} took only part of a checkpoint`)
    }
    fsyncSync(fd)
    return true
  } finally {
    closeSync(fd)
  }
}
