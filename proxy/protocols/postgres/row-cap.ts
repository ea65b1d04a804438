// Holds a command to the number of rows that it may change. What the target has changed is told by its
// CommandComplete, and must not be committed before that was read: a Query goes to the target by the
// extended protocol, whose Sync (documentation 55.2.3) commits and is ours to send; an Execute is followed
// by Flush, and nothing of the client's goes on before its answer. Too many rows, and a statement that
// certainly fails is sent instead, so that PostgreSQL itself rolls back what a failing one would.
import type { Entry } from './expected.js'
import { entryOf } from './expected.js'
import { insert, swallow } from './client-writes.js'
import { ended } from './outcomes.js'
import { errorResponse, SUBSTITUTE_PARSE, type Failure } from './refuse.js'
import type { RelayState } from './relay-state.js'
import type { Running } from './running.js'
import { say } from './target-writes.js'
import { message } from './wire-bytes.js'

export type Capped = {
  readonly entry: Entry
  // A Query in the messages of the extended protocol: what the target answers to those stays here.
  readonly query: boolean
  // `ending`: its Sync is with the target. `undoing`: so is what makes it fail, whose error is ours.
  stage: 'running' | 'ending' | 'undoing'
  // CommandComplete, kept until the target has committed.
  complete: Buffer | undefined
  // How many of ParseComplete, BindComplete and the description have come.
  opened: number
}

const SYNC = message('S')
const FLUSH = message('H')
const REST = Buffer.concat([
  message('B', '', '', 0, 0, 0),
  message('D', Buffer.from('P'), ''),
  message('E', '', Buffer.alloc(4)),
  FLUSH,
])

// The Query in front, whose one statement is capped. What it does to the client's unnamed statement and
// portal is what a Query does: they are gone.
export function sendCappedQuery(r: RelayState, end: number, text: string, entry: Entry): void {
  swallow(r, end)
  insert(r, Buffer.concat([message('P', '', text, 0), REST]), entry)
  waitFor(r, entry, true)
}

// An Execute was forwarded: its answer is asked for, and nothing goes on before it has come.
export function awaitCapped(r: RelayState, entry: Entry): void {
  toTarget(r, FLUSH)
  waitFor(r, entry, false)
}

function waitFor(r: RelayState, entry: Entry, query: boolean): void {
  r.capped = { entry, query, stage: 'running', complete: undefined, opened: 0 }
  r.waiting = 'other'
}

// The target waits for a copy's data: the client may send it.
export function cappedCopies(r: RelayState, entry: Entry): void {
  if (r.capped?.entry === entry) letGo(r)
}

// The client has sent all of it (CopyDone or CopyFail went to the target).
export function cappedCopyEnds(r: RelayState): void {
  if (r.capped?.stage !== 'running') return
  toTarget(r, FLUSH)
  r.waiting = 'other'
}

// Whether this answer is one to what surrounds a Query.
export function isSurrounding(r: RelayState, entry: Entry, type: number): boolean {
  const { capped } = r
  if (capped === undefined || capped.entry !== entry || !capped.query) return false
  if (capped.stage !== 'running') return false
  const due = [PARSED, BOUND, NO_DATA][capped.opened] === type
  if (due) capped.opened++
  return due
}

// CommandComplete of a capped command. Answers whether it goes on now.
export function cappedCompleted(
  r: RelayState,
  capped: Capped,
  running: Running,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  const { entry, query } = capped
  r.copyingIn = false
  if (capped.stage !== 'running') {
    r.hostile('a second end of one command')
    return false
  }
  const rows = rowsOf(bytes.toString('latin1', start + 5, end - 1))
  const max = running.rowsAffectedMax ?? 0
  if (r.cut === undefined && rows !== undefined && rows <= max) {
    // What comes behind a client that has left is its end: nothing will be committed.
    if (r.leavingSince > 0) ended(r, running, 'cancelled', {})
    else if (query) {
      capped.complete = Buffer.from(bytes.subarray(start, end))
      capped.stage = 'ending'
      toTarget(r, SYNC)
    } else return kept(r, running, bytes.toString('latin1', start + 5, end - 1))
    return false
  }
  exceeded(r, running, rows, max)
  for (const changes of entry.changes) r.memory.drop(changes)
  if (query) {
    entry.failed = true
    capped.stage = 'undoing'
    toTarget(r, Buffer.concat([SUBSTITUTE_PARSE, SYNC]))
    return false
  }
  r.expected.shift()
  r.expected.push(entryOf('refused', r.segment, { hush: true }))
  toTarget(r, SUBSTITUTE_PARSE)
  r.pipelineOpen = true
  r.skipping = true
  letGo(r)
  r.capped = undefined
  return false
}

