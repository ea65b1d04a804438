// Plays a film: a hand that moves along the film's clock at a speed, or follows what happens now. Which
// command is on screen follows from the hand.
import { batch, computed, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import { filmClock, type FilmClock } from '../reading/film-clock.js'
import type { FilmStore } from './film-store.js'

export const SPEEDS = [1, 2, 5, 10, 50] as const

// A pause longer than this is cut short.
const PAUSE_MAX_MS = 2_000

export type Player = {
  readonly clock: ReadonlySignal<FilmClock>
  // Milliseconds of the film.
  readonly hand: ReadonlySignal<number>
  readonly index: ReadonlySignal<number>
  readonly playing: ReadonlySignal<boolean>
  readonly speed: Signal<number>
  readonly following: Signal<boolean>
  readonly toggle: () => void
  readonly seek: (filmMs: number) => void
  readonly choose: (index: number) => void
  readonly stop: () => void
}

export function createPlayer(store: FilmStore): Player {
  const hand = signal(0)
  const playing = signal(false)
  const speed = signal<number>(1)
  const following = signal(false)
  const clock = computed(() => {
    const { value: count } = store.loaded
    const times = new Float64Array(count)
    for (let i = 0; i < count; i++) times[i] = store.rows[i]?.at ?? 0
    return filmClock(times, PAUSE_MAX_MS)
  })
  const index = computed(() =>
    following.value ? store.loaded.value - 1 : clock.value.indexAt(hand.value),
  )
  let frame = 0
  let last = 0

  const step = (time: number): void => {
    const next = hand.value + Math.min(250, time - last) * speed.value
    last = time
    const end = clock.value.lengthMs
    if (next >= end && store.complete.value) {
      batch(() => {
        hand.value = end
        playing.value = false
      })
      return
    }
    hand.value = Math.min(next, end)
    frame = requestAnimationFrame(step)
  }
  const stop = (): void => {
    cancelAnimationFrame(frame)
    playing.value = false
  }
  const choose = (to: number): void => {
    const at = Math.min(store.loaded.value - 1, Math.max(0, to))
    batch(() => {
      following.value = false
      hand.value = Math.max(0, clock.value.at(at))
    })
  }
  return {
    clock,
    hand,
    index,
    playing,
    speed,
    following,
    choose,
    stop,
    seek: (filmMs) => {
      batch(() => {
        following.value = false
        hand.value = Math.min(clock.value.lengthMs, Math.max(0, filmMs))
      })
    },
    toggle: () => {
      if (playing.value) {
        stop()
        return
      }
      batch(() => {
        following.value = false
        if (hand.value >= clock.value.lengthMs - 1) hand.value = 0
        playing.value = true
      })
      last = performance.now()
      frame = requestAnimationFrame(step)
    },
  }
}

// The next command after `from`, or before it, that is one of those.
export function nextOf(
  store: FilmStore,
  from: number,
  step: 1 | -1,
  is: (row: FilmStore['rows'][number]) => boolean,
): number | undefined {
  for (let i = from + step; i >= 0 && i < store.rows.length; i += step) {
    const row = store.rows[i]
    if (row !== undefined && is(row)) return i
  }
  return undefined
}
