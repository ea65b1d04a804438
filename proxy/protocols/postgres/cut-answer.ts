// Ends an answer that must not go on (a limit, a time, columns that are not what was read): the client
// gets an error at once and nothing more of the answer; the target is told to cancel, and where it had
// finished already its transaction is made to fail, as it would be after an error.
import { entryOf } from './expected.js'
import { filmEnd } from './filming.js'
import { ended } from './outcomes.js'
import { errorResponse, SUBSTITUTE_QUERY, type Failure } from './refuse.js'
import type { RelayState } from './relay-state.js'
import type { Running } from './running.js'
import { afterMessage, cut, gather, gatheredBytes, say, write } from './target-writes.js'

const READY = 0x5a
const OPEN = 0x54

// While the target's bytes are read (`within`), the error takes its place among them.
export function cutAnswer(
  r: RelayState,
  running: Running | undefined,
  failure: Failure,
  within: boolean,
): void {
  if (r.cut !== undefined || r.ended) return
  const entry = r.expected.head()
  if (entry === undefined) return
  r.cut = { cancelled: undefined }
  if (r.film !== undefined && within) {
    filmEnd(r.film, gatheredBytes() + r.passTo - r.passFrom)
  }
  if (within) say(r, errorResponse(failure))
  else {
    afterMessage(r, () => {
      if (r.film !== undefined) filmEnd(r.film, 0)
      write(r, errorResponse(failure))
    })
  }
  if (running !== undefined) ended(r, running, 'failed', { sqlstate: failure.sqlstate })
  r.cut.cancelled = r.connected.cancelTarget()
  if (entry.kind === 'query') return
  for (let i = 0; i < r.expected.size(); i++) if (r.expected.at(i)?.kind === 'sync') return
  r.skipping = true
}

// ReadyForQuery of the answer that was cut. It is told once the cancel can no longer hit what follows.
export function endCut(r: RelayState, ready: Uint8Array): boolean {
  const shown = Buffer.from(ready)
  const cancelled = r.cut?.cancelled
  if (cancelled === undefined || r.expected.size() > 0) {
    finish(r, shown, true)
    return false
  }
  cancelled.then(
    () => finish(r, shown, false),
    () => finish(r, shown, false),
  )
  return false
}

function finish(r: RelayState, ready: Buffer, within: boolean): void {
  if (r.ended || r.cut === undefined) return
  if (ready[0] === READY && ready[5] === OPEN && r.expected.size() === 0) {
    r.cut = { cancelled: undefined }
    const swap: Failure = { sqlstate: '25P02', message: '' }
    r.expected.push(entryOf('query', r.segment++, { swap }))
    r.connected.target.write(SUBSTITUTE_QUERY)
    return
  }
  r.cut = undefined
  if (within) {
    cut(r)
    gather(r, ready)
    r.pumpAgain = true
    return
  }
  write(r, ready)
  r.pump()
}
