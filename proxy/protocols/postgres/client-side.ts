// The client's bytes: cut into messages, each completely read before anything of it goes on. A message
// that must wait stays in front; what comes behind it is kept up to a bound, then the client is no
// longer read.
import { flush, refuseExtended, refuseQuery, swallow } from './client-writes.js'
import { drained, resume } from './context.js'
import { bind, parse } from './extended-query.js'
import { close, copyMessage, describe, execute, flushMessage, sync } from './portal-messages.js'
import type { Failure } from './refuse.js'
import { emptied, keep, type RelayState } from './relay-state.js'
import { simpleQuery } from './simple-query.js'
import { int32At } from './wire-bytes.js'

// Read ahead of a message that waits; beyond it the client must wait, too.
const AHEAD_BYTES_MAX = 65_536
const AHEAD_OF_HELD_BYTES_MAX = 1024 * 1024
// Messages that the target owes an answer to.
const EXPECTED_MAX = 10_000

export function clientBytes(r: RelayState, chunk: Buffer): void {
  if (r.ended) return
  r.activeAt = r.parts.clock.monotonicUs()
  const { client } = r
  if (client.end > Math.min(client.at, r.sendFrom)) {
    const moved = keep(client, Math.min(client.at, r.sendFrom), chunk)
    r.sendFrom -= moved
    pump(r)
    return
  }
  // Nothing is left over: the chunk is worked on where it is, and what stays is copied afterwards.
  const own = client.bytes
  client.bytes = chunk
  client.at = 0
  client.end = chunk.length
  r.sendFrom = 0
  pump(r)
  const from = Math.min(client.at, r.sendFrom)
  if (client.bytes !== chunk) return
  const left = chunk.subarray(from, client.end)
  client.bytes = own
  client.at -= from
  client.end = 0
  r.sendFrom -= from
  if (left.length === 0) return
  const at = client.at
  client.at = 0
  keep(client, 0, left)
  client.at = at
}

export function pump(r: RelayState): void {
  const { client } = r
  while (!r.ended && !isBusy(r)) {
    if (client.end - client.at < 5) break
    const type = client.bytes[client.at] ?? 0
    const length = int32At(client.bytes, client.at + 1)
    if (length < 4 || length > r.parts.limits.messageBytes) {
      r.fail({ sqlstate: '08P01', message: 'invalid message length' })
      return
    }
    const end = client.at + 1 + length
    if (end > client.end) break
    if (r.expected.size() > EXPECTED_MAX && !r.copyingIn) {
      drained(r, () => resume(r))
      break
    }
    if (!read(r, type, client.at, end)) break
  }
  if (r.ended) return
  if (r.waiting !== 'judge') flush(r)
  afterPump(r)
}

// An answer that was cut short is brought to its end first; up to the client's Sync all is discarded.
function isBusy(r: RelayState): boolean {
  if (r.waiting !== 'no' || r.targetFull || r.leavingSince > 0) return true
  return r.cut !== undefined && !r.skipping
}

function afterPump(r: RelayState): void {
  const { client } = r
  const left = client.end - client.at
  const idle = !isBusy(r)
  if (left === 0 && client.at === r.sendFrom) emptied(client)
  if (!idle || left === 0) r.partialSince = 0
  else if (r.partialSince === 0) r.partialSince = r.activeAt
  // While a command is held the client is read on, or its leaving would not be noticed.
  if (r.abort !== undefined && left > AHEAD_OF_HELD_BYTES_MAX) {
    r.fail({ sqlstate: '54000', message: 'too much was sent behind a command that is held' })
    return
  }
  const ahead = r.abort === undefined && !idle && left > AHEAD_BYTES_MAX
  const pause = r.targetFull || ahead
  if (pause !== r.clientPaused) {
    r.clientPaused = pause
    if (pause) r.connected.client.pause()
    else r.connected.client.resume()
  }
}

// One complete message. False: it stays in front and waits.
function read(r: RelayState, type: number, start: number, end: number): boolean {
  if (type === TERMINATE) {
    flush(r)
    r.leave()
    return false
  }
  if (r.skipping && type !== SYNC) {
    if (!KNOWN.has(type)) return unknownType(r, type)
    swallow(r, end)
    return true
  }
  if (r.copyingIn && !WHILE_COPYING.has(type)) {
    r.fail({ sqlstate: '08P01', message: 'unexpected message during COPY from stdin' })
    return false
  }
  switch (type) {
    case QUERY:
      return simpleQuery(r, start, end)
    case PARSE:
      return parse(r, start, end)
    case BIND:
      return bind(r, start, end)
    case EXECUTE:
      return execute(r, start, end)
    case DESCRIBE:
      return describe(r, start, end)
    case CLOSE:
      return close(r, start, end)
    case SYNC:
      return sync(r, start, end)
    case FLUSH:
      return flushMessage(r, start, end)
    case COPY_DATA:
    case COPY_DONE:
    case COPY_FAIL:
      return copyMessage(r, type, start, end)
    case FUNCTION_CALL:
      // Answered by an error and ReadyForQuery, as a Query is; in a pipeline too.
      if (r.pipelineOpen) refuseExtended(r, end, NO_FUNCTION_CALL)
      else refuseQuery(r, end, NO_FUNCTION_CALL)
      return true
    default:
      return unknownType(r, type)
  }
}

function unknownType(r: RelayState, type: number): boolean {
  r.fail({ sqlstate: '08P01', message: `invalid frontend message type ${type}` })
  return false
}

const NO_FUNCTION_CALL: Failure = {
  sqlstate: '0A000',
  message: 'the function call protocol is not supported by this gateway',
  hint: 'call the function in a statement',
}

// Documentation 55.7.
const QUERY = 0x51
const PARSE = 0x50
const BIND = 0x42
const EXECUTE = 0x45
const DESCRIBE = 0x44
const CLOSE = 0x43
const SYNC = 0x53
const FLUSH = 0x48
const COPY_DATA = 0x64
const COPY_DONE = 0x63
const COPY_FAIL = 0x66
const FUNCTION_CALL = 0x46
const TERMINATE = 0x58

const WHILE_COPYING = new Set([COPY_DATA, COPY_DONE, COPY_FAIL, SYNC, FLUSH])
const KNOWN = new Set([
  QUERY,
  PARSE,
  BIND,
  EXECUTE,
  DESCRIBE,
  CLOSE,
  SYNC,
  FLUSH,
  COPY_DATA,
  COPY_DONE,
  COPY_FAIL,
  FUNCTION_CALL,
])
