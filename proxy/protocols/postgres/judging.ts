// Hands a message's commands to the guard and goes on when it answers, at once or later. While it
// waits, the message stays in front and nothing behind it is looked at.
import type { Answer, CommandToJudge, Words } from '../../guard.js'
import { flush, swallow } from './client-writes.js'
import { askConsequence } from './consequence-asked.js'
import { catalogueOf } from './context.js'
import { filmAside } from './filming.js'
import { afterMessage, write } from './target-writes.js'
import { noticeResponse } from './refuse.js'
import type { RelayState } from './relay-state.js'
import { runningOf, type Running } from './running.js'
import { int32At } from './wire-bytes.js'

// `then` is given the end of the message in front. Answers whether it was called already.
export function judged(
  r: RelayState,
  commands: readonly CommandToJudge[],
  then: (answer: Answer, end: number) => void,
): boolean {
  let early: Answer | undefined
  let returned = false
  const { stamp } = r
  r.judgedWith = { stamp, catalogue: catalogueOf(r) }
  r.waiting = 'judge'
  r.parts.guard.judge(r.session, commands, r.asking, (answer) => {
    if (!returned) early = answer
    else later(r, answer, then)
  })
  returned = true
  if (early === undefined) return false
  r.waiting = 'no'
  then(early, endOfFront(r))
  return true
}

function later(r: RelayState, answer: Answer, then: (answer: Answer, end: number) => void): void {
  if (r.ended || r.leavingSince > 0) {
    unsent(r, answer)
    return
  }
  r.waiting = 'no'
  r.abort = undefined
  try {
    // An earlier message has failed meanwhile: the target would discard this one.
    if (r.skipping) {
      unsent(r, answer)
      swallow(r, endOfFront(r))
    } else then(answer, endOfFront(r))
    r.pump()
  } catch (thrown) {
    r.parts.log('warn', 'the relay failed', { session: r.session.id, error: String(thrown) })
    r.fail({ sqlstate: '58000', message: 'the gateway failed to relay this session' })
  }
}

// Recorded as going, and it did not go.
function unsent(r: RelayState, answer: Answer): void {
  if (!answer.go) return
  for (const { command } of answer.commands) {
    r.parts.guard.done(r.session, { session: r.session.id, command, result: 'cancelled' })
  }
}

function endOfFront(r: RelayState): number {
  return r.client.at + 1 + int32At(r.client.bytes, r.client.at + 1)
}

// One for the whole session: the signal is made only where somebody waits.
export function askingOf(state: () => RelayState): RelayState['asking'] {
  return {
    notice(words: Words) {
      const r = state()
      if (r.ended) return
      // What was judged before need not wait as well, and the client is read, so that we see it leave.
      flush(r)
      if (r.clientPaused && !r.targetFull) {
        r.clientPaused = false
        r.connected.client.resume()
      }
      afterMessage(r, () => {
        filmAside(r, r.session.commands)
        write(r, noticeResponse(words))
      })
    },
    consequence: (command, which) => askConsequence(state(), command, which),
    get signal() {
      const r = state()
      r.abort ??= new AbortController()
      return r.abort.signal
    },
    current() {
      const r = state()
      return (
        r.judgedWith !== undefined &&
        r.judgedWith.stamp === r.stamp &&
        r.judgedWith.catalogue === catalogueOf(r)
      )
    },
  }
}

export function runningsOf(
  r: RelayState,
  commands: readonly CommandToJudge[],
  answer: Extract<Answer, { go: true }>,
): readonly Running[] {
  const now = r.parts.clock.monotonicUs()
  const beside = r.connected.catalogues.current()
  return commands.map((command, i) => {
    const passed = answer.commands[i]
    if (passed === undefined) throw new Error('an answer is missing')
    const statement = passed.rewritten?.statement ?? command.statement
    return runningOf(passed, statement, now, command.message === 'extended', beside)
  })
}
