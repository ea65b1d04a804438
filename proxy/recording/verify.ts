// The offline verifier: reads a whole record with nothing but public knowledge and names the first
// record that is not what was written. It relies on no gateway and changes nothing.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTree } from './merkle.js'
import type { Tree } from './merkle.js'
import { chainedLines, segmentsOf } from './read-record.js'
import type { PlacedLine, Problem, Segment } from './read-record.js'
import { NO_LINE, bytesHash } from './record-line.js'
import { readLine } from './segment-lines.js'
import type { ReadLine } from './segment-lines.js'
import { CHECKPOINTS_FILE, PUBLIC_KEY_FILE } from './segment.js'
import { notesOf, readNote, verifierOf } from './signed-note.js'
import type { SignedNote, Verifier } from './signed-note.js'

export type Verification = {
  readonly ok: boolean
  readonly lines: number
  readonly segments: number
  readonly checkpoints: number
  // How many lines the last good checkpoint covers.
  readonly signed: number
  // Hex root of the tree over all lines read.
  readonly root: string
  // The first bad record: `line` 0 means the file as a whole, `seq` the first that is affected.
  readonly problem?: Problem & { readonly seq: number }
  // Visible in the record and honest, but worth knowing: torn lines, failures, unsigned lines.
  readonly notes: readonly string[]
}

export type VerifyOptions = {
  readonly directory: string
  // Verifier key(s), one a line; otherwise those beside the record, which whoever changed the record
  // could have changed as well.
  readonly publicKey?: string
  // Text of a checkpoint that was kept elsewhere.
  readonly checkpoint?: string
}

type Check = { readonly where: string; readonly note: SignedNote }

// What has been read so far.
type Progress = {
  readonly tree: Tree
  readonly notes: string[]
  hash: string
  checked: number
  signed: number
  // Where the line after the last good checkpoint is.
  unsigned: Omit<Problem, 'what'> | undefined
}

export async function verifyRecord(options: VerifyOptions): Promise<Verification> {
  const { segments, problem: missing } = segmentsOf(options.directory)
  const progress: Progress = {
    tree: createTree(),
    notes: [],
    hash: NO_LINE,
    checked: 0,
    signed: 0,
    unsigned: undefined,
  }
  const ended = (problem?: Problem & { readonly seq: number }): Verification => ({
    ok: problem === undefined,
    lines: progress.tree.size(),
    segments: segments.length,
    checkpoints: progress.checked,
    signed: progress.signed,
    root: progress.tree.root().toString('hex'),
    ...(problem === undefined ? {} : { problem }),
    notes: progress.notes,
  })
  const { checks, wrong } = checkpointsOf(options, progress.notes)
  // A record whose chain is good up to a damaged checkpoint still says where the first bad line is.
  if (missing === undefined || segments[0]?.opening.previous === undefined) {
    for (const segment of segments) {
      const problem = await segmentProblem(options.directory, segment, progress, checks)
      if (problem !== undefined) return ended({ ...problem, seq: progress.tree.size() })
    }
  }
  if (missing !== undefined) {
    return ended({
      ...missing,
      seq: segments[0]?.opening.previous === undefined ? progress.tree.size() : 0,
    })
  }
  if (wrong !== undefined) return ended({ ...wrong, seq: progress.signed })
  const beyond = checks.find(({ note }) => note.checkpoint.size > progress.tree.size())
  if (beyond !== undefined) {
    const { size } = beyond.note.checkpoint
    const what =
      `the record ends after ${progress.tree.size()} lines, but ${beyond.where} was signed for ` +
      `${size}: ${size - progress.tree.size()} were removed`
    const file = segments.at(-1)?.file ?? options.directory
    return ended({ file, line: 0, what, seq: progress.tree.size() })
  }
  const rest = progress.tree.size() - progress.signed
  if (rest > 0) progress.notes.push(`the last ${rest} lines are not yet covered by a checkpoint`)
  return ended()
}

