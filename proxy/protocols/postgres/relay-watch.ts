// Looks at every running relay a few times a second: half-sent messages, idle sessions, clients that do
// not read, commands over their time. One timer for all, so that no message needs one of its own.
import { cutAnswer } from './cut-answer.js'
import type { RelayState } from './relay-state.js'

const EVERY_MS = 100
// How long the target may go on with what a client that left has started.
const LEAVING_MS = 30_000
const relays = new Set<RelayState>()
let timer: NodeJS.Timeout | undefined

export function watch(r: RelayState): void {
  relays.add(r)
  timer ??= setInterval(lookAtAll, EVERY_MS).unref()
}

function lookAtAll(): void {
  for (const r of relays) {
    if (r.ended) relays.delete(r)
    else look(r)
  }
  if (relays.size > 0) return
  clearInterval(timer)
  timer = undefined
}

function look(r: RelayState): void {
  const now = r.parts.clock.monotonicUs()
  const { limits } = r.parts
  const over = (since: number, ms: number): boolean => since > 0 && now - since > ms * 1000
  if (r.leavingSince > 0) {
    if (!over(r.leavingSince, LEAVING_MS)) return
    void r.connected.cancelTarget()
    r.fail({ sqlstate: '57P01', message: 'the client left' })
  } else if (over(r.partialSince, limits.partialMessageMs)) {
    r.fail({ sqlstate: '08P01', message: 'a message was not completed in time' })
  } else if (over(r.slowSince, limits.slowClientMs)) {
    r.fail({ sqlstate: '57P05', message: 'the client did not read its answer in time' })
  } else if (r.internal !== undefined && now > r.internal.deadlineUs) {
    r.fail({ sqlstate: '58000', message: 'the names of the database could not be read in time' })
  } else if (r.expected.size() > 0 || r.waiting !== 'no') {
    r.activeAt = now
    endOverdue(r, now)
  } else if (over(r.activeAt, limits.idleMs)) {
    r.fail({ sqlstate: '57P05', message: 'terminating connection due to idle-session timeout' })
  }
}

function endOverdue(r: RelayState, now: number): void {
  const head = r.expected.head()
  const running = head?.commands[head.index]
  if (running === undefined || now < running.deadlineUs || r.cut !== undefined) return
  const message = `the command ran longer than the ${running.timeoutMs ?? 0} ms allowed`
  cutAnswer(r, running, { sqlstate: '57014', message, hint: 'ask for less at a time' }, false)
}
