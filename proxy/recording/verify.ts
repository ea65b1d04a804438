// The offline verifier: reads a whole record with nothing but public knowledge and names the first
// record that is not what was written. It relies on no gateway and changes nothing.
import { join } from 'node:path'
import { createTree } from './merkle.js'
import type { Tree } from './merkle.js'
import { chainedLines, segmentsOf } from './read-record.js'
import type { PlacedLine, Problem, Segment } from './read-record.js'
import { NO_LINE, bytesHash } from './record-line.js'
import { partIsSound } from './recorded-facts.js'
import { openingOf, readLine } from './segment-lines.js'
import type { ReadLine } from './segment-lines.js'
import { CHECKPOINTS_FILE, WITNESSED_FILE, segmentName } from './segment.js'
import { checkpointsOf } from './verify-checkpoints.js'
import type { Check, CheckpointSources } from './verify-checkpoints.js'
import { witnessedBy } from './verify-witnesses.js'
import type { Witnessed, WitnessTrust } from './verify-witnesses.js'

export type Verification = {
  readonly ok: boolean
  readonly lines: number
  readonly segments: number
  readonly checkpoints: number
  // How many lines the last good checkpoint covers.
  readonly signed: number
  // Where witnesses were named: what a quorum of them signed too.
  readonly witnessed?: Witnessed
  // Hex root of the tree over all lines read.
  readonly root: string
  // The first bad record: `line` 0 means the file as a whole, `seq` the first that is affected.
  readonly problem?: BadRecord
  // Visible in the record and honest, but worth knowing: torn lines, failures, unsigned lines.
  readonly notes: readonly string[]
}

export type VerifyOptions = CheckpointSources & {
  // Only this segment, trusting what its first line says of those before it.
  readonly only?: string
  readonly witnesses?: WitnessTrust
}

// Lines read before other work gets its turn.
const LINES_A_TURN = 2_000
const BROKEN_CHAIN = 'broken chain'

type Place = Omit<Problem, 'what'>

// `seq`: the first number that cannot be trusted.
export type BadRecord = Problem & { readonly seq: number }

// What has been read so far.
type Progress = {
  readonly tree: Tree
  readonly notes: string[]
  hash: string
  checked: number
  signed: number
  // Where the line after the last good checkpoint is.
  unsigned: Place | undefined
  last: Place | undefined
}

export async function verifyRecord(options: VerifyOptions): Promise<Verification> {
  // In this order: a gateway may be writing, and what it signs later must not look like a cut.
  const { checks, wrong } = checkpointsOf(options)
  const { segments, problem: missing } = segmentsOf(options.directory)
  const only =
    segments.find(({ file }) => file === options.only) ?? lone(options.directory, options.only)
  const progress = only === undefined ? startOfRecord() : startOfSegment(only, checks)
  const chosen = only === undefined ? segments : [only]
  const witnessed = options.witnesses && witnessedBy(checks, options.witnesses)
  const problem =
    (await firstProblem(options.directory, chosen, progress, checks)) ??
    (missing === undefined || only !== undefined
      ? undefined
      : { ...missing, seq: progress.tree.size() }) ??
    (wrong === undefined ? undefined : { ...wrong, seq: progress.signed }) ??
    (only === undefined ? cutProblem(segments, progress, checks) : undefined) ??
    unwitnessedProblem(witnessed)
  if (options.only !== undefined) {
    progress.notes.push(
      `only ${options.only}; what its first line says of the lines before is trusted`,
    )
  }
  const rest = progress.tree.size() - progress.signed
  if (problem === undefined && rest > 0 && options.only === undefined) {
    progress.notes.push(`the last ${rest} lines are not yet covered by a checkpoint`)
  }
  const unseen = progress.tree.size() - (witnessed?.lines ?? progress.tree.size())
  if (problem === undefined && unseen > 0) {
    progress.notes.push(`the last ${unseen} lines are not yet signed by the witnesses`)
  }
  return {
    ok: problem === undefined,
    lines: progress.tree.size(),
    segments: chosen.length,
    checkpoints: progress.checked,
    signed: progress.signed,
    ...(witnessed === undefined ? {} : { witnessed }),
    root: progress.tree.root().toString('hex'),
    ...(problem === undefined ? {} : { problem }),
    notes: progress.notes,
  }
}

function unwitnessedProblem(witnessed: Witnessed | undefined): BadRecord | undefined {
  if (witnessed?.wrong === undefined) return undefined
  return { file: WITNESSED_FILE, line: 0, what: witnessed.wrong, seq: 0 }
}

// A segment whose neighbours are elsewhere can still be looked at.
function lone(directory: string, file: string | undefined): Segment | undefined {
  const { opening } = file === undefined ? {} : openingOf(join(directory, file))
  return file === undefined || opening === undefined
    ? undefined
    : { file, opening, bytes: undefined, left: undefined }
}

function startOfRecord(): Progress {
  const tree = createTree()
  return {
    tree,
    notes: [],
    hash: NO_LINE,
    checked: 0,
    signed: 0,
    unsigned: undefined,
    last: undefined,
  }
}

