// The index in its thread: it answers while it catches up, in no one's way, and comes back when its thread ends.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import t from 'tap'
import { silentLog } from '../../../proxy/log.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import { segmentNames } from '../../../proxy/recording/segment.js'
import { createSearchThread, type SearchThread } from '../../../proxy/search/search-thread.js'
import { commandRecord, emptyDirectory, recorded } from '../recording/sample-record.js'
import { generatedRecord } from './generated-record.js'

const isBuilt = import.meta.url.includes('/build/')
const skip = isBuilt ? false : 'runs from build/ alone: it starts a thread'

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await after(20)
}

const hasAll = (thread: SearchThread): boolean => {
  const { lines, behindBytes } = thread.status()
  return lines > 0 && behindBytes === 0
}

t.test(
  'it follows a record that is being written, and says how far it is behind',
  { skip },
  async (t) => {
    const directory = emptyDirectory(t)
    const recorder = await createRecorder({ directory, segmentBytes: 30_000 })
    const thread = createSearchThread(
      { directory, file: join(directory, 'search.sqlite') },
      silentLog,
    )
    t.teardown(() => thread.close())
    for (let n = 1; n <= 100; n += 1) await recorded(recorder, commandRecord(n))
    await until(async () => {
      try {
        return (await thread.search({ question: '', limit: 500 })).hits.length === 100
      } catch {
        return false
      }
    })
    await until(() => hasAll(thread))
    t.equal(thread.status().behindMs, 0)
    t.ok(thread.status().bytes > 10_000)
    await recorder.close()
  },
)

t.test('while it catches up with a long record the event loop goes on', { skip }, async (t) => {
  const directory = emptyDirectory(t)
  await generatedRecord({ directory, commands: 30_000, people: 30, each: 60 })
  const thread = createSearchThread(
    { directory, file: join(directory, 'search.sqlite') },
    silentLog,
  )
  t.teardown(() => thread.close())
  const held = performance.eventLoopUtilization()
  await until(() => hasAll(thread))
  const { utilization } = performance.eventLoopUtilization(held)
  t.ok(utilization < 0.5, `the event loop was busy for ${utilization.toFixed(2)} of the time`)
  const { hits } = await thread.search({ question: 'label:pii', limit: 10 })
  t.equal(hits.length, 10)
  t.equal((await thread.grouped({ question: '', by: 'action' })).commands, 30_000)
})

t.test(
  'mistakes in questions come back as such, and who is seen can be chosen',
  { skip },
  async (t) => {
    const directory = emptyDirectory(t)
    await generatedRecord({ directory, commands: 500, people: 12, each: 30 })
    const thread = createSearchThread(
      { directory, file: join(directory, 'search.sqlite') },
      silentLog,
    )
    t.teardown(() => thread.close())
    await until(() => hasAll(thread))
    await t.rejects(thread.search({ question: 'persn:x' }), {
      code: 'usage',
      message: /at character 1/,
    })
    const seen = await thread.seen(({ identity }) => identity.kind === 'agent')
    const { hits } = await thread.search({ question: '', seen, limit: 500 })
    t.ok(hits.length > 0 && hits.every(({ kind }) => kind === 'agent'))
    t.same((await thread.search({ question: '', seen: await thread.seen(() => false) })).hits, [])
    // A segment that goes away: the index is made anew, and old numbers are of no use any more.
    const names = segmentNames(directory)
    t.equal(names.length, 1)
    await generatedRecord({ directory, commands: 10, seed: 9, people: 9 })
    rmSync(join(directory, names[0] ?? ''))
    await until(() =>
      thread.search({ question: '', seen }).then(
        () => false,
        (problem: unknown) => (problem as { code?: string }).code === 'conflict',
      ),
    )
    await until(() => hasAll(thread))
    t.ok((await thread.search({ question: '' })).standing.gaps.length > 0)
  },
)

t.test('closed, it refuses what still waits', { skip }, async (t) => {
  const directory = emptyDirectory(t)
  await generatedRecord({ directory, commands: 200, people: 9 })
  const thread = createSearchThread(
    { directory, file: join(directory, 'search.sqlite') },
    silentLog,
  )
  const asked = thread.search({ question: '' })
  await Promise.all([t.rejects(asked, { code: 'state_failed' }), thread.close()])
  await t.rejects(thread.search({ question: '' }), { code: 'state_failed' })
})
