// Relays one session: the client's messages to the target once the guard lets them, the target's
// answers to the client with what is protected masked. One connection to the target for each client, so
// that the state of a session is PostgreSQL's own.
import type { Connected, Relay, RelayParts } from './connected.js'
import { clientBytes, pump } from './client-side.js'
import { contextReady } from './context.js'
import { filmEnd } from './filming.js'
import { askingOf } from './judging.js'
import { allUnknown, portalGone } from './outcomes.js'
import { errorResponse, type Failure } from './refuse.js'
import { relayState, type RelayState } from './relay-state.js'
import { watch } from './relay-watch.js'
import { targetBytes } from './target-side.js'
import { write } from './target-writes.js'
import { message } from './wire-bytes.js'

const TERMINATE = message('X')

export function startRelay(connected: Connected, parts: RelayParts): Relay {
  const { client, target } = connected
  const state = (): RelayState => r
  const r: RelayState = relayState(
    connected,
    parts,
    {
      pump: () => pump(r),
      fail: (failure) => fail(r, failure),
      hostile: (what) => hostile(r, what),
      leave: () => leave(r),
      asking: askingOf(state),
    },
    (portal) => portalGone(r, portal),
  )
  const safely = (step: () => void): void => {
    try {
      step()
    } catch (thrown) {
      const error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
      parts.log('warn', 'the relay failed', { session: r.session.id, error })
      fail(r, { sqlstate: '58000', message: 'the gateway failed to relay this session' })
    }
  }
  client.onBytes = (chunk) => {
    if (r.leavingSince === 0) safely(() => clientBytes(r, chunk))
  }
  target.onBytes = (chunk) => safely(() => targetBytes(r, chunk))
  client.onDrain = () => {
    r.slowSince = 0
    if (!r.ended && r.film?.tape.full() !== true) target.resume()
  }
  target.onDrain = () => {
    r.targetFull = false
    safely(() => pump(r))
  }
  const { film } = r
  if (film !== undefined) {
    film.tape.onDrain = () => {
      if (!r.ended && r.slowSince === 0) target.resume()
    }
    film.tape.onFailure = () => fail(r, NOT_RECORDED)
  }
  client.onClose = () => leave(r)
  target.onClose = () => {
    if (r.leavingSince > 0) end(r, LEFT, undefined)
    else end(r, 'the target closed the connection', TARGET_GONE)
  }
  watch(r)
  safely(() => {
    // The first command need not wait for the names.
    contextReady(r)
    if (connected.targetRest.length > 0) targetBytes(r, Buffer.from(connected.targetRest))
    if (connected.clientRest.length > 0) clientBytes(r, Buffer.from(connected.clientRest))
  })
  client.resume()
  target.resume()
  return {
    cancel: () => safely(() => cancel(r)),
    end: (sqlstate, words) => fail(r, { sqlstate, message: words }),
  }
}

const NOT_RECORDED: Failure = {
  sqlstate: '58030',
  message: 'the recording of this session cannot be written, and it must be',
  hint: 'try again later; the operator of the gateway was told',
}

const TARGET_GONE: Failure = {
  sqlstate: '08006',
  message: 'the connection to the database was lost',
}

// A command that waits for approval is given up; else the target is asked to cancel what it runs.
function cancel(r: RelayState): void {
  if (r.ended) return
  if (r.capped !== undefined) void r.connected.cancelTarget()
  else if (r.waiting === 'judge' && r.abort !== undefined) r.abort.abort()
  // Still being read: the target hears of it once it has the command.
  else if (r.waiting !== 'no' || r.internal !== undefined) r.cancelSoon = true
  else if (r.expected.size() > 0) void r.connected.cancelTarget()
}

function hostile(r: RelayState, what: string): void {
  r.parts.log('warn', 'the target sent what PostgreSQL does not send', {
    session: r.session.id,
    target: r.session.target.name,
    what,
  })
  fail(r, { sqlstate: '08P01', message: 'the database sent something unexpected' })
}

function fail(r: RelayState, failure: Failure): void {
  end(r, failure.message, failure)
}

// What the client has started goes on, as with PostgreSQL, and its outcome is recorded; what it had
// waiting is given up.
function leave(r: RelayState): void {
  if (r.ended || r.leavingSince > 0) return
  r.abort?.abort()
  if (r.expected.size() === 0 || r.internal !== undefined) {
    end(r, LEFT, undefined)
    return
  }
  r.leavingSince = r.parts.clock.monotonicUs()
  r.connected.target.write(TERMINATE)
  r.connected.client.end()
  r.connected.target.resume()
}

const LEFT = 'the client left'

function end(r: RelayState, reason: string, failure: Failure | undefined): void {
  if (r.ended) return
  r.ended = true
  const { film } = r
  const { client, target } = r.connected
  r.abort?.abort()
  r.internal?.reject(new Error(reason))
  allUnknown(r)
  // Between two messages only: in the middle of one the client could not read it.
  if (failure !== undefined && r.rest === 0) {
    if (film !== undefined) filmEnd(film, 0)
    write(r, errorResponse(failure, 'FATAL'))
  }
  target.write(TERMINATE)
  target.end()
  client.end()
  r.connected.onEnd(reason)
}
