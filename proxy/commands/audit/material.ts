// What the verbs of `sallyport audit` are handed: the record, files that were kept elsewhere, keys and
// checkpoints, a budget.
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { DEFAULTS } from '../../config/defaults.js'
import { GatewayError } from '../../errors.js'
import { placeOf } from '../../recording/read-record.js'
import type { SignedNote } from '../../recording/signed-note.js'
import {
  keptNote,
  keysFor,
  signedNotes,
  signerAmong,
  trustedKeys,
} from '../../recording/trusted-keys.js'
import type { TrustedKey } from '../../recording/trusted-keys.js'
import type { Io } from '../io.js'
import { recordPlace } from '../record-place.js'

export const RECORD_OPTIONS = {
  record: { type: 'string' },
  config: { type: 'string' },
  format: { type: 'string' },
} as const

export type NamedRecord = {
  readonly record?: string | undefined
  readonly config?: string | undefined
}

// The one place named, by position or by option.
export function placeFrom(positionals: readonly string[], values: NamedRecord, io: Io): string {
  if (positionals.length > 1) {
    throw new GatewayError('usage', `one record at a time, not ${positionals.join(' ')}`)
  }
  return recordPlace({ ...values, positional: positionals[0] }, io)
}

// Proofs are made of all lines from the first, so one segment is not enough.
export function wholeRecord(positionals: readonly string[], values: NamedRecord, io: Io): string {
  const { directory, only } = placeOf(placeFrom(positionals, values, io))
  if (only === undefined) return directory
  throw new GatewayError('usage', `${only} is one segment: name the directory of the record`)
}

export function fileBytes(path: string, io: Io): Buffer {
  try {
    return readFileSync(resolve(io.cwd, path))
  } catch (cause) {
    throw new GatewayError('not_found', `${path} cannot be read`, { cause })
  }
}

export function fileText(path: string, io: Io): string {
  return fileBytes(path, io).toString('utf8')
}

export function keepFile(path: string, text: string, io: Io): void {
  try {
    writeFileSync(resolve(io.cwd, path), text)
  } catch (cause) {
    throw new GatewayError('not_allowed', `${path} cannot be written`, { cause })
  }
}

export function keysIn(path: string, io: Io): readonly TrustedKey[] {
  const keys = trustedKeys(fileText(path, io))
  if (keys.length > 0) return keys
  throw new GatewayError('not_found', `${path} holds no public key`)
}

// Those of the file named, or those that the record itself vouches for.
export function keysOf(directory: string, path: string | undefined, io: Io): readonly TrustedKey[] {
  return keysFor(directory, path === undefined ? undefined : fileText(path, io))
}

// The checkpoint named, or the newest.
export function checkpointOf(
  directory: string,
  path: string | undefined,
  keys: readonly TrustedKey[],
  io: Io,
): SignedNote {
  return path === undefined ? newestCheckpoint(directory, keys) : checkpointIn(path, keys, io)
}

// A checkpoint kept elsewhere, signed by one of the keys.
export function checkpointIn(path: string, keys: readonly TrustedKey[], io: Io): SignedNote {
  const note = keptNote(fileText(path, io))
  if (note === undefined) throw new GatewayError('record_damaged', `${path} is not a checkpoint`)
  if (signerAmong(keys, note) !== undefined) return note
  throw new GatewayError('record_damaged', `${path} is not signed by a key that is trusted`)
}

function newestCheckpoint(directory: string, keys: readonly TrustedKey[]): SignedNote {
  const newest = signedNotes(directory, keys).at(-1)
  if (newest !== undefined) return newest
  throw new GatewayError(
    'not_found',
    `${directory} holds no checkpoint that is signed by a key that is trusted`,
  )
}

export function fuelOf(text: string | undefined): number {
  if (text === undefined) return DEFAULTS.fuel
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new GatewayError('usage', `${text} is not a budget`)
  return Number(text)
}
