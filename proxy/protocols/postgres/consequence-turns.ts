// So many at a time, the others in the order in which they came. Whoever gives up while waiting is passed
// over.

export type Turn = {
  // Never where it was given up before.
  readonly ready: Promise<void>
  // May be called more than once.
  readonly over: () => void
}

export function createTurns(atOnce: number): { readonly take: () => Turn } {
  const waiting = new Set<() => void>()
  let running = 0
  const next = (): void => {
    for (const start of waiting) {
      if (running >= atOnce) return
      waiting.delete(start)
      start()
    }
  }
  return {
    take() {
      let started = false
      let begin: () => void = () => undefined
      const start = (): void => {
        started = true
        running++
        begin()
      }
      const ready = new Promise<void>((resolve) => {
        begin = resolve
      })
      waiting.add(start)
      next()
      return {
        ready,
        over() {
          waiting.delete(start)
          if (!started) return
          started = false
          running--
          next()
        },
      }
    },
  }
}
