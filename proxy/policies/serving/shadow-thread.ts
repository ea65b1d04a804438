// One thread with one shadow bundle, seen from outside: questions go in, verdicts come back in their own
// time. Equal questions are asked once; beyond a bound questions are dropped. A thread that ends by
// itself is begun again a few times, then left.
import { Worker } from 'node:worker_threads'
import type { Decided } from '../../decision-cache.js'
import type { BaseFacts } from '../../facts-of-session.js'
import type { FromWorker, Question, ToWorker, Verdict } from './shadow-worker.js'

export type Ready = {
  readonly digest: string
  readonly wasm: string
  readonly revision: string
  readonly readsDigest: boolean
}

export type Asked = {
  // `id` of the policy that decided.
  readonly policy: number
  readonly base: BaseFacts
  readonly decided: Decided
  // Worked out only for what has to be asked.
  readonly digest: () => string
  // Of what waiting for the answer keeps in memory.
  readonly bytes: number
}

export type ShadowThread = {
  readonly ready: Promise<Ready | Extract<FromWorker, { kind: 'refused' }>>
  readonly ask: (asked: Asked, answer: (verdict: Verdict) => void) => void
  readonly close: () => Promise<void>
}

export type ThreadOptions = {
  readonly bytes: Uint8Array
  readonly fuel: number
  readonly onDropped: (outcome: 'dropped' | 'failed') => void
  // The thread ended by itself.
  readonly onEnded: (reason: string) => void
}

// Asked and not answered yet; a second of a busy gateway.
const WAITING_MAX = 10_000
const WAITING_BYTES_MAX = 32 << 20
// Verdicts, and facts told to the thread, remembered.
const KNOWN_MAX = 50_000
const FACTS_MAX = 20_000
const RESTARTS_MAX = 3
const RESTART_MS = 1000
// Enough for any policy; more ends the thread, not the gateway.
const RESOURCES = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 }

type Waiting = {
  readonly key: string | undefined
  readonly answers: ((verdict: Verdict) => void)[]
  bytes: number
}

export function createShadowThread(options: ThreadOptions): ShadowThread {
  const { bytes, fuel, onDropped } = options
  let worker: Worker | undefined
  let isReady = false
  let readsDigest = true
  let closed = false
  let restarts = 0
  let reason = ''
  let asked = 0
  let told = numbering()
  const waiting = new Map<number, Waiting>()
  let waitingBytes = 0
  let waitingAnswers = 0
  const byKey = new Map<string, number>()
  const known = new Map<string, Verdict>()
  let outgoing: Question[] = []
  let announced: ((found: Awaited<ShadowThread['ready']>) => void) | undefined
  const ready = new Promise<Awaited<ShadowThread['ready']>>((resolve) => (announced = resolve))

  const begin = (): void => {
    const entry = new URL('./shadow-worker.js', import.meta.url)
    const begun = new Worker(entry, {
      workerData: { bytes, fuel, id: 1 },
      resourceLimits: RESOURCES,
    })
    begun.unref()
    worker = begun
    begun.on('message', (message: FromWorker) => received(message))
    begun.on('error', (problem) => {
      if (worker !== begun) return
      reason = problem.message
      if (isReady) options.onEnded(reason)
    })
    begun.on('exit', () => {
      if (worker === begun) ended()
    })
  }

  const received = (message: FromWorker): void => {
    switch (message.kind) {
      case 'ready':
        isReady = true
        readsDigest = message.readsDigest
        return announced?.(message)
      case 'refused':
        return announced?.(message)
      case 'answers':
        for (const { number, verdict } of message.answers) answered(number, verdict)
    }
  }

  const answered = (number: number, verdict: Verdict): void => {
    const found = waiting.get(number)
    if (found === undefined) return
    waiting.delete(number)
    waitingBytes -= found.bytes
    waitingAnswers -= found.answers.length
    if (found.key !== undefined) {
      byKey.delete(found.key)
      if (known.size >= KNOWN_MAX) known.clear()
      known.set(found.key, verdict)
    }
    for (const answer of found.answers) answer(verdict)
  }

  const ended = (): void => {
    worker = undefined
    isReady = false
    for (const { answers } of waiting.values()) answers.forEach(() => onDropped('failed'))
    waiting.clear()
    waitingBytes = waitingAnswers = 0
    byKey.clear()
    outgoing = []
    told = numbering()
    announced?.({ kind: 'refused', step: 'probe', reason: `its thread ended: ${reason}` })
    if (closed || restarts >= RESTARTS_MAX) return
    restarts++
    setTimeout(() => {
      if (!closed) begin()
    }, RESTART_MS).unref()
  }

  // At the end of this turn, all that was asked in it.
  const flush = (): void => {
    const questions = outgoing
    outgoing = []
    if (worker === undefined || questions.length === 0) return
    const { forget, bases, commands } = told.take()
    try {
      worker.postMessage({ forget, bases, commands, questions } satisfies ToWorker)
    } catch (problem) {
      // Facts that cannot be told: the thread no longer knows what it was told.
      reason = problem instanceof Error ? problem.message : String(problem)
      void worker.terminate()
    }
  }

  begin()
  return {
    ready,
    ask({ policy, base, decided, digest, bytes: weight }, answer) {
      if (!isReady) return onDropped(restarts > 0 ? 'failed' : 'dropped')
      if (told.full()) {
        flush()
        told.forget()
        known.clear()
      }
      const { entrypoint, decision } = decided
      const [first, second] = told.numbers(base, decided.facts)
      const key = readsDigest ? undefined : `${policy} ${first} ${second} ${entrypoint}`
      const verdict = key === undefined ? undefined : known.get(key)
      if (verdict !== undefined) return answer(verdict)
      if (waitingAnswers >= WAITING_MAX || waitingBytes + weight > WAITING_BYTES_MAX) {
        return onDropped('dropped')
      }
      waitingAnswers++
      waitingBytes += weight
      const open = key === undefined ? undefined : byKey.get(key)
      const found = open === undefined ? undefined : waiting.get(open)
      if (found !== undefined) {
        found.answers.push(answer)
        found.bytes += weight
        return
      }
      const number = ++asked
      waiting.set(number, { key, answers: [answer], bytes: weight })
      if (key !== undefined) byKey.set(key, number)
      const facts = { base: first, command: second, digest: digest() }
      outgoing.push({ number, ...facts, entrypoint, decision })
      if (outgoing.length === 1) setImmediate(flush)
    },
    close: async () => {
      closed = true
      const running = worker
      worker = undefined
      await running?.terminate()
    },
  }
}

// Facts by number: the same objects repeat from command to command and are told once.
function numbering() {
  let next = 0
  let numbers = new WeakMap<object, number>()
  let count = 0
  let forget = false
  let bases: (readonly [number, BaseFacts])[] = []
  let commands: (readonly [number, Decided['facts']])[] = []
  const numberOf = <T extends object>(facts: T, news: (readonly [number, T])[]): number => {
    const known = numbers.get(facts)
    if (known !== undefined) return known
    next++
    count++
    numbers.set(facts, next)
    news.push([next, facts])
    return next
  }
  return {
    numbers: (base: BaseFacts, command: Decided['facts']) =>
      [numberOf(base, bases), numberOf(command, commands)] as const,
    full: () => count >= FACTS_MAX,
    // Only after everything that was numbered has been taken.
    forget() {
      numbers = new WeakMap()
      count = 0
      forget = true
    },
    take() {
      const taken = { forget, bases, commands }
      forget = false
      bases = []
      commands = []
      return taken
    },
  }
}
