// One place elsewhere that keeps this record's checkpoints. Only the newest is sent, as often as configured;
// what fails is tried again after growing pauses, and nothing ever waits for it.
import type { Clock } from '../../clock.js'
import type { Log } from '../../log.js'

export type Destination = {
  // As it is told to people, without secrets.
  readonly name: string
  readonly everyMs: number
  // Sending the same note twice must leave it there once.
  readonly send: (note: string, signal: AbortSignal) => Promise<void>
}

export type Publisher = {
  readonly offer: (note: string) => void
  // Since when the newest checkpoint is not where it should be; 0 where it is.
  readonly lateMs: () => number
  readonly close: () => Promise<void>
}

const FIRST_PAUSE_MS = 1_000
const PAUSE_MS_MAX = 300_000
const ATTEMPT_MS = 60_000
// A gateway that ends does not wait longer than this for the last one.
const LAST_MS = 5_000

export function createPublisher(
  destination: Destination,
  parts: {
    readonly clock: Clock
    readonly log: Log
    readonly onSent: (destination: string, outcome: 'sent' | 'failed') => void
  },
): Publisher {
  const { clock, log } = parts
  const { name } = destination
  let newest: string | undefined
  let sinceMs = 0
  let pauseMs = FIRST_PAUSE_MS
  let nextMs = 0
  let failing = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let abort = new AbortController()
  let closing = false

  const attempt = async (note: string): Promise<void> => {
    abort = new AbortController()
    const limit = setTimeout(() => abort.abort(new Error('it took too long')), ATTEMPT_MS)
    limit.unref()
    try {
      await destination.send(note, abort.signal)
      if (newest === note) newest = undefined
      pauseMs = FIRST_PAUSE_MS
      nextMs = clock.now() + destination.everyMs
      if (failing) log.info({ destination: name }, 'checkpoints are published there again')
      failing = false
      parts.onSent(name, 'sent')
    } catch (problem) {
      if (!failing) log.warn({ destination: name, err: problem }, 'a checkpoint was not published')
      failing = true
      parts.onSent(name, 'failed')
      nextMs = clock.now() + pauseMs
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)
    } finally {
      clearTimeout(limit)
    }
  }

  const next = (): void => {
    if (newest === undefined || running !== undefined || timer !== undefined) return
    const waitMs = closing ? 0 : nextMs - clock.now()
    if (waitMs > 0) {
      timer = setTimeout(() => {
        timer = undefined
        next()
      }, waitMs)
      timer.unref()
      return
    }
    running = attempt(newest).finally(() => {
      running = undefined
      if (!closing) next()
    })
  }

  return {
    offer(note) {
      if (newest === undefined) sinceMs = clock.now()
      newest = note
      next()
    },
    lateMs: () => (newest === undefined ? 0 : Math.max(0, clock.now() - sinceMs)),
    async close() {
      if (timer !== undefined) clearTimeout(timer)
      timer = undefined
      const limit = setTimeout(() => abort.abort(new Error('the gateway ends')), LAST_MS)
      closing = true
      await running
      next()
      await running
      clearTimeout(limit)
    },
  }
}
