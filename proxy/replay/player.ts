// Plays a film at its pace: waits are as long as they were, divided by the speed, and long ones shortened.
// Keys stop it, step through it, and jump to the next denial or hold. Knows no terminal: it shows an entry
// when it is time, and is told of keys.

export type Key = 'pause' | 'next' | 'back' | 'denial' | 'quit'

export type Moment = { readonly at: number; readonly noteworthy: boolean }

export type PlayerParts = {
  readonly count: number
  // When a command came, and whether it was refused or held.
  readonly moment: (i: number) => Promise<Moment>
  readonly show: (i: number) => Promise<void>
  readonly tell: (what: 'paused' | 'playing' | 'none left', shortened?: number) => void
  // Waits; false: cut short by a key.
  readonly sleep: (milliseconds: number, stop: AbortSignal) => Promise<void>
  readonly speed: number
  readonly wait: boolean
}

export type Player = { readonly press: (key: Key) => void; readonly play: () => Promise<void> }

// A gap longer than this is told, not waited for.
export const GAP_MAX_MS = 2_000

export function createPlayer(parts: PlayerParts): Player {
  const keys: Key[] = []
  let stop = new AbortController()
  let woken: (() => void) | undefined

  const press = (key: Key): void => {
    keys.push(key)
    stop.abort()
    woken?.()
  }

  const nextKey = async (): Promise<Key> => {
    for (;;) {
      const key = keys.shift()
      if (key !== undefined) return key
      await new Promise<void>((resolve) => (woken = resolve))
    }
  }

  const pauseBefore = async (i: number): Promise<void> => {
    if (!parts.wait || i === 0 || i >= parts.count) return
    const [before, after] = [await parts.moment(i - 1), await parts.moment(i)]
    const gap = Math.max(0, after.at - before.at) / parts.speed
    const shortened = gap > GAP_MAX_MS
    if (shortened) parts.tell('playing', after.at - before.at)
    if (keys.length > 0) return
    stop = new AbortController()
    await parts.sleep(Math.min(gap, GAP_MAX_MS), stop.signal)
  }

  const noteworthyFrom = async (i: number): Promise<number | undefined> => {
    for (let at = i; at < parts.count && keys[0] !== 'quit'; at++) {
      if ((await parts.moment(at)).noteworthy) return at
    }
    return undefined
  }

  // Where to go on after a key; undefined: the end.
  const followed = async (key: Exclude<Key, 'pause'>, at: number): Promise<number | undefined> => {
    switch (key) {
      case 'quit':
        return undefined
      case 'back':
        return Math.max(0, at - 2)
      case 'next':
        return at
      case 'denial': {
        const found = await noteworthyFrom(at)
        if (keys[0] === 'quit') return undefined
        if (found === undefined) parts.tell('none left')
        return found ?? at
      }
    }
  }

  return {
    press,
    async play() {
      let paused = false
      // The next to be shown.
      let at = 0
      while (at < parts.count) {
        if (!paused && keys.length === 0) await pauseBefore(at)
        let key = paused ? await nextKey() : keys.shift()
        while (key === 'pause') {
          paused = !paused
          parts.tell(paused ? 'paused' : 'playing')
          key = paused ? await nextKey() : keys.shift()
        }
        if (key !== undefined) {
          const to = await followed(key, at)
          if (to === undefined) return
          at = to
        }
        await parts.show(at)
        at += 1
      }
    },
  }
}
