// What goes to the target: ranges of the client's own bytes once they are judged, or something in place
// of a refused message.
import { entryOf, type Entry } from './expected.js'
import type { RelayState } from './relay-state.js'
import { rangeOf } from './wire-bytes.js'
import { SUBSTITUTE_PARSE, SUBSTITUTE_QUERY, type Failure } from './refuse.js'

// Writes what was judged and not yet sent.
export function flush(r: RelayState): void {
  const { client } = r
  if (client.at > r.sendFrom) {
    const sent = r.connected.target.write(rangeOf(client.bytes, r.sendFrom, client.at))
    if (!sent) r.targetFull = true
    if (r.cancelSoon) {
      r.cancelSoon = false
      void r.connected.cancelTarget()
    }
  }
  r.sendFrom = client.at
}

// The message in front goes on as it is.
export function forward(r: RelayState, end: number): void {
  r.client.at = end
}

// The message in front goes nowhere.
export function swallow(r: RelayState, end: number): void {
  flush(r)
  r.client.at = end
  r.sendFrom = end
}

// Something else goes in front of the message in front.
export function insert(r: RelayState, bytes: Uint8Array, entry: Entry): void {
  flush(r)
  r.expected.push(entry)
  if (!r.connected.target.write(bytes)) r.targetFull = true
}

// `told`: the number of the command that is refused, where it has one.
export function refuseQuery(r: RelayState, end: number, swap: Failure, told = 0): void {
  swallow(r, end)
  insert(r, SUBSTITUTE_QUERY, entryOf('query', r.segment++, { swap, told }))
}

export function refuseExtended(r: RelayState, end: number, swap: Failure, told = 0): void {
  swallow(r, end)
  r.pipelineOpen = true
  insert(r, SUBSTITUTE_PARSE, entryOf('refused', r.segment, { swap, told }))
  // It fails on the target: what follows up to Sync would be discarded there.
  r.skipping = true
}
