// The player keeps the film's pace, shortens long waits, and does what the keys say.
import t from 'tap'
import { createPlayer, GAP_MAX_MS, type Key } from '../../../proxy/replay/player.js'

// What happened, in order. `keys`: pressed while the entry of that index waits for its time.
async function played(
  moments: readonly { readonly at: number; readonly noteworthy?: boolean }[],
  {
    speed = 1,
    keys = {},
  }: { readonly speed?: number; readonly keys?: Readonly<Record<number, readonly Key[]>> } = {},
): Promise<readonly string[]> {
  const told: string[] = []
  let shown = 0
  const left = new Map(Object.entries(keys).map(([at, list]) => [Number(at), [...list]]))
  const player = createPlayer({
    count: moments.length,
    moment: (i) => Promise.resolve({ noteworthy: false, ...(moments[i] ?? { at: 0 }) }),
    show: (i) => {
      told.push(`#${i}`)
      shown += 1
      return Promise.resolve()
    },
    tell: (what, gap) => told.push(gap === undefined ? what : `gap ${gap}`),
    sleep: (ms) => {
      told.push(`wait ${ms}`)
      for (const key of left.get(shown)?.splice(0) ?? []) player.press(key)
      return Promise.resolve()
    },
    speed,
    wait: true,
  })
  await player.play()
  return told
}

const STEADY = [{ at: 0 }, { at: 100 }, { at: 200, noteworthy: true }, { at: 300 }]

t.test('entries come at their times, divided by the speed', async (t) => {
  t.same(await played(STEADY), ['#0', 'wait 100', '#1', 'wait 100', '#2', 'wait 100', '#3'])
  t.same(await played(STEADY, { speed: 2 }), [
    '#0',
    'wait 50',
    '#1',
    'wait 50',
    '#2',
    'wait 50',
    '#3',
  ])
})

t.test('a long wait is told and shortened; a clock that jumps back is no wait', async (t) => {
  t.same(await played([{ at: 0 }, { at: 3_600_000 }]), [
    '#0',
    'gap 3600000',
    `wait ${GAP_MAX_MS}`,
    '#1',
  ])
  t.same(await played([{ at: 500 }, { at: 100 }]), ['#0', 'wait 0', '#1'])
})

t.test('keys: stop and go on, one back, one on, the next denial, the end', async (t) => {
  t.same(await played(STEADY, { keys: { 1: ['pause', 'pause'] } }), [
    '#0',
    'wait 100',
    'paused',
    'playing',
    '#1',
    'wait 100',
    '#2',
    'wait 100',
    '#3',
  ])
  t.same(await played(STEADY, { keys: { 2: ['back'] } }), [
    '#0',
    'wait 100',
    '#1',
    'wait 100',
    '#0',
    'wait 100',
    '#1',
    'wait 100',
    '#2',
    'wait 100',
    '#3',
  ])
  t.same(await played(STEADY, { keys: { 1: ['denial'], 2: ['quit'] } }), [
    '#0',
    'wait 100',
    '#2',
    'wait 100',
  ])
  t.same(await played(STEADY, { keys: { 1: ['quit'] } }), ['#0', 'wait 100'])
  t.same(await played(STEADY, { keys: { 1: ['pause', 'next', 'quit'] } }), [
    '#0',
    'wait 100',
    'paused',
    '#1',
  ])
})

t.test('where no denial is left, the film goes on', async (t) => {
  t.same(await played([{ at: 0 }, { at: 1 }], { keys: { 1: ['denial'] } }), [
    '#0',
    'wait 1',
    'none left',
    '#1',
  ])
})
