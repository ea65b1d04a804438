// Plays a film on a terminal: waits, and listens to keys where somebody sits in front of it.
import { setTimeout as wait } from 'node:timers/promises'
import type { Film, FilmEntry } from '../../replay/film.js'
import { createPlayer, type Key } from '../../replay/player.js'
import type { Screened, Screening } from '../../replay/screening.js'
import { spanText } from '../../replay/terminal-text.js'
import type { Io } from '../io.js'

const KEYS: Readonly<Record<string, Key>> = {
  ' ': 'pause',
  '\u001b[C': 'next',
  '\u001bOC': 'next',
  '\u001b[D': 'back',
  '\u001bOD': 'back',
  n: 'denial',
  q: 'quit',
  '\u0003': 'quit',
  '\u0004': 'quit',
}

export type Playing = {
  readonly film: Film
  readonly screening: Screening
  readonly from: number
  readonly speed: number
  readonly text: (entry: FilmEntry) => string
}

export async function playedOn(io: Io, playing: Playing): Promise<void> {
  const { film, screening, from, speed, text } = playing
  const commands = film.commands.filter((command) => command >= from)
  const shown = createShown(screening)
  const player = createPlayer({
    count: commands.length,
    moment: async (i) => momentOf((await shown.brief(commands[i] ?? 0, film)) ?? NOTHING),
    show: async (i) => {
      const entry = await shown.entry(commands[i] ?? 0)
      if (entry !== undefined) io.stdout.write(text(entry))
    },
    tell: (what, gap) => {
      const words = gap === undefined ? what : `${spanText(gap)} later`
      io.stdout.write(`── ${words} ──\n`)
    },
    sleep: async (milliseconds, signal) => {
      await wait(milliseconds, undefined, { signal }).catch((problem: unknown) => {
        if (!signal.aborted) throw problem
      })
    },
    speed,
    wait: true,
  })
  const { stdin } = io
  const listen = (bytes: Buffer): void => {
    const key = KEYS[bytes.toString('latin1')]
    if (key !== undefined) player.press(key)
  }
  const keys = stdin?.isTTY === true && stdin.setRawMode !== undefined
  if (keys) {
    stdin.setRawMode?.(true)
    stdin.on('data', listen)
    stdin.resume()
  }
  try {
    await player.play()
  } finally {
    await shown.close()
    if (keys) {
      stdin.off('data', listen)
      stdin.setRawMode?.(false)
      stdin.pause()
    }
  }
}

const NOTHING = { at: 0, action: 'allow', go: true } as const

function momentOf({ at, action, go }: Pick<FilmEntry, 'at' | 'action' | 'go'>) {
  return { at, noteworthy: !go || action === 'require-approval' }
}

// Goes on from where it is where that is possible, and begins anew where it is not.
function createShown(screening: Screening) {
  let entries: AsyncGenerator<Screened> | undefined
  let last = 0
  const close = async (): Promise<void> => {
    await entries?.return(undefined)
    entries = undefined
  }
  return {
    close,
    async brief(command: number, film: Film): Promise<FilmEntry | undefined> {
      for await (const { entry } of film.shots(command)) return entry
      return undefined
    },
    async entry(command: number): Promise<FilmEntry | undefined> {
      if (entries === undefined || command !== last + 1) {
        await close()
        entries = screening.entries(command)
      }
      const { value, done } = await entries.next()
      if (done === true) return undefined
      last = value.entry.command
      return value.entry
    },
  }
}