async function segmentProblem(
  directory: string,
  segment: Segment,
  progress: Progress,
  checks: readonly Check[],
): Promise<Problem | undefined> {
  const { previous, peaks = [], broken } = segment.opening
  const start = { file: segment.file, line: 1 }
  if (previous !== undefined) {
    if (previous.seq !== progress.tree.size() - 1 || previous.hash !== progress.hash) {
      return { ...start, what: 'it does not continue the last line of the segment before it' }
    }
    if (peaks.join() !== progress.tree.peaks().join()) {
      return { ...start, what: 'the tree it states is not the tree over the lines before it' }
    }
  }
  if (broken !== undefined)
    progress.notes.push(`${segment.file} was begun after a failure: ${broken}`)
  let turn = 0
  for (const placed of chainedLines(directory, segment)) {
    if ('what' in placed) return placed
    const read = readLine(placed.bytes)
    const problem =
      lineProblem(placed, read, progress) ?? checkpointProblem(placed, progress, checks)
    if (problem !== undefined) return problem
    note(placed, read, progress)
    turn += 1
    if (turn % 2_000 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  return undefined
}

function lineProblem(placed: PlacedLine, read: ReadLine, progress: Progress): Problem | undefined {
  const at = { file: placed.file, line: placed.number }
  if (read.line === undefined) return { ...at, what: read.wrong }
  const expected = progress.tree.size()
  const { seq, prev } = read.line
  if (seq > expected) return { ...at, what: `it has number ${seq} where ${expected} is missing` }
  if (seq < expected) return { ...at, what: `it has number ${seq}, which was there before` }
  if (prev !== progress.hash) {
    return {
      ...at,
      what: 'it does not follow from the line before it: that line, or this, was changed',
    }
  }
  progress.hash = bytesHash(placed.bytes)
  progress.tree.add(progress.hash)
  progress.unsigned ??= at
  return undefined
}

function checkpointProblem(
  placed: PlacedLine,
  progress: Progress,
  checks: readonly Check[],
): Problem | undefined {
  for (let i = progress.checked; i < checks.length; i += 1) {
    const check = checks[i]
    if (check === undefined || check.note.checkpoint.size !== progress.tree.size()) break
    if (!check.note.checkpoint.root.equals(progress.tree.root())) {
      const from = progress.unsigned ?? { file: placed.file, line: placed.number }
      return {
        ...from,
        what: `${check.where} was signed over other lines: one from here to ${placed.file}:${placed.number} was changed`,
      }
    }
    progress.checked += 1
    progress.signed = check.note.checkpoint.size
    progress.unsigned = undefined
  }
  return undefined
}

function note(placed: PlacedLine, { line }: ReadLine, progress: Progress): void {
  if (line?.kind !== 'gateway') return
  if (line.event === 'torn' || line.event === 'resumed') {
    progress.notes.push(`${placed.file}:${placed.number}: ${line.event}: ${line.detail ?? ''}`)
  }
}

// Every checkpoint to be met on the way, smallest first, signatures already verified.
function checkpointsOf(
  options: VerifyOptions,
  notes: string[],
): { readonly checks: readonly Check[]; readonly wrong?: Problem } {
  const path = join(options.directory, CHECKPOINTS_FILE)
  const keys = options.publicKey ?? optional(join(options.directory, PUBLIC_KEY_FILE)) ?? ''
  const verifiers = keys
    .split('\n')
    .filter((key) => key.trim() !== '')
    .map(verifierOf)
  const checks: Check[] = []
  let number = 0
  let size = 0
  const found = [...notesOf(optional(path) ?? '')]
  for (const { note } of found) {
    number += 1
    const at = { file: CHECKPOINTS_FILE, line: number }
    if (note === undefined) {
      notes.push(`${CHECKPOINTS_FILE}: checkpoint ${number} is cut short`)
      break
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
    checks.push({ where: `checkpoint ${number}`, note })
  }
  if (options.checkpoint === undefined) return { checks }
  const kept = readNote(`${options.checkpoint.trim()}\n`)
  const wrong = kept === undefined ? 'is not a checkpoint' : signatureProblem(kept, verifiers)
  if (kept === undefined || wrong !== undefined) {
    return { checks, wrong: { file: 'the checkpoint given', line: 0, what: wrong ?? '' } }
  }
  checks.push({ where: 'the checkpoint given', note: kept })
  return { checks: checks.sort((a, b) => a.note.checkpoint.size - b.note.checkpoint.size) }
}

function signatureProblem(note: SignedNote, verifiers: readonly Verifier[]): string | undefined {
  if (verifiers.length === 0) return 'cannot be verified: there is no public key'
  return verifiers.some(
    (verifier) => verifier.verifies(note) && verifier.name === note.checkpoint.origin,
  )
    ? undefined
    : 'is not signed by a key of this record'
}

function optional(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
