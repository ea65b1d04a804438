// What the client sees, on its way to the session's recording: exactly the bytes that are written to it,
// so that nothing can be in a recording that did not go out as it is there. Where an answer begins, and
// where rows are left out, is marked by its place among those bytes before they are written.
import type { RecordTerms, Tape } from '../../session-tape.js'
import type { Entry } from './expected.js'
import type { RelayState } from './relay-state.js'
import type { Running } from './running.js'

export type Filming = {
  readonly tape: Tape
  // Bytes written to the client so far, and what happens at which of them.
  out: number
  readonly marks: Mark[]
  // Bytes are left out at the moment; and will be, once all marks are passed.
  skips: boolean
  willSkip: boolean
  // Whose answer it is once all marks are passed; -1 before the first.
  turn: number
  running: Running | undefined
}

type Mark = {
  readonly at: number
  readonly skips: boolean
  readonly say: ((tape: Tape) => void) | undefined
}

export const NOT_RECORDED: RecordTerms = { level: 'none', rows: 0, bytes: 0, required: false }

export function filmingOf(tape: Tape | undefined): Filming | undefined {
  if (tape === undefined) return undefined
  return {
    tape,
    out: 0,
    marks: [],
    skips: false,
    willSkip: false,
    turn: -1,
    running: undefined,
  }
}

// These bytes go to the client now. False: the recording has enough to do.
export function filmed(film: Filming, bytes: Uint8Array): boolean {
  const { tape, marks } = film
  const end = film.out + bytes.length
  let from = film.out
  while (marks.length > 0) {
    const [mark] = marks
    if (mark === undefined || mark.at >= end) break
    if (!film.skips && mark.at > from) tape.wire(bytes, from - film.out, mark.at - film.out)
    from = Math.max(from, mark.at)
    film.skips = mark.skips
    mark.say?.(tape)
    marks.shift()
  }
  if (!film.skips && end > from) tape.wire(bytes, from - film.out, bytes.length)
  film.out = end
  return !tape.full()
}

// A message other than a passed-on row is about to be dealt with; `pending` bytes go out before it.
export function filmMessage(
  r: RelayState,
  film: Filming,
  type: number,
  pending: number,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  const entry = ahead(r)
  if (entry === undefined || (entry.internal !== undefined && entry.internal !== 'unasked')) return
  const running = entry.commands[entry.index] ?? entry.portal?.running
  if (type === DATA_ROW || type === COPY_DATA) {
    if (running !== undefined) filmRow(film, entry, running, type, end - start, pending)
    return
  }
  if (type === READY || type === NOTIFICATION || type === PARAMETER) return
  if (type === ROW_DESCRIPTION) described(entry, running, bytes, start, end)
  const command = running?.command ?? (entry.swap === undefined ? 0 : entry.told)
  if (type === NOTICE && command === 0) return
  turnTo(film, command, running, pending)
  const skips = running?.recorded.level === 'none'
  if (film.willSkip !== skips) mark(film, pending, skips, undefined)
}

// A row, or a piece of a copy, of so many bytes goes to the client behind `pending` others.
export function filmRow(
  film: Filming,
  entry: Entry,
  running: Running,
  type: number,
  length: number,
  pending: number,
): void {
  if (film.running !== running) turnTo(film, running.command, running, pending)
  const { recorded } = running
  if (running.rows >= recorded.rows || running.bytes + length > recorded.bytes) {
    if (film.willSkip) return
    const { command } = running
    const why = whyCut(recorded, running.rows, running.bytes)
    mark(film, pending, true, why === '' ? undefined : (tape) => tape.cut(command, why))
  } else if (!running.shown && type === DATA_ROW && entry.portal !== undefined) {
    running.shown = true
    const { command, description } = running
    const { formats, prepared } = entry.portal
    const shape = description ?? prepared?.description
    mark(film, pending, film.willSkip, (tape) => tape.shape(command, formats, shape))
  }
}

// Whether this command's further rows are left out, and that is marked already.
export function filmLeavesOut(film: Filming, running: Running): boolean {
  return film.willSkip && film.running === running
}

// The gateway itself says something about this command, between two messages of the target.
export function filmAside(r: RelayState, command: number): void {
  const { film } = r
  if (film !== undefined && film.turn !== command) turnTo(film, command, undefined, 0)
}

// The gateway itself ends an answer here: that is recorded, whatever of its rows is not.
export function filmEnd(film: Filming, pending: number): void {
  if (film.willSkip && film.running?.recorded.level !== 'none') {
    mark(film, pending, false, undefined)
  }
}

function described(
  entry: Entry,
  running: Running | undefined,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  if (end - start > DESCRIPTION_BYTES_MAX) return
  if (entry.kind === 'describe_statement' && entry.prepared !== undefined) {
    entry.prepared.description = Buffer.from(bytes.subarray(start, end))
  } else if (running !== undefined) {
    if (entry.internal === 'unasked') running.description = Buffer.from(bytes.subarray(start, end))
    else running.shown = true
  }
}

function turnTo(
  film: Filming,
  command: number,
  running: Running | undefined,
  pending: number,
): void {
  film.running = running
  const skips = running?.recorded.level === 'none'
  if (film.turn === command && film.willSkip === skips) return
  film.turn = command
  mark(film, pending, skips, (tape) => tape.turn(command))
}

function mark(film: Filming, pending: number, skips: boolean, say: Mark['say']): void {
  film.marks.push({ at: film.out + pending, skips, say })
  film.willSkip = skips
}

function whyCut({ level, rows, bytes }: RecordTerms, had: number, hadBytes: number): string {
  if (level !== 'results') return level === 'none' ? '' : 'rows are not recorded (level commands)'
  if (had >= rows) return `only ${rows} rows are recorded`
  return `only ${Math.max(bytes, hadBytes)} bytes of rows are recorded`
}

// CopyDone and CopyFail are answered by nothing.
function ahead({ expected }: RelayState): Entry | undefined {
  for (let i = 0; ; i++) {
    const entry = expected.at(i)
    if (entry?.kind !== 'copy_end') return entry
  }
}

const DESCRIPTION_BYTES_MAX = 65_536
const DATA_ROW = 0x44
const COPY_DATA = 0x64
const READY = 0x5a
const NOTICE = 0x4e
const NOTIFICATION = 0x41
const PARAMETER = 0x53
const ROW_DESCRIPTION = 0x54
