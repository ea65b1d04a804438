// The checkpoints that a record must meet on the way through its lines, their signatures verified.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem } from './read-record.js'
import { CHECKPOINTS_FILE, PUBLIC_KEY_FILE, WITNESSED_FILE } from './segment.js'
import { notesOf } from './signed-note.js'
import type { SignedNote } from './signed-note.js'
import { introducedBy, keptNote, signerAmong, trustedKeys } from './trusted-keys.js'
import type { TrustedKey } from './trusted-keys.js'

export type Check = { readonly where: string; readonly note: SignedNote }

export type CheckpointSources = {
  readonly directory: string
  // Verifier key(s), one a line; otherwise those beside the record, which whoever changed the record
  // could have changed as well.
  readonly publicKey?: string
  // Text of a checkpoint that was kept elsewhere.
  readonly checkpoint?: string
  // Checkpoints as they were published elsewhere, all of each place.
  readonly published?: readonly Published[]
}

export type Published = { readonly where: string; readonly text: string }

// Every checkpoint to be met on the way, smallest first, signatures already verified.
export function checkpointsOf(options: CheckpointSources): {
  readonly checks: readonly Check[]
  readonly wrong?: Problem
} {
  const path = join(options.directory, CHECKPOINTS_FILE)
  const keys = options.publicKey ?? optional(join(options.directory, PUBLIC_KEY_FILE)) ?? ''
  const verifiers = [...trustedKeys(keys)]
  const checks: Check[] = []
  let number = 0
  let size = 0
  const found = [...notesOf(optional(path) ?? '')]
  for (const { note, whole } of found) {
    number += 1
    const at = { file: CHECKPOINTS_FILE, line: number }
    // Cut short by a crash, or being written: nothing relies on it.
    if (note === undefined && !whole) break
    if (note === undefined) {
      return { checks, wrong: { ...at, what: `checkpoint ${number} was changed: it is none` } }
    }
    const wrong = signatureProblem(note, verifiers)
    if (wrong !== undefined)
      return { checks, wrong: { ...at, what: `checkpoint ${number} ${wrong}` } }
    if (note.checkpoint.size < size) {
      return {
        checks,
        wrong: { ...at, what: `checkpoint ${number} covers less than the one before it` },
      }
    }
    size = note.checkpoint.size
    // Who trusts the old key has its word for the new one.
    verifiers.push(...introducedBy(note))
    checks.push({ where: `checkpoint ${number}`, note })
  }
  for (const { where, text } of [...publishedOf(options), witnessedOf(options.directory)]) {
    const more = placedChecks(where, text, verifiers, where === WITNESSED_FILE)
    checks.push(...more.checks)
    if (more.wrong !== undefined) return { checks: bySize(checks), wrong: more.wrong }
  }
  if (options.checkpoint === undefined) return { checks: bySize(checks) }
  const kept = keptNote(options.checkpoint)
  const wrong = kept === undefined ? 'is not a checkpoint' : signatureProblem(kept, verifiers)
  if (kept === undefined || wrong !== undefined) {
    return {
      checks: bySize(checks),
      wrong: { file: 'the checkpoint given', line: 0, what: wrong ?? '' },
    }
  }
  checks.push({ where: 'the checkpoint given', note: kept })
  return { checks: bySize(checks) }
}

function bySize(checks: readonly Check[]): readonly Check[] {
  return checks.toSorted((a, b) => a.note.checkpoint.size - b.note.checkpoint.size)
}

function publishedOf({ published = [] }: CheckpointSources): readonly Published[] {
  return published
}

function witnessedOf(directory: string): Published {
  return { where: WITNESSED_FILE, text: optional(join(directory, WITNESSED_FILE)) ?? '' }
}

// `cutAllowed`: the file is being written, or a crash cut it.
function placedChecks(
  where: string,
  text: string,
  verifiers: readonly TrustedKey[],
  cutAllowed: boolean,
): { readonly checks: readonly Check[]; readonly wrong?: Problem } {
  const checks: Check[] = []
  let number = 0
  const read = text === '' || cutAllowed ? text : `${text.trim()}\n\n`
  for (const { note, whole } of notesOf(read)) {
    number += 1
    if (note === undefined && cutAllowed && !whole) break
    const wrong = note === undefined ? 'is not a checkpoint' : signatureProblem(note, verifiers)
    if (note === undefined || wrong !== undefined) {
      return { checks, wrong: { file: where, line: number, what: `checkpoint ${number} ${wrong}` } }
    }
    checks.push({ where: `checkpoint ${number} of ${where}`, note })
  }
  return { checks }
}

function signatureProblem(note: SignedNote, verifiers: readonly TrustedKey[]): string | undefined {
  if (verifiers.length === 0) return 'cannot be verified: there is no public key'
  return signerAmong(verifiers, note) === undefined
    ? 'is not signed by a key of this record'
    : undefined
}

function optional(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
