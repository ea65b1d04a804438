// The keys under which a record holds what may be personal: one for each person and month, in a file beside
// the record. Whoever takes a key away takes away all that lies under it, in every copy of the record,
// and no hash changes.
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readFileSync } from 'node:fs'
import { renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../../errors.js'
import { syncDirectory } from '../disk.js'

export const SUBJECT_KEYS_FILE = 'subject-keys.jsonl'

export type SubjectKey = {
  readonly id: string
  // Issuer and subject, one blank between.
  readonly subject: string
  // As 2026-11.
  readonly month: string
  readonly key: Buffer
}

export function readSubjectKeys(directory: string): readonly SubjectKey[] {
  const path = join(directory, SUBJECT_KEYS_FILE)
  if (!existsSync(path)) return []
  // A last line that a crash cut short was never used: it is used once it is on the disk.
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return lines.filter((line) => line.trim() !== '').map((line, at) => keyIn(line, at + 1, path))
}

function keyIn(line: string, number: number, path: string): SubjectKey {
  const value = valueIn(line)
  const of = (name: string): string => String(Reflect.get(Object(value), name))
  const key = Buffer.from(of('key'), 'base64')
  if (key.length === 32) return { id: of('id'), subject: of('subject'), month: of('month'), key }
  throw new GatewayError('record_damaged', `${path}:${number} is no key`)
}

function valueIn(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function lineOf({ id, subject, month, key }: SubjectKey): string {
  return `${JSON.stringify({ id, subject, month, key: key.toString('base64') })}\n`
}

export type SubjectKeys = { readonly of: (subject: string, timeMs: number) => SubjectKey }

// A new key is on the disk before anything lies under it.
export function openSubjectKeys(directory: string): SubjectKeys {
  const path = join(directory, SUBJECT_KEYS_FILE)
  const known = new Map<string, SubjectKey>()
  for (const key of readSubjectKeys(directory)) known.set(`${key.month} ${key.subject}`, key)
  mended(directory, [...known.values()])
  return {
    of(subject, timeMs) {
      const month = new Date(timeMs).toISOString().slice(0, 7)
      const name = `${month} ${subject}`
      const found = known.get(name)
      if (found !== undefined) return found
      const key = { id: randomBytes(9).toString('base64url'), subject, month, key: randomBytes(32) }
      const isNew = !existsSync(path)
      const fd = openSync(path, 'a', 0o600)
      try {
        const bytes = Buffer.from(lineOf(key))
        if (writeSync(fd, bytes) < bytes.length) throw new Error(`${path} took only part of a key`)
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
      if (isNew) syncDirectory(directory)
      known.set(name, key)
      return key
    },
  }
}

function mended(directory: string, keys: readonly SubjectKey[]): void {
  const path = join(directory, SUBJECT_KEYS_FILE)
  if (existsSync(path) && !/(^|\n)$/.test(readFileSync(path, 'utf8'))) rewritten(directory, keys)
}

// Without the keys of this subject; the old file is overwritten before its name goes to the new one.
export function removeSubjectKeys(
  directory: string,
  isMeant: (key: SubjectKey) => boolean,
): readonly SubjectKey[] {
  const keys = readSubjectKeys(directory)
  const gone = keys.filter(isMeant)
  if (gone.length > 0)
    rewritten(
      directory,
      keys.filter((key) => !isMeant(key)),
    )
  return gone
}

function rewritten(directory: string, keys: readonly SubjectKey[]): void {
  const path = join(directory, SUBJECT_KEYS_FILE)
  const temporary = `${path}.tmp`
  const old = existsSync(path) ? openSync(path, 'r+') : undefined
  const fd = openSync(temporary, 'w', 0o600)
  try {
    writeSync(fd, keys.map(lineOf).join(''))
    fsyncSync(fd)
    renameSync(temporary, path)
    syncDirectory(directory)
    // What file systems that write in place keep of it is gone as well.
    if (old === undefined) return
    writeSync(old, Buffer.alloc(fstatSync(old).size), 0)
    fsyncSync(old)
  } finally {
    closeSync(fd)
    if (old !== undefined) closeSync(old)
  }
}
