// A recording handed out command by command, in order, within bounds, also where answers overlap.
import t from 'tap'
import type { Frame } from '../../../proxy/replay/film.js'
import { createFrameFeed } from '../../../proxy/replay/frame-feed.js'

const command = (n: number): Frame => ({ at: n, kind: 'command', command: n, text: `SELECT ${n}` })
const done = (n: number): Frame => ({ at: n, kind: 'done', command: n, tag: 'SELECT 1' })
const row = (n: number, rows = 1): Frame => ({
  at: n,
  kind: 'rows',
  command: n,
  rows: Array.from({ length: rows }, (_, i) => [`${n}.${i}`]),
})

async function* from(frames: readonly Frame[]) {
  yield* frames
}

t.test('commands sent ahead of their answers get their own answers', async (t) => {
  const feed = createFrameFeed(
    from([command(1), command(2), command(3), row(1), done(1), row(2), done(2), row(3), done(3)]),
  )
  for (const n of [1, 2, 3]) {
    const frames = await feed.of(n)
    t.same(
      frames.map((frame) => frame.kind),
      ['command', 'rows', 'done'],
    )
    t.ok(frames.every((frame) => frame.command === n))
  }
})

t.test(
  'commands that were not recorded have no frames, and those behind them have theirs',
  async (t) => {
    const feed = createFrameFeed(from([command(2), done(2), command(5), row(5), done(5)]))
    t.same((await feed.of(1)).length, 0)
    t.same((await feed.of(2)).length, 2)
    t.same((await feed.of(3)).length, 0)
    t.same((await feed.of(5)).length, 3)
    t.same((await feed.of(6)).length, 0)
  },
)

t.test('a huge result is held to the bound, and the rest is counted', async (t) => {
  let made = 0
  const huge = async function* (): AsyncGenerator<Frame> {
    yield command(1)
    for (; made < 2_000; made++) yield row(1, 500)
    yield done(1)
    yield command(2)
    yield done(2)
  }
  const feed = createFrameFeed(huge(), { rows: 100, bytes: 10_000 })
  const frames = await feed.of(1)
  const rows = frames.flatMap((frame) => (frame.kind === 'rows' ? frame.rows : []))
  t.equal(rows.length, 100)
  t.match(frames.at(-1), { kind: 'cut', why: '999900 more row(s) are in the recording' })
  t.same(
    (await feed.of(2)).map(({ kind }) => kind),
    ['command', 'done'],
  )
})

t.test('one row larger than the bound is left out, not the memory of the reader', async (t) => {
  const feed = createFrameFeed(
    from([command(1), { at: 0, kind: 'rows', command: 1, rows: [['x'.repeat(100_000)]] }, done(1)]),
    { rows: 10, bytes: 1_000 },
  )
  t.match(await feed.of(1), [{ kind: 'command' }, { kind: 'done' }, { kind: 'cut' }])
})

t.test(
  'the end of a recording that is cut short is told at the command where it ends',
  async (t) => {
    const feed = createFrameFeed(
      from([command(1), done(1), command(2), { at: 9, kind: 'cut', command: 0, why: 'cut short' }]),
    )
    t.equal((await feed.of(1)).length, 2)
    t.match(await feed.of(2), [{ kind: 'command' }, { kind: 'cut', why: 'cut short' }])
  },
)

t.test('a recording that was closed gives nothing more', async (t) => {
  const feed = createFrameFeed(from([command(1), done(1)]))
  await feed.close()
  t.same(await feed.of(1), [])
})
