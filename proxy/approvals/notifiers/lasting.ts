// Makes a notifier of a channel: attempts again after growing pauses while the request lives, never tells
// twice what is known to have arrived, counts and logs what did not. An end that comes while the request
// is still being told ends the telling.
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../clock.js'
import { GatewayError } from '../../errors.js'
import type { Log } from '../../log.js'
import type { Notice, Notifier } from '../notifier.js'
import type { Attempt, Channel, Failure } from './channel.js'
import type { Ledger } from './ledger.js'
import { NOTICE_LIMITS } from './limits.js'

export type NoticeOutcome = 'told' | 'retried' | 'failed'

export type LastingParts = {
  readonly clock: Clock
  readonly log: Log
  // From 0 up to 1.
  readonly random: () => number
  // Absent: what was told is forgotten with the process.
  readonly ledger?: Ledger
  readonly onNotice?: (kind: Channel['kind'], outcome: NoticeOutcome) => void
  readonly pausesMs?: readonly number[]
}

type Telling = { readonly done: Promise<void>; readonly stop: AbortController }

export function lastingNotifier(channel: Channel, parts: LastingParts): Notifier {
  const closing = new AbortController()
  const tellings = new Map<string, Telling>()

  const start = (notice: Notice): Telling => {
    const stop = new AbortController()
    const signal = AbortSignal.any([closing.signal, stop.signal])
    const done = told(channel, parts, notice, signal).finally(() => tellings.delete(notice.key))
    const telling = { done, stop }
    tellings.set(notice.key, telling)
    return telling
  }

  return {
    name: channel.name,
    reaches: 'approvers',
    async tell(notice) {
      if (notice.event === 'settled') {
        if (channel.tellsEnd === 'never') return
        for (const key of [requestKey(notice), `${notice.approval.id}-escalated`]) {
          const before = tellings.get(key)
          before?.stop.abort()
          await before?.done.catch(() => undefined)
        }
      }
      const running = tellings.get(notice.key)
      if (running !== undefined) return running.done
      if (tellings.size >= NOTICE_LIMITS.queue) {
        parts.onNotice?.(channel.kind, 'failed')
        throw new Error('too many notices are waiting')
      }
      return start(notice).done
    },
    async close() {
      closing.abort()
      await Promise.allSettled([...tellings.values()].map(({ done }) => done))
    },
  }
}

function requestKey({ approval }: Notice): string {
  return `${approval.id}-requested`
}

async function told(
  channel: Channel,
  parts: LastingParts,
  notice: Notice,
  stop: AbortSignal,
): Promise<void> {
  if ((await remembered(channel, parts, notice.key)) !== undefined) return
  const isEnd = notice.event === 'settled'
  const kept = isEnd ? await remembered(channel, parts, requestKey(notice)) : undefined
  if (isEnd && channel.tellsEnd === 'when it told the request' && kept === undefined) return
  const until = isEnd
    ? parts.clock.now() + NOTICE_LIMITS.settledForMs
    : Date.parse(notice.approval.expires_at)
  const pauses = parts.pausesMs ?? NOTICE_LIMITS.pausesMs
  for (let count = 0; ; count++) {
    const attempt = await attempted(channel, notice, kept)
    if (attempt.told) return await noted(channel, parts, notice, attempt)
    const wait = pauseBefore(attempt, pauses[count], parts.random)
    const { kind, name: notifier } = channel
    const about = { notifier, approval: notice.approval.id, why: attempt.why }
    if (wait === undefined || stop.aborted || parts.clock.now() + wait > until) {
      parts.onNotice?.(kind, 'failed')
      parts.log.error(about, 'a notice could not be delivered')
      throw new Error(`${notifier}: ${attempt.why}`)
    }
    parts.onNotice?.(kind, 'retried')
    parts.log.warn({ ...about, again_ms: Math.round(wait) }, 'a notice is attempted again')
    // Stopped in a pause: the next attempt is not made.
    await pause(wait, undefined, { signal: stop, ref: false }).catch(() => undefined)
    if (stop.aborted) throw new Error(`${notifier}: ended before it was told`)
  }
}

// An attempt that was begun is seen through: only its own time cuts it short, so that it is known whether
// the message is out.
async function attempted(
  channel: Channel,
  notice: Notice,
  kept: string | undefined,
): Promise<Attempt> {
  const signal = AbortSignal.timeout(channel.attemptMs)
  try {
    return await channel.attempt(notice, { signal, kept })
  } catch (problem) {
    // A secret whose reference leads nowhere any more: the message names the reference alone.
    if (problem instanceof GatewayError) return { told: false, again: true, why: problem.message }
    const late = problem instanceof Error && ['TimeoutError', 'AbortError'].includes(problem.name)
    return { told: false, again: true, why: `the receiver is ${late ? 'late' : 'unreachable'}` }
  }
}

function pauseBefore(
  attempt: Failure,
  pauseMs: number | undefined,
  random: () => number,
): number | undefined {
  if (!attempt.again || pauseMs === undefined) return undefined
  const own = pauseMs * (0.5 + random() / 2)
  return Math.max(own, Math.min(attempt.afterMs ?? 0, NOTICE_LIMITS.pauseMaxMs))
}

async function remembered(
  channel: Channel,
  { ledger, log }: LastingParts,
  key: string,
): Promise<string | undefined> {
  try {
    return await ledger?.told(placeOf(channel), key)
  } catch (problem) {
    log.warn({ err: problem, notifier: channel.name }, 'what was told cannot be looked up')
    return undefined
  }
}

async function noted(
  channel: Channel,
  parts: LastingParts,
  { key, approval }: Notice,
  { kept = '', remark }: Extract<Attempt, { told: true }>,
): Promise<void> {
  const about = { notifier: channel.name, approval: approval.id }
  parts.onNotice?.(channel.kind, 'told')
  if (remark !== undefined) parts.log.warn({ ...about, remark }, 'a notice was delivered in part')
  try {
    await parts.ledger?.tell(placeOf(channel), key, kept, parts.clock.now())
  } catch (problem) {
    parts.log.warn({ err: problem, ...about }, 'what was told cannot be kept')
  }
}

function placeOf({ kind, place }: Channel): string {
  return `${kind} ${place}`
}
