// A desk over a record, up to date, closed with the test. Holds no test.
import { caughtUp, openDesk, type Desk } from '../../../proxy/search/desk.js'
import { createRecordSource } from '../../../proxy/search/record-source.js'
import type { SearchThread } from '../../../proxy/search/search-thread.js'

export function deskOf(
  t: { teardown: (fn: () => void) => void },
  directory: string,
  options: {
    readonly file?: string
    readonly onRebuild?: (why: string) => void
    readonly behind?: boolean
  } = {},
): Desk {
  const { file = `${directory}/search.sqlite`, onRebuild } = options
  const desk = openDesk({
    directory,
    file,
    source: () => createRecordSource(directory),
    now: () => Date.parse('2026-11-24T00:00:00Z'),
    elapsed: () => performance.now(),
    ...(onRebuild === undefined ? {} : { onRebuild }),
  })
  t.teardown(() => desk.close())
  if (options.behind !== true) caughtUp(desk)
  return desk
}

// The desk as the gateway's thread gives it to the web, here without a thread.
export function threadOf(
  desk: () => Desk,
): Pick<SearchThread, 'search' | 'grouped' | 'rules' | 'seen' | 'sessions' | 'named' | 'status'> {
  return {
    search: async (asked) => desk().search(asked),
    grouped: async (asked) => desk().grouped(asked),
    rules: async (active) => desk().rules(active),
    sessions: async (asked) => desk().sessions(asked),
    named: async (beginning) => desk().named(beginning),
    seen: async (isSeen) => {
      const { made, whos } = desk().whos(0)
      return { made, ids: whos.filter(isSeen).map(({ id }) => id) }
    },
    status: () => ({ ...desk().status(), behindMs: 0 }),
  }
}
