// What the gateway tells as it happens, by server-sent events: a counter for each topic, which pages watch
// to ask anew. Browsers open few connections to one place, so of several windows one listens and tells the
// others; where it closes, another takes over. After a gap everything is asked for again.
import { signal, type Signal } from '@preact/signals'

export const TOPICS = ['approval', 'session', 'command', 'policy', 'health'] as const
export type Topic = (typeof TOPICS)[number]
export type News = { readonly count: number; readonly id: string }

const quiet = (): Signal<News> => signal({ count: 0, id: '' })

export const news: Readonly<Record<Topic, Signal<News>>> = {
  approval: quiet(),
  session: quiet(),
  command: quiet(),
  policy: quiet(),
  health: quiet(),
}

export const connection = signal<'off' | 'live' | 'lost'>('off')

const NAME = 'sallyport-events'
const AGAIN_MS = 3_000

type Told =
  { readonly topic: Topic; readonly id: string } | { readonly connection: 'live' | 'lost' }

let channel: BroadcastChannel | undefined
let stop: AbortController | undefined

export function listen(): void {
  if (stop !== undefined) return
  const stopping = new AbortController()
  stop = stopping
  connection.value = 'live'
  channel = new BroadcastChannel(NAME)
  channel.addEventListener('message', ({ data }: MessageEvent<Told>) => take(data))
  // Locks are there on HTTPS and on this machine; elsewhere each window listens for itself.
  const locks = 'locks' in navigator ? navigator.locks : undefined
  if (locks === undefined) void stream(stopping.signal)
  else {
    locks
      .request(NAME, { signal: stopping.signal }, () => stream(stopping.signal))
      .catch((problem: unknown) => console.debug(problem))
  }
}

export function stopListening(): void {
  stop?.abort()
  stop = undefined
  channel?.close()
  channel = undefined
  connection.value = 'off'
}

// A page that is put aside must hold no connection; when it comes back, it asks again.
addEventListener('pagehide', () => {
  if (connection.value === 'off') return
  stopListening()
  addEventListener(
    'pageshow',
    () => {
      listen()
      for (const topic of TOPICS) tell({ topic, id: '' })
    },
    { once: true },
  )
})

// Until it is stopped; the lock is held for as long.
function stream(stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let source: EventSource | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const open = (): void => {
      source = new EventSource('/api/events')
      source.addEventListener('open', () => {
        tell({ connection: 'live' })
        // What happened since the pages asked, nobody told.
        for (const topic of TOPICS) tell({ topic, id: '' })
      })
      source.addEventListener('error', () => {
        tell({ connection: 'lost' })
        // The browser tries again by itself, except where the answer was no stream at all.
        if (source?.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN_MS)
      })
      for (const topic of TOPICS) {
        source.addEventListener(topic, (event: MessageEvent<string>) =>
          tell({ topic, id: idIn(event.data) }),
        )
      }
    }
    open()
    stopped.addEventListener('abort', () => {
      clearTimeout(timer)
      source?.close()
      resolve()
    })
  })
}

function tell(told: Told): void {
  channel?.postMessage(told)
  take(told)
}

function take(told: Told): void {
  if ('connection' in told) {
    connection.value = told.connection
    return
  }
  const one = news[told.topic]
  one.value = { count: one.value.count + 1, id: told.id }
}

function idIn(data: string): string {
  try {
    const value = JSON.parse(data) as { readonly id?: unknown }
    return typeof value.id === 'string' ? value.id : ''
  } catch {
    return ''
  }
}
