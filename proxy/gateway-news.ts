// What happens in the gateway, told as it happens: everything that is recorded passes by here on its way to
// the record. News are gathered for a moment, so that a busy session is one word four times a second.
import type { Clock } from './clock.js'
import type { Recorder } from './recording/recorder.js'
import type { SessionList } from './session-list.js'

export type Topic = 'approval' | 'session' | 'command' | 'policy' | 'health'

export type NewsItem = {
  readonly topic: Topic
  // Of the approval, the session, the bundle; of a command its session.
  readonly id: string
  // The latest command of the session.
  readonly command?: number
}

export type News = {
  // Gives back how to hear no more.
  readonly hear: (listener: (items: readonly NewsItem[]) => void) => () => void
  readonly tell: (item: NewsItem) => void
  readonly close: () => void
}

export function createNews(everyMs: number): News {
  const listeners = new Set<(items: readonly NewsItem[]) => void>()
  const waiting = new Map<string, NewsItem>()
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    timer = undefined
    const items = [...waiting.values()]
    waiting.clear()
    for (const listener of [...listeners]) listener(items)
  }
  return {
    hear: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    tell: (item) => {
      if (listeners.size === 0) return
      waiting.set(`${item.topic} ${item.id}`, item)
      timer ??= setTimeout(flush, everyMs).unref()
    },
    close: () => {
      clearTimeout(timer)
      listeners.clear()
      waiting.clear()
    },
  }
}

// The recorder, with the list and the news kept beside it.
export function watchedRecorder(
  recorder: Recorder,
  list: SessionList,
  news: News,
  clock: Clock,
): Recorder {
  return {
    ...recorder,
    command: (record, durability, written) => {
      list.command(record)
      news.tell({ topic: 'command', id: record.session, command: record.command })
      recorder.command(record, durability, written)
    },
    outcome: (outcome) => {
      list.outcome(outcome)
      news.tell({ topic: 'command', id: outcome.session, command: outcome.command })
      recorder.outcome(outcome)
    },
    session: (event, written) => {
      list.session(event, clock.now())
      news.tell({ topic: 'session', id: event.session })
      recorder.session(event, written)
    },
    approval: (event, written) => {
      if (event.event === 'requested' && event.session !== undefined) list.held(event.session)
      news.tell({ topic: 'approval', id: event.approval })
      recorder.approval(event, written)
    },
    bundle: (event) => {
      news.tell({ topic: 'policy', id: event.bundle ?? '' })
      recorder.bundle(event)
    },
  }
}
