// Sends spans and log records to a collector by OTLP/HTTP, in batches, beside everything else: what it does,
// or does not, holds nobody up. The queue is bounded; what does not fit, or is refused for good, is dropped
// and counted. Attempts again where the specification says so (429, 502, 503, 504, no answer).
import type { Attributes } from './otlp.js'

export type SenderParts<Item> = {
  readonly url: string
  readonly headers: () => Readonly<Record<string, string>>
  readonly body: (items: readonly Item[], resource: Attributes) => object
  readonly resource: Attributes
  readonly onSent: (items: number) => void
  readonly onDropped: (items: number, why: DropReason) => void
  readonly onTrouble: (words: string | undefined) => void
  readonly fetch?: typeof fetch
  readonly random?: () => number
  readonly limits?: Partial<typeof SENDER_LIMITS>
}

export type DropReason = 'queue_full' | 'refused' | 'gave_up'

export type Sender<Item> = {
  readonly add: (item: Item) => void
  readonly waiting: () => number
  // Sends what there is, for so long at most, and is gone.
  readonly close: () => Promise<void>
}

export const SENDER_LIMITS = {
  // Some ten megabytes.
  queue: 4_096,
  batch: 512,
  everyMs: 1_000,
  // Of one attempt, and of all attempts for one batch.
  attemptMs: 10_000,
  giveUpMs: 60_000,
  firstPauseMs: 500,
  pauseMaxMs: 30_000,
  // An answer says how many were rejected; longer ones are not read.
  answerBytes: 65_536,
  closeMs: 3_000,
} as const

const RETRIED = [429, 502, 503, 504]

export function createSender<Item>(parts: SenderParts<Item>): Sender<Item> {
  const limits = { ...SENDER_LIMITS, ...parts.limits }
  const { fetch: send = fetch, random = Math.random } = parts
  const queue: Item[] = []
  let closing = false
  let sending: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  const stop = new AbortController()

  const later = (ms: number): void => {
    if (timer !== undefined || closing) return
    timer = setTimeout(() => {
      timer = undefined
      start()
    }, ms).unref()
  }

  const start = (): void => {
    if (sending !== undefined || queue.length === 0) return
    sending = sentAll().finally(() => {
      sending = undefined
      if (queue.length > 0) later(limits.everyMs)
    })
  }

  const sentAll = async (): Promise<void> => {
    while (queue.length > 0 && !stop.signal.aborted) {
      const batch = queue.slice(0, limits.batch)
      queue.splice(0, batch.length)
      await sentBatch(batch)
      if (queue.length < limits.batch && !closing) return
    }
  }

  const sentBatch = async (batch: readonly Item[]): Promise<void> => {
    const body = JSON.stringify(parts.body(batch, parts.resource))
    const until = performance.now() + limits.giveUpMs
    for (let attempt = 0; ; attempt++) {
      const answer = await attempted(body)
      if (answer.kind === 'taken') {
        parts.onSent(batch.length - answer.rejected)
        if (answer.rejected > 0) parts.onDropped(answer.rejected, 'refused')
        parts.onTrouble(undefined)
        return
      }
      parts.onTrouble(answer.words)
      if (answer.kind === 'refused') return parts.onDropped(batch.length, 'refused')
      const pause = answer.afterMs ?? pauseMs(attempt)
      if (closing || performance.now() + pause > until) {
        return parts.onDropped(batch.length, 'gave_up')
      }
      await slept(pause, stop.signal)
    }
  }

  const attempted = async (body: string): Promise<Answer> => {
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(limits.attemptMs)])
    try {
      const response = await send(parts.url, {
        method: 'POST',
        headers: { ...parts.headers(), 'content-type': 'application/json' },
        body,
        // A collector that sends our telemetry elsewhere is a mistake.
        redirect: 'manual',
        signal,
      })
      const text = await boundedText(response, limits.answerBytes)
      if (response.ok) return { kind: 'taken', rejected: rejectedIn(text) }
      const words = `the collector answers ${response.status}`
      if (!RETRIED.includes(response.status)) return { kind: 'refused', words }
      return { kind: 'again', words, afterMs: retryAfter(response, limits.pauseMaxMs) }
    } catch (problem) {
      return { kind: 'again', words: wordsOf(problem), afterMs: undefined }
    }
  }

  const pauseMs = (attempt: number): number => {
    const whole = Math.min(limits.pauseMaxMs, limits.firstPauseMs * 2 ** attempt)
    return whole / 2 + (random() * whole) / 2
  }

  return {
    add(item) {
      if (closing || queue.length >= limits.queue) return parts.onDropped(1, 'queue_full')
      queue.push(item)
      if (queue.length >= limits.batch) start()
      else later(limits.everyMs)
    },
    waiting: () => queue.length,
    async close() {
      closing = true
      clearTimeout(timer)
      timer = setTimeout(() => stop.abort(), limits.closeMs).unref()
      start()
      while (sending !== undefined) await sending
      if (queue.length > 0) parts.onDropped(queue.length, 'gave_up')
      queue.length = 0
      clearTimeout(timer)
    },
  }
}

type Answer =
  | { readonly kind: 'taken'; readonly rejected: number }
  | { readonly kind: 'refused'; readonly words: string }
  | { readonly kind: 'again'; readonly words: string; readonly afterMs: number | undefined }

async function boundedText(response: Response, max: number): Promise<string> {
  if (response.body === null) return ''
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of response.body) {
    bytes += piece.length
    if (bytes > max) return ''
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

// ExportTracePartialSuccess and ExportLogsPartialSuccess.
function rejectedIn(text: string): number {
  const found = /"rejected(?:Spans|LogRecords)"\s*:\s*"?(\d{1,9})/.exec(text)
  return Number(found?.[1] ?? 0)
}

function retryAfter(response: Response, max: number): number | undefined {
  const text = response.headers.get('retry-after')
  if (text === null || !/^\d{1,6}$/.test(text)) return undefined
  return Math.min(max, Number(text) * 1000)
}

function wordsOf(problem: unknown): string {
  if (!(problem instanceof Error)) return 'the collector cannot be reached'
  const cause: unknown = problem.cause
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined
  return `the collector cannot be reached (${typeof code === 'string' ? code : problem.name})`
}

function slept(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
