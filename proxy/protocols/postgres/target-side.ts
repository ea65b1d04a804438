// The target's bytes: cut into messages, matched against what is expected, and passed on. Rows of a
// command without masks go on as ranges of what was read, even before they are complete; everything
// else is complete before it is looked at.
import { filmRow } from './filming.js'
import { emptied, keep, type RelayState } from './relay-state.js'
import { targetMessage } from './target-messages.js'
import {
  cut,
  dropGathered,
  gather,
  gatheredBytes,
  hasGathered,
  write,
  writeGathered,
} from './target-writes.js'
import { rowsTogether } from './rows.js'
import { isPlain } from './running.js'
import { int32At, rangeOf } from './wire-bytes.js'

const DATA_ROW = 0x44
const COPY_DATA = 0x64
// PostgreSQL builds no message beyond this (MaxAllocSize).
const MESSAGE_BYTES_MAX = 0x3fffffff
// What must be complete before it is looked at.
const WHOLE_BYTES_MAX = 64 * 1024 * 1024

export function targetBytes(r: RelayState, chunk: Buffer): void {
  if (r.ended) return
  const { target } = r
  let bytes = chunk
  let at = 0
  let end = chunk.length
  const kept = target.end > target.at
  if (kept) {
    keep(target, target.at, chunk)
    bytes = target.bytes
    at = target.at
    end = target.end
  }
  let stop
  try {
    stop = relayed(r, bytes, at, end)
  } finally {
    // Nothing of this session may be left for the next.
    dropGathered()
  }
  if (r.ended) return
  if (kept) {
    target.at = stop
    if (stop === end) emptied(target)
  } else if (stop < end) {
    target.at = 0
    target.end = 0
    keep(target, 0, chunk.subarray(stop, end))
  }
  afterwards(r)
}

// Only now, since what was gathered has left: the client's next message may make us say something.
function afterwards(r: RelayState): void {
  if (r.expected.size() > 0) {
    if (r.pumpAgain) {
      r.pumpAgain = false
      r.pump()
    }
    return
  }
  const then = r.onDrained
  r.onDrained = undefined
  if (then !== undefined) then()
  else if (r.pumpAgain) {
    r.pumpAgain = false
    r.pump()
  }
}

// Answers by the first byte that is not yet dealt with.
function relayed(r: RelayState, bytes: Buffer, start: number, end: number): number {
  let at = start
  // Bytes [from, at) go on unchanged.
  let from = start
  if (r.rest > 0) {
    at += Math.min(r.rest, end - at)
    r.rest -= at - start
    if (r.rest === 0 && r.afterRest.length > 0) {
      write(r, bytes.subarray(from, at))
      from = at
      for (const say of r.afterRest.splice(0)) say()
    }
  }
  while (end - at >= 5 && !r.ended) {
    const type = bytes[at] ?? 0
    const length = int32At(bytes, at + 1)
    if (length < 4 || length > MESSAGE_BYTES_MAX) {
      r.hostile(`a message of type ${type} with length ${length}`)
      return end
    }
    const next = at + 1 + length
    if (next > end) {
      if ((type === DATA_ROW || type === COPY_DATA) && passesOn(r, type, length + 1, at - from)) {
        r.rest = next - end
        at = end
      } else if (length > WHOLE_BYTES_MAX)
        r.hostile(`a message of type ${type} too long to be read`)
      break
    }
    if (type === DATA_ROW && passesOn(r, type, length + 1, at - from)) {
      at = next
      continue
    }
    const rows = type === DATA_ROW ? rowsTogether(r, bytes, at, end) : undefined
    if (rows !== undefined) {
      if (rows.written < rows.read) {
        gather(r, bytes.subarray(from, rows.written))
        from = rows.read
      }
      at = rows.read
      continue
    }
    r.passing = bytes
    r.passFrom = from
    r.passTo = at
    if (!targetMessage(r, type, bytes, at, next)) {
      cut(r)
      from = next
    }
    at = next
  }
  if (r.ended) return end
  if (hasGathered()) {
    gather(r, bytes.subarray(from, at))
    writeGathered(r)
  } else write(r, rangeOf(bytes, from, at))
  return at
}

// A row or a piece of a copy that needs no look inside: counted, and passed on. The frequent case, so it
// is decided here.
function passesOn(r: RelayState, type: number, bytes: number, before: number): boolean {
  const entry = r.expected.head()
  if (entry === undefined || entry.failed || r.cut !== undefined) return false
  if (entry.internal !== undefined || entry.swap !== undefined) return false
  if (entry.kind !== 'query' && entry.kind !== 'execute') return false
  const running = entry.commands[entry.index]
  if (running === undefined || !running.described) return false
  const { limits, plan } = running
  const unlooked = plan === undefined ? isPlain(running.masks) : type === DATA_ROW && !plan.looks
  if (!unlooked) return false
  if (limits.rows_max !== undefined && running.rows >= limits.rows_max) return false
  if (limits.bytes_max !== undefined && running.bytes + bytes > limits.bytes_max) return false
  if (r.film !== undefined) {
    filmRow(r.film, entry, running, type, bytes, before + gatheredBytes())
  }
  if (type === DATA_ROW) running.rows++
  running.bytes += bytes
  return true
}
