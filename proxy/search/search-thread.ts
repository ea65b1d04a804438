// The index as the gateway sees it: questions go to its thread, answers come back in their own time. A thread that
// ends by itself is begun again; meanwhile there is no searching, and nothing else misses it.
import { performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { GatewayError } from '../errors.js'
import type { Log } from '../log.js'
import type { Desk, DeskStatus } from './desk.js'
import { SEARCH_LIMITS } from './limits.js'
import type { Seen, SeenWho, Whos } from './seen.js'
import type {
  DeskCall,
  FromSearchWorker,
  SearchWorkerStart,
  ToSearchWorker,
} from './search-worker.js'

export type SearchThread = {
  readonly search: (asked: Parameters<Desk['search']>[0]) => Promise<ReturnType<Desk['search']>>
  readonly grouped: (asked: Parameters<Desk['grouped']>[0]) => Promise<ReturnType<Desk['grouped']>>
  readonly sessions: (
    asked: Parameters<Desk['sessions']>[0],
  ) => Promise<ReturnType<Desk['sessions']>>
  readonly named: (asked: Parameters<Desk['named']>[0]) => Promise<ReturnType<Desk['named']>>
  readonly rules: (asked: Parameters<Desk['rules']>[0]) => Promise<ReturnType<Desk['rules']>>
  // Those for whom `isSeen` holds, among all in the index.
  readonly seen: (isSeen: (who: SeenWho) => boolean) => Promise<Seen>
  readonly status: () => DeskStatus & { readonly behindMs: number }
  readonly close: () => Promise<void>
}

// Doubled each time that it ends again.
const RESTART_MS = 2_000
const RESTART_MOST_MS = 60_000
const LOOK_MS = 1_000
const LOOKED_AT_ONCE = 50
// Of the event loop: above it the index takes its time.
const BUSY_SHARE = 0.5
const RESOURCES = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 32 }

type Waiting = {
  readonly answer: (value: unknown) => void
  readonly refuse: (problem: Error) => void
  readonly timer: NodeJS.Timeout
}

export function createSearchThread(start: SearchWorkerStart, log: Log): SearchThread {
  const waiting = new Map<number, Waiting>()
  let whos: SeenWho[] = []
  let made = ''
  let worker: Worker | undefined
  let closed = false
  let pauseMs = RESTART_MS
  let numbers = 0
  let status: DeskStatus = { lines: 0, behindBytes: 0, bytes: 0 }
  let currentAt = performance.now()
  let load = performance.eventLoopUtilization()

  const begin = (): void => {
    const begun = new Worker(new URL('./search-worker.js', import.meta.url), {
      workerData: start,
      resourceLimits: RESOURCES,
    })
    begun.unref()
    worker = begun
    begun.on('message', (message: FromSearchWorker) => received(message))
    begun.on('error', (err) => log.error({ err }, 'the thread of the search index failed'))
    begun.on('exit', () => {
      if (worker !== begun) return
      worker = undefined
      whos = []
      refuseAll('the search index has to begin again; ask once more')
      if (!closed) setTimeout(() => closed || begin(), pauseMs).unref()
      pauseMs = Math.min(pauseMs * 2, RESTART_MOST_MS)
    })
  }

  const received = (message: FromSearchWorker): void => {
    switch (message.kind) {
      case 'status':
        status = message.status
        pauseMs = RESTART_MS
        if (status.behindBytes === 0) currentAt = performance.now()
        return
      case 'rebuild':
        return log.warn({ why: message.why }, 'the search index is made anew')
      case 'trouble':
        return log.warn({ why: message.message }, 'the search index is not kept up; trying again')
      case 'answer':
        return settled(message.number, ({ answer }) => answer(message.value))
      case 'refused': {
        const { code, message: text } = message
        return settled(message.number, ({ refuse }) => refuse(new GatewayError(code, text)))
      }
    }
  }

  const settled = (number: number, how: (one: Waiting) => void): void => {
    const found = waiting.get(number)
    if (found === undefined) return
    waiting.delete(number)
    clearTimeout(found.timer)
    how(found)
  }

  const refuseAll = (why: string): void => {
    for (const number of [...waiting.keys()]) {
      settled(number, ({ refuse }) => refuse(new GatewayError('state_failed', why)))
    }
  }

  // Answers are what the desk's function of that name returns.
  const call = <Value>(asked: DeskCall): Promise<Value> =>
    new Promise((resolve, reject) => {
      if (worker === undefined || waiting.size >= SEARCH_LIMITS.waitingMax) {
        const why = worker === undefined ? 'is not at hand' : 'has too many questions waiting'
        reject(new GatewayError('state_failed', `the search index ${why}; ask again`))
        return
      }
      const number = (numbers += 1)
      const timer = setTimeout(
        () =>
          settled(number, ({ refuse }) =>
            refuse(new GatewayError('state_failed', 'the search index took too long')),
          ),
        SEARCH_LIMITS.answerMs,
      )
      waiting.set(number, { answer: (value) => resolve(value as Value), refuse: reject, timer })
      worker.postMessage({ kind: 'call', number, call: asked } satisfies ToSearchWorker)
    })

  let told = false
  const looking = setInterval(() => {
    const now = performance.eventLoopUtilization()
    const busy = performance.eventLoopUtilization(now, load).utilization > BUSY_SHARE
    load = now
    if (busy !== told) worker?.postMessage({ kind: 'busy', busy } satisfies ToSearchWorker)
    told = busy
  }, LOOK_MS).unref()

  begin()
  return {
    search: (asked) => call({ name: 'search', asked }),
    grouped: (asked) => call({ name: 'grouped', asked }),
    sessions: (asked) => call({ name: 'sessions', asked }),
    named: (asked) => call({ name: 'named', asked }),
    rules: (asked) => call({ name: 'rules', asked }),
    async seen(isSeen) {
      for (;;) {
        const asked = whos.at(-1)?.id ?? 0
        const found = await call<Whos>({ name: 'whos', asked })
        if (found.made !== made) {
          whos = asked === 0 ? [...found.whos] : []
          made = found.made
          continue
        }
        const last = whos.at(-1)?.id ?? 0
        whos.push(...found.whos.filter(({ id }) => id > last))
        if (found.whos.length === 0) break
      }
      const all = whos
      const of = made
      const ids: number[] = []
      for (const [at, who] of all.entries()) {
        // Policies are asked for each: others have their turn in between.
        if (at % LOOKED_AT_ONCE === LOOKED_AT_ONCE - 1) await new Promise((go) => setImmediate(go))
        if (isSeen(who)) ids.push(who.id)
      }
      return { made: of, ids }
    },
    status: () => ({
      ...status,
      behindMs: status.behindBytes === 0 ? 0 : performance.now() - currentAt,
    }),
    async close() {
      closed = true
      clearInterval(looking)
      const running = worker
      worker = undefined
      refuseAll('the gateway is stopping')
      await running?.terminate()
    },
  }
}
