// One complete message of the target against what is expected (documentation 55.2 and 55.7). Answers
// whether it goes on to the client unchanged; what replaces it was gathered already.
import { noteTransactionOver } from './context.js'
import { endCut } from './cut-answer.js'
import { headOf, type Entry } from './expected.js'
import { filmMessage } from './filming.js'
import { keepRow } from './internal-query.js'
import { labelsGrew } from './labels-grew.js'
import { ended, skipped } from './outcomes.js'
import type { RelayState } from './relay-state.js'
import { noticePassed, notificationPassed, parameterPassed } from './asides.js'
import { cappedCompleted, cappedCopies, cappedReady, isSurrounding } from './row-cap.js'
import { columnsArrived, copyArrived, portalColumnsArrived, rowArrived } from './rows.js'
import { errorArrived } from './target-errors.js'
import { say } from './target-writes.js'
import { gatheredBytes } from './target-writes.js'

export function targetMessage(
  r: RelayState,
  type: number,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  const { film } = r
  if (film !== undefined && r.cut === undefined) {
    const pending = gatheredBytes() + r.passTo - r.passFrom
    filmMessage(r, film, type, pending, bytes, start, end)
  }
  switch (type) {
    case NOTICE:
      return noticePassed(r, bytes, start, end)
    case PARAMETER:
      return parameterPassed(r, bytes, start, end)
    case NOTIFICATION:
      return notificationPassed(r, bytes, start, end)
    case ERROR:
      return errorArrived(r, bytes, start, end)
    case READY:
      return readyArrived(r, bytes, start, end)
  }
  const entry = headOf(r.expected)
  if (entry === undefined || entry.failed || entry.swap !== undefined) return odd(r, type)
  const passes = answerArrived(r, entry, type, bytes, start, end)
  return passes && r.cut === undefined && entry.internal === undefined
}

function odd(r: RelayState, type: number): boolean {
  r.hostile(`an unexpected message of type ${String.fromCharCode(type)}`)
  return false
}

function answerArrived(
  r: RelayState,
  entry: Entry,
  type: number,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  switch (entry.kind) {
    case 'query':
    case 'execute':
      return resultArrived(r, entry, type, bytes, start, end)
    case 'parse':
      return type === PARSED ? settled(r, entry) : odd(r, type)
    case 'bind':
      return type === BOUND ? settled(r, entry) : odd(r, type)
    case 'close':
      return type === CLOSED ? settled(r, entry) : odd(r, type)
    case 'describe_statement':
      if (type === PARAMETERS) return true
      return described(r, entry, type, bytes, start, end)
    case 'describe_portal':
      return described(r, entry, type, bytes, start, end)
    case 'refused':
    case 'sync':
    case 'copy_end':
      return odd(r, type)
  }
}

function settled(r: RelayState, entry: Entry): boolean {
  r.expected.shift()
  for (const changes of entry.changes) r.memory.confirm(changes)
  finishInternal(r, entry)
  return true
}

// In a pipeline the last answer of a question of ours is that to its last Close.
function finishInternal(r: RelayState, entry: Entry): void {
  const { internal } = entry
  if (internal === undefined || internal === 'unasked') return
  if (r.expected.head()?.internal === internal) return
  if (r.internal === internal) r.internal = undefined
  internal.resolve(internal.rows)
}

function described(
  r: RelayState,
  entry: Entry,
  type: number,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  if (type !== NO_DATA && type !== ROW_DESCRIPTION) return odd(r, type)
  if (type === ROW_DESCRIPTION) portalColumnsArrived(r, entry.portal, bytes, start, end)
  r.expected.shift()
  return true
}

