// Tells the guard what came of a command, once for each that was let go.
import type { Outcome } from '../../guard.js'
import type { Entry } from './expected.js'
import type { Portal } from './memory.js'
import type { RelayState } from './relay-state.js'
import type { Running } from './running.js'

export function ended(
  r: RelayState,
  running: Running,
  result: Outcome['result'],
  more: { readonly tag?: string; readonly sqlstate?: string },
): void {
  if (running.ended) return
  running.ended = true
  const { command, rows, bytes, masked } = running
  const durationUs = Math.round(r.parts.clock.monotonicUs() - running.startedUs)
  const session = r.session.id
  const { tag, sqlstate } = more
  // Written out: once a command, and a spread costs more than all the rest of it.
  r.parts.guard.done(
    r.session,
    tag !== undefined
      ? { session, command, result, tag, rows, bytes, durationUs, masked }
      : sqlstate !== undefined
        ? { session, command, result, sqlstate, rows, bytes, durationUs, masked }
        : { session, command, result, rows, bytes, durationUs, masked },
  )
}

// Sent, and discarded by the target because of an error before it: it never ran.
export function skipped(r: RelayState, entry: Entry | undefined): void {
  if (entry === undefined) return
  for (const running of entry.commands) {
    if (entry.kind !== 'execute' || running.rows === 0) ended(r, running, 'cancelled', {})
  }
  for (let i = entry.index; i < entry.changes.length; i++) {
    const changes = entry.changes[i]
    if (changes !== undefined) r.memory.drop(changes)
  }
}

// A portal is gone: one that was bound and never ran has not run; one that was left in the middle has.
export function portalGone(r: RelayState, portal: Portal): void {
  const { running } = portal
  if (running === undefined || running.ended) return
  ended(r, running, portal.executed && running.rows > 0 ? 'done' : 'cancelled', {})
}

// The session is over. What the target had not answered to may have run or not.
export function allUnknown(r: RelayState): void {
  for (let i = 0; i < r.expected.size(); i++) {
    for (const running of r.expected.at(i)?.commands ?? []) ended(r, running, 'unknown', {})
  }
  for (const portal of r.memory.openPortals()) portalGone(r, portal)
}
