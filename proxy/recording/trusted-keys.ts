// The keys that somebody trusts for a record, and what they signed. Keys come as verifier keys, one a line,
// from where the auditor kept them or, worth less, from beside the record.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../errors.js'
import { CHECKPOINTS_FILE, PUBLIC_KEY_FILE } from './segment.js'
import { notesOf, verifierOf } from './signed-note.js'
import type { SignedNote, Verifier } from './signed-note.js'
import { announcedKey } from './signing-keys.js'

export type TrustedKey = Verifier & { readonly text: string }

export function trustedKeys(text: string): readonly TrustedKey[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => ({ ...verifierOf(line), text: line }))
}

// The keys themselves and all that they vouch for, one after another, in the record's checkpoints.
// Without keys of the auditor's own, those beside the record, which whoever changed it could change too.
export function keysFor(directory: string, own: string | undefined): readonly TrustedKey[] {
  const path = join(directory, PUBLIC_KEY_FILE)
  const keys = trustedKeys(own ?? (existsSync(path) ? readFileSync(path, 'utf8') : ''))
  if (keys.length > 0) return [...keys, ...signedNotes(directory, keys).flatMap(introducedBy)]
  const where = own === undefined ? path : 'the file of keys'
  throw new GatewayError('record_damaged', `${where} holds no public key`)
}

// Which of the keys signed this note as the record that it names.
export function signerAmong(keys: readonly TrustedKey[], note: SignedNote): TrustedKey | undefined {
  return keys.find((key) => key.name === note.checkpoint.origin && key.verifies(note))
}

// Of a note that a trusted key signed: the key that it vouches for.
export function introducedBy(note: SignedNote): readonly TrustedKey[] {
  const key = announcedKey(note)
  try {
    return key === undefined ? [] : trustedKeys(key)
  } catch (problem) {
    // Words that were signed and are no key: nobody is trusted for them.
    if (problem instanceof GatewayError) return []
    throw problem
  }
}

// One checkpoint as somebody kept it: alone, or the last whole one of a file of them.
export function keptNote(text: string): SignedNote | undefined {
  let last: SignedNote | undefined
  for (const { note } of notesOf(`${text.trim()}\n\n`)) last = note ?? last
  return last
}

// The checkpoints beside the record that one of the keys signed, oldest first.
export function signedNotes(directory: string, keys: readonly TrustedKey[]): readonly SignedNote[] {
  const path = join(directory, CHECKPOINTS_FILE)
  const found: SignedNote[] = []
  const trusted = [...keys]
  if (!existsSync(path)) return found
  for (const { note } of notesOf(readFileSync(path, 'utf8'))) {
    // Cut short by a crash, or being written: nothing relies on it.
    if (note === undefined || signerAmong(trusted, note) === undefined) continue
    found.push(note)
    trusted.push(...introducedBy(note))
  }
  return found
}

// The note as text with the lines of these keys alone: others could be put there by anybody.
export function noteText(note: SignedNote, keys: readonly Verifier[]): string {
  const lines = note.signatures
    .filter((signature) => keys.some((key) => key.verifies({ ...note, signatures: [signature] })))
    .map(({ name, bytes }) => `— ${name} ${bytes.toString('base64')}\n`)
  return `${note.text}\n${lines.join('')}`
}