function startOfSegment({ opening }: Segment, checks: readonly Check[]): Progress {
  const size = (opening.previous?.seq ?? -1) + 1
  const earlier = checks.filter(({ note }) => note.checkpoint.size <= size)
  return {
    ...startOfRecord(),
    tree: createTree(size, opening.peaks ?? []),
    hash: opening.previous?.hash ?? NO_LINE,
    checked: earlier.length,
    signed: earlier.at(-1)?.note.checkpoint.size ?? 0,
  }
}

async function firstProblem(
  directory: string,
  segments: readonly Segment[],
  progress: Progress,
  checks: readonly Check[],
): Promise<BadRecord | undefined> {
  for (const segment of segments) {
    const problem = await segmentProblem(directory, segment, progress, checks)
    if (problem !== undefined) return { seq: progress.tree.size(), ...problem }
  }
  return undefined
}

function cutProblem(
  segments: readonly Segment[],
  progress: Progress,
  checks: readonly Check[],
): BadRecord | undefined {
  const found = progress.tree.size()
  if (found === 0) return { file: segmentName(1), line: 0, what: 'there are no lines', seq: 0 }
  const beyond = checks.find(({ note }) => note.checkpoint.size > found)
  if (beyond === undefined) return undefined
  const { size } = beyond.note.checkpoint
  const what =
    `the record ends after ${found} lines, but ${beyond.where} was signed for ` +
    `${size}: ${size - found} were removed`
  return { file: segments.at(-1)?.file ?? CHECKPOINTS_FILE, line: 0, what, seq: found }
}

async function segmentProblem(
  directory: string,
  segment: Segment,
  progress: Progress,
  checks: readonly Check[],
): Promise<Problem | BadRecord | undefined> {
  const { previous, peaks = [], broken } = segment.opening
  const start = { file: segment.file, line: 1 }
  if (previous !== undefined) {
    if (previous.seq !== progress.tree.size() - 1) {
      return { ...start, what: 'it does not continue the last line of the segment before it' }
    }
    if (previous.hash === progress.hash && peaks.join() !== progress.tree.peaks().join()) {
      return { ...start, what: 'the tree it states is not the tree over the lines before it' }
    }
  }
  if (broken !== undefined)
    progress.notes.push(`${segment.file} was begun after a failure: ${broken}`)
  const lines = chainedLines(directory, segment)
  let turn = 0
  for (let at = lines.next(); at.done !== true; at = lines.next()) {
    const placed = at.value
    if ('what' in placed) return placed
    const read = readLine(placed.bytes)
    const problem = lineProblem(placed, read, progress)
    if (problem === BROKEN_CHAIN) return brokenAt(placed, lines.next().value ?? undefined, progress)
    if (problem !== undefined) return problem
    const unsigned = checkpointProblem(placed, progress, checks)
    if (unsigned !== undefined) return unsigned
    note(placed, read, progress)
    turn += 1
    if (turn % LINES_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  return undefined
}

// Two lines do not fit together. The line after them tells which was changed: it holds the hash of
// the second as it was written.
function brokenAt(
  second: PlacedLine,
  after: PlacedLine | Problem | undefined,
  progress: Progress,
): BadRecord {
  const seq = progress.tree.size()
  const third = after !== undefined && 'bytes' in after ? readLine(after.bytes).line : undefined
  const intact = third === undefined || third.prev === bytesHash(second.bytes)
  if (intact && progress.last !== undefined) {
    return {
      ...progress.last,
      seq: seq - 1,
      what: 'it was changed: the line after it holds another hash',
    }
  }
  const at = { file: second.file, line: second.number }
  return { ...at, seq, what: 'it was changed: it does not hold the hash of the line before it' }
}

function lineProblem(
  placed: PlacedLine,
  read: ReadLine,
  progress: Progress,
): Problem | typeof BROKEN_CHAIN | undefined {
  const at = { file: placed.file, line: placed.number }
  if (read.line === undefined) return { ...at, what: read.wrong }
  const expected = progress.tree.size()
  const { seq, prev } = read.line
  if (seq > expected) return { ...at, what: `it has number ${seq} where ${expected} is missing` }
  if (seq < expected) return { ...at, what: `it has number ${seq}, which was there before` }
  if (prev !== progress.hash) return BROKEN_CHAIN
  if (read.line.kind === 'part' && !partIsSound(read.line.digest, read.line.value)) {
    return { ...at, what: 'its digest is not that of its value' }
  }
  progress.hash = bytesHash(placed.bytes)
  progress.tree.add(progress.hash)
  progress.last = at
  progress.unsigned ??= at
  return undefined
}

function checkpointProblem(
  placed: PlacedLine,
  progress: Progress,
  checks: readonly Check[],
): BadRecord | undefined {
  for (let i = progress.checked; i < checks.length; i += 1) {
    const check = checks[i]
    if (check === undefined || check.note.checkpoint.size !== progress.tree.size()) break
    if (!check.note.checkpoint.root.equals(progress.tree.root())) {
      const from = progress.unsigned ?? { file: placed.file, line: placed.number }
      return {
        ...from,
        seq: progress.signed,
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
  const { event, detail } = line
  if (event === 'torn' || event === 'resumed' || event === 'key_rotated') {
    const what = detail ?? (event === 'key_rotated' ? `signed by ${line.to ?? ''} from here` : '')
    progress.notes.push(`${placed.file}:${placed.number}: ${event}: ${what}`)
  }
}
