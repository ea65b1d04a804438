// What goes to the client: ranges of the target's own bytes where nothing in them changes, and in
// between what the gateway rewrote or says itself. All that one reading of the target gives leaves in
// one piece.
import { filmed } from './filming.js'
import type { RelayState } from './relay-state.js'

// Shared by all relays: it is only used within one call.
let gathered = Buffer.allocUnsafeSlow(512 * 1024)
let used = 0

const GATHERED_BYTES_MAX = 256 * 1024
const KEPT_BYTES_MAX = 4 * 1024 * 1024

// Room for so many bytes behind what is gathered; the caller says how many it used.
export function roomAt(
  r: RelayState,
  bytes: number,
): { readonly out: Buffer; readonly at: number } {
  if (used > GATHERED_BYTES_MAX || used + bytes > gathered.length) writeGathered(r)
  if (bytes > gathered.length) gathered = Buffer.allocUnsafeSlow(bytes)
  return { out: gathered, at: used }
}

export function tookRoom(bytes: number): void {
  used += bytes
}

export function gather(r: RelayState, bytes: Uint8Array): void {
  if (bytes.length === 0) return
  const { out, at } = roomAt(r, bytes.length)
  out.set(bytes, at)
  used += bytes.length
}

// The range that was passed so far comes before whatever is said now.
export function cut(r: RelayState): void {
  if (r.passTo > r.passFrom) gather(r, r.passing.subarray(r.passFrom, r.passTo))
  r.passFrom = r.passTo
}

// Says something in place of the message at hand, or before it.
export function say(r: RelayState, bytes: Uint8Array): void {
  cut(r)
  gather(r, bytes)
}

export function dropGathered(): void {
  used = 0
}

// What was gathered so far in this reading.
export function gatheredBytes(): number {
  return used
}

export function hasGathered(): boolean {
  return used > 0
}

export function writeGathered(r: RelayState): void {
  if (used === 0) return
  write(r, gathered.subarray(0, used))
  used = 0
  if (gathered.length > KEPT_BYTES_MAX) gathered = Buffer.allocUnsafeSlow(512 * 1024)
}

export function write(r: RelayState, bytes: Uint8Array): void {
  if (bytes.length === 0) return
  // A recording that cannot follow holds the target up; its `onDrain` lets it go on.
  if (r.film !== undefined && !filmed(r.film, bytes)) r.connected.target.pause()
  if (r.connected.client.write(bytes)) return
  if (r.slowSince === 0) {
    r.slowSince = r.parts.clock.monotonicUs()
    r.connected.target.pause()
  }
}

// Says something between two messages of the target's: at once, or when the one under way is complete.
export function afterMessage(r: RelayState, say: () => void): void {
  if (r.rest === 0) say()
  else r.afterRest.push(say)
}
