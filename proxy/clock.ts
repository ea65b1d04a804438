// Time and chance are handed in, so that a whole gateway can be replayed from one seed.

export type Clock = {
  // Milliseconds since the Unix epoch.
  readonly now: () => number
  // Microseconds from an arbitrary start, never going back.
  readonly monotonicUs: () => number
}

export const systemClock: Clock = {
  now: Date.now,
  monotonicUs: () => performance.now() * 1000,
}