// Within a pipeline the client's own Sync commits.
function kept(r: RelayState, running: Running, tag: string): boolean {
  const entry = r.expected.shift()
  ended(r, running, 'done', { tag })
  for (const changes of entry?.changes ?? []) r.memory.confirm(changes)
  letGo(r)
  r.capped = undefined
  return true
}

function exceeded(r: RelayState, running: Running, rows: number | undefined, max: number): void {
  // Something else has ended its answer already.
  if (r.cut !== undefined) return
  const failure = tooMany(max)
  say(r, errorResponse(failure))
  ended(r, running, 'failed', { sqlstate: failure.sqlstate })
  const changed = rows === undefined ? 'an unknown number of' : String(rows)
  const detail = `${changed} rows, where ${max} are allowed; rolled back`
  r.parts.onIncident('row_cap_exceeded', r.session.id, running.command, detail)
}

function tooMany(max: number): Failure {
  return {
    sqlstate: '54000',
    message: `the command changed more than the ${max} rows allowed, so it was undone`,
    hint: 'narrow it down, or ask for an approval of more',
  }
}

// An error was answered and the entries behind it dealt with. Whether the client is to be told stays
// with the caller, but for the one that we asked for.
export function cappedFailed(r: RelayState): void {
  const { capped } = r
  if (capped === undefined) return
  const { entry, query, stage } = capped
  if (!isExpected(r, entry)) {
    r.capped = undefined
    letGo(r)
  } else if (query && entry.failed && stage === 'running') {
    capped.stage = 'ending'
    r.waiting = 'other'
    toTarget(r, SYNC)
  }
}

// The error that undoes a Query: it is no news.
export function isOurUndoing(r: RelayState, entry: Entry): boolean {
  const { capped } = r
  if (capped?.entry !== entry || capped.stage !== 'undoing') return false
  capped.stage = 'ending'
  return true
}

// ReadyForQuery of a capped Query comes: nothing to say before it, or its CommandComplete; or it comes
// too early.
export function cappedReady(r: RelayState, entry: Entry): Buffer | 'nothing' | 'early' {
  const { capped } = r
  if (capped?.entry !== entry) return 'nothing'
  if (capped.stage !== 'ending') return 'early'
  r.capped = undefined
  r.pipelineOpen = false
  letGo(r)
  const { complete } = capped
  const running = entry.commands[0]
  if (entry.failed || complete === undefined || running === undefined) return 'nothing'
  ended(r, running, 'done', { tag: complete.toString('latin1', 5, complete.length - 1) })
  for (const changes of entry.changes) r.memory.confirm(changes)
  entry.index++
  return r.cut === undefined ? complete : 'nothing'
}

// The client's messages go on, once this reading of the target is dealt with.
function letGo(r: RelayState): void {
  r.waiting = 'no'
  r.pumpAgain = true
}

function toTarget(r: RelayState, bytes: Buffer): void {
  if (!r.connected.target.write(bytes)) r.targetFull = true
}

function isExpected(r: RelayState, entry: Entry): boolean {
  for (let i = 0; i < r.expected.size(); i++) if (r.expected.at(i) === entry) return true
  return false
}

// "INSERT oid rows", else "COMMAND rows" (55.7, CommandComplete). undefined where it does not say.
export function rowsOf(tag: string): number | undefined {
  const found = /^(?:INSERT \d{1,10}|UPDATE|DELETE|MERGE|COPY) (\d{1,15})$/.exec(tag)
  return found?.[1] === undefined ? undefined : Number(found[1])
}

// Documentation 55.7.
const PARSED = 0x31
const BOUND = 0x32
const NO_DATA = 0x6e
