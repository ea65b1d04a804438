// What the gateway tells as it happens, by server-sent events: a counter for each topic, which pages watch
// to ask anew. The connection comes back by itself; after a gap everything is asked for again.
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

const AGAIN_MS = 3_000
let source: EventSource | undefined
let timer: ReturnType<typeof setTimeout> | undefined

export function listen(): void {
  if (source !== undefined) return
  const opened = new EventSource('/api/events')
  source = opened
  let before = false
  opened.addEventListener('open', () => {
    connection.value = 'live'
    if (before) for (const topic of TOPICS) tell(topic, '')
    before = true
  })
  opened.addEventListener('error', () => {
    connection.value = 'lost'
    // The browser tries again by itself, except where the answer was no stream at all.
    if (opened.readyState === EventSource.CLOSED && source === opened) {
      source = undefined
      timer = setTimeout(listen, AGAIN_MS)
    }
  })
  for (const topic of TOPICS) {
    opened.addEventListener(topic, (event: MessageEvent<string>) => tell(topic, idIn(event.data)))
  }
}

export function stopListening(): void {
  source?.close()
  source = undefined
  clearTimeout(timer)
  connection.value = 'off'
}

function tell(topic: Topic, id: string): void {
  const one = news[topic]
  one.value = { count: one.value.count + 1, id }
}

function idIn(data: string): string {
  try {
    const value = JSON.parse(data) as { readonly id?: unknown }
    return typeof value.id === 'string' ? value.id : ''
  } catch {
    return ''
  }
}
