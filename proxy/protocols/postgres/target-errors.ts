// An error of the target: told to the client in our words or its own, then everything that PostgreSQL
// discards after it is taken to be discarded (documentation 55.2.3).
import type { ExitMasks } from '../../../engine/facts/postgres/exit-masks.js'
import { headOf, type Entry } from './expected.js'
import { ended, skipped } from './outcomes.js'
import { errorResponse } from './refuse.js'
import type { RelayState } from './relay-state.js'
import { cappedFailed, isOurUndoing } from './row-cap.js'
import { shownReport } from './report-fields.js'
import { say } from './target-writes.js'

export function errorArrived(r: RelayState, bytes: Buffer, start: number, end: number): boolean {
  const entry = headOf(r.expected)
  const running = entry?.commands[entry.index]
  const masks = running?.masks ?? masksBetween(r, entry)
  const report = shownReport(bytes, start, end, masks, r.connected.hiddenWords)
  if (report === undefined) return odd(r)
  const fatal = report.severity === 'FATAL' || report.severity === 'PANIC'
  if (entry === undefined || fatal) {
    if (!fatal) return odd(r)
    say(r, report.bytes)
    return false
  }
  if (isOurUndoing(r, entry)) return false
  if (entry.failed) return odd(r)
  r.copyingIn = false
  const own = entry.internal !== undefined && entry.internal !== 'unasked'
  if (r.cut === undefined && !entry.hush) {
    // A question of ours has failed the client's pipeline: it must learn that it has failed.
    if (!own) say(r, entry.swap === undefined ? report.bytes : errorResponse(entry.swap))
    else if (r.pipelineOpen) say(r, errorResponse(NAMES_UNKNOWN))
  }
  if (running !== undefined) ended(r, running, 'failed', { sqlstate: report.sqlstate })
  failedFrom(r, entry, new Error(`the target answered ${report.sqlstate}`))
  cappedFailed(r)
  return false
}

// Of what is no command: a prepared statement in other words than the client's speaks of those.
function masksBetween(r: RelayState, entry: Entry | undefined): ExitMasks {
  const prepared = entry?.prepared ?? entry?.portal?.prepared
  return prepared?.sent === undefined ? r.masks : { ...r.masks, quietErrors: true, otherText: true }
}

const NAMES_UNKNOWN = {
  sqlstate: '58000',
  message: 'the names of the database could not be read',
}

// After an error: a Query owes ReadyForQuery alone; in the extended protocol everything up to Sync is
// discarded by the target (55.2.3).
function failedFrom(r: RelayState, entry: Entry, why: Error): void {
  if (entry.kind === 'query' || entry.kind === 'sync') {
    entry.failed = true
    skipRest(r, entry)
    return
  }
  for (;;) {
    const next = r.expected.head()
    if (next === undefined) {
      r.skipping = true
      break
    }
    if (next.kind === 'sync') break
    r.expected.shift()
    const { internal } = next
    if (internal !== undefined && internal !== 'unasked') {
      if (r.internal === internal) r.internal = undefined
      internal.reject(why)
    }
    skipped(r, next)
  }
}

// Statements of a Query behind the one that failed never ran.
function skipRest(r: RelayState, entry: Entry): void {
  for (let i = entry.index; i < Math.max(entry.commands.length, entry.changes.length); i++) {
    const running = entry.commands[i]
    if (running !== undefined) ended(r, running, 'cancelled', {})
    const changes = entry.changes[i]
    if (changes !== undefined) r.memory.drop(changes)
  }
}

function odd(r: RelayState): boolean {
  r.hostile('an unexpected or malformed error')
  return false
}
