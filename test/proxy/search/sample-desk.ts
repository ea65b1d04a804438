// A desk over a record, up to date, closed with the test. Holds no test.
import { caughtUp, openDesk, type Desk } from '../../../proxy/search/desk.js'
import { createRecordSource } from '../../../proxy/search/record-source.js'

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
