// The time of a film: pauses longer than a bound are cut short, as nobody watches a prompt blink for an
// hour. Each command has its recorded time and its time in the film; one leads to the other.

export type FilmClock = {
  readonly lengthMs: number
  // Of the film, of the command at an index.
  readonly at: (index: number) => number
  // The last command that has begun; -1 before the first.
  readonly indexAt: (filmMs: number) => number
  // The recorded time, milliseconds since the session opened.
  readonly recordedAt: (filmMs: number) => number
}

// After the last command its answer is still to be seen.
const LAST_MS = 1_500

export function filmClock(recorded: ArrayLike<number>, pauseMaxMs: number): FilmClock {
  const film = new Float64Array(recorded.length)
  let before = 0
  let time = 0
  for (let i = 0; i < recorded.length; i++) {
    const now = recorded[i] ?? before
    time += Math.min(Math.max(0, now - before), pauseMaxMs)
    film[i] = time
    before = now
  }
  const indexAt = (filmMs: number): number => {
    let [low, high] = [0, film.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((film[middle] ?? 0) <= filmMs) low = middle + 1
      else high = middle
    }
    return low - 1
  }
  return {
    lengthMs: time + LAST_MS,
    at: (index) => film[index] ?? 0,
    indexAt,
    recordedAt: (filmMs) => {
      const index = indexAt(filmMs)
      if (index < 0) return 0
      return (recorded[index] ?? 0) + Math.min(filmMs - (film[index] ?? 0), pauseMaxMs)
    },
  }
}