function resultArrived(
  r: RelayState,
  entry: Entry,
  type: number,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  if (entry.internal !== undefined && entry.internal !== 'unasked' && type === DATA_ROW) {
    if (!keepRow(entry.internal, bytes, start, end)) r.hostile('a malformed row')
    return false
  }
  const running = entry.commands[entry.index]
  if (isSurrounding(r, entry, type)) return false
  switch (type) {
    case DATA_ROW:
      if (running === undefined) return odd(r, type)
      return rowArrived(r, entry, running, bytes, start, end)
    case ROW_DESCRIPTION:
      if (entry.kind !== 'query' || running === undefined) return odd(r, type)
      return columnsArrived(r, running, bytes, start, end)
    case COMPLETE:
      if (running === undefined && entry.internal === undefined) return odd(r, type)
      if (r.capped?.entry === entry && running !== undefined) {
        return cappedCompleted(r, r.capped, running, bytes, start, end)
      }
      return completed(r, entry, bytes.toString('latin1', start + 5, end - 1))
    case EMPTY:
      if (running !== undefined) return odd(r, type)
      if (entry.kind === 'execute') r.expected.shift()
      return true
    case SUSPENDED:
      if (entry.kind !== 'execute' || r.capped?.entry === entry) return odd(r, type)
      r.expected.shift()
      return true
    case COPY_IN:
      return copyingIn(r, entry)
    case COPY_OUT:
      if (running === undefined) return odd(r, type)
      running.described = true
      return !labelsGrew(r, running)
    case COPY_DATA:
      if (running === undefined || !running.described) return odd(r, type)
      return copyArrived(r, entry, running, bytes, start, end)
    case COPY_DONE:
      return true
    default:
      return odd(r, type)
  }
}

function completed(r: RelayState, entry: Entry, tag: string): boolean {
  const running = entry.commands[entry.index]
  r.copyingIn = false
  if (running !== undefined) ended(r, running, 'done', { tag })
  const changes = entry.changes[entry.index]
  if (changes !== undefined) r.memory.confirm(changes)
  entry.index++
  if (entry.kind === 'execute') r.expected.shift()
  return true
}

// While a copy's data is awaited the target ignores Sync and Flush; any other message ends the copy with
// an error and is lost with it.
function copyingIn(r: RelayState, entry: Entry): boolean {
  if (r.onDrained !== undefined) {
    r.fail({ sqlstate: '08P01', message: 'unexpected message during COPY from stdin' })
    return false
  }
  r.copyingIn = true
  cappedCopies(r, entry)
  for (;;) {
    const next = r.expected.at(1)
    if (next === undefined) break
    if (next.kind === 'copy_end') {
      r.copyingIn = false
      break
    }
    if (next.kind !== 'sync') {
      if (entry.kind === 'query') skipped(r, r.expected.removeAt(1))
      break
    }
    r.expected.removeAt(1)
    r.pipelineOpen = true
  }
  return true
}

function readyArrived(r: RelayState, bytes: Buffer, start: number, end: number): boolean {
  const entry = headOf(r.expected)
  const before = entry === undefined ? 'nothing' : cappedReady(r, entry)
  if (before === 'early') return odd(r, READY)
  const status = bytes[start + 5]
  const done =
    entry !== undefined &&
    (entry.kind === 'sync' ||
      (entry.kind === 'query' &&
        (entry.failed || (entry.index >= entry.commands.length && entry.swap === undefined))))
  if (!done || end - start !== 6) return odd(r, READY)
  r.expected.shift()
  switch (status) {
    case 0x49:
      r.session.transaction = 'idle'
      r.memory.endTransaction()
      noteTransactionOver(r)
      break
    case 0x54:
      r.session.transaction = 'open'
      break
    case 0x45:
      r.session.transaction = 'failed'
      break
    default:
      return odd(r, READY)
  }
  if (r.cut !== undefined) return endCut(r, bytes.subarray(start, end))
  finishInternal(r, entry)
  if (before === 'nothing') return entry.internal === undefined
  say(r, before)
  say(r, bytes.subarray(start, end))
  return false
}

// Documentation 55.7.
const NOTICE = 0x4e
const PARAMETER = 0x53
const NOTIFICATION = 0x41
const ERROR = 0x45
const READY = 0x5a
const PARSED = 0x31
const BOUND = 0x32
const CLOSED = 0x33
const PARAMETERS = 0x74
const NO_DATA = 0x6e
const ROW_DESCRIPTION = 0x54
const DATA_ROW = 0x44
const COMPLETE = 0x43
const EMPTY = 0x49
const SUSPENDED = 0x73
const COPY_IN = 0x47
const COPY_OUT = 0x48
const COPY_DATA = 0x64
const COPY_DONE = 0x63
