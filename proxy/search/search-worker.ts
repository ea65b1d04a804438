// The thread of the index: reads the record behind its writer a batch at a time, and answers questions between
// two batches. Nothing here can hold up a command: the gateway only sends words and gets words.
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { GatewayError, type ErrorCode } from '../errors.js'
import { openDesk, type Desk, type DeskStatus } from './desk.js'
import { SEARCH_LIMITS } from './limits.js'
import { createRecordSource } from './record-source.js'

export type SearchWorkerStart = { readonly directory: string; readonly file: string }

// A function of the desk, and what it is called with.
export type DeskCall = {
  [Name in 'search' | 'grouped' | 'sessions' | 'named' | 'rules' | 'whos']: {
    readonly name: Name
    readonly asked: Parameters<Desk[Name]>[0]
  }
}['search' | 'grouped' | 'sessions' | 'named' | 'rules' | 'whos']

export type ToSearchWorker =
  | { readonly kind: 'call'; readonly number: number; readonly call: DeskCall }
  // Whether the gateway has much to do: then the index takes its time.
  | { readonly kind: 'busy'; readonly busy: boolean }

export type FromSearchWorker =
  | { readonly kind: 'answer'; readonly number: number; readonly value: unknown }
  | {
      readonly kind: 'refused'
      readonly number: number
      readonly code: ErrorCode
      readonly message: string
    }
  | { readonly kind: 'status'; readonly status: DeskStatus }
  | { readonly kind: 'rebuild'; readonly why: string }
  // The record could not be read, or the index not be written; it is tried again.
  | { readonly kind: 'trouble'; readonly message: string }

// Whatever commands wait for comes first (nice(2); on Linux each thread has its own, elsewhere all would have it).
const NICE = 10
if (parentPort !== null && process.platform === 'linux') setPriority(NICE)
if (parentPort !== null) worked(parentPort, workerData as SearchWorkerStart)

// After trouble, so that a full disk is not written to all the time.
const TROUBLE_MS = 5_000

function worked(
  port: NonNullable<typeof parentPort>,
  { directory, file }: SearchWorkerStart,
): void {
  const say = (message: FromSearchWorker): void => port.postMessage(message)
  let busy = false
  let desk: Desk | undefined
  const opened = (): Desk =>
    (desk ??= openDesk({
      directory,
      file,
      source: () => createRecordSource(directory),
      now: Date.now,
      elapsed: () => performance.now(),
      onRebuild: (why) => say({ kind: 'rebuild', why }),
    }))

  port.on('message', (message: ToSearchWorker) => {
    if (message.kind === 'busy') {
      busy = message.busy
      return
    }
    const { number, call } = message
    try {
      say({ kind: 'answer', number, value: answered(opened(), call) })
    } catch (problem) {
      const known = problem instanceof GatewayError
      const text = problem instanceof Error ? problem.message : String(problem)
      say({ kind: 'refused', number, code: known ? problem.code : 'state_failed', message: text })
    }
  })

  const step = (): void => {
    const started = performance.now()
    let pause: number = SEARCH_LIMITS.pollMs
    try {
      const { more, lines } = opened().step()
      if (more) pause = busy ? (performance.now() - started) * SEARCH_LIMITS.restShare : 0
      if (lines > 0 || !more) say({ kind: 'status', status: opened().status() })
    } catch (problem) {
      say({
        kind: 'trouble',
        message: problem instanceof Error ? problem.message : String(problem),
      })
      pause = TROUBLE_MS
    }
    setTimeout(step, pause)
  }
  step()
}

function answered(desk: Desk, { name, asked }: DeskCall): unknown {
  switch (name) {
    case 'search':
      return desk.search(asked)
    case 'grouped':
      return desk.grouped(asked)
    case 'sessions':
      return desk.sessions(asked)
    case 'named':
      return desk.named(asked)
    case 'rules':
      return desk.rules(asked)
    case 'whos':
      return desk.whos(asked)
  }
}
