// Hands out a recording's frames command by command, in order, holding no more of a result than the bound.
// Answers come in the order of the commands, so a command is whole once it is done or one after it is
// answered; what was left out is said in a `cut` frame.
import type { Frame } from '../recordings/film.js'

export type FeedBounds = { readonly rows: number; readonly bytes: number }

// What a page or a screen can show; exports have their own way.
export const SHOWN: FeedBounds = { rows: 200, bytes: 256 * 1024 }

export type FrameFeed = {
  // Frames of this command. Numbers must be asked for in ascending order; what lies between is passed over.
  readonly of: (command: number) => Promise<readonly Frame[]>
  readonly close: () => Promise<void>
}

type Held = { frames: Frame[]; rows: number; bytes: number; leftOut: number; at: number }

export function createFrameFeed(frames: AsyncIterable<Frame>, bounds = SHOWN): FrameFeed {
  const iterator = frames[Symbol.asyncIterator]()
  const held = new Map<number, Held>()
  // Answers have come up to here.
  let answered = 0
  let ended = false

  const take = (frame: Frame, wanted: number): void => {
    if (frame.command < wanted && frame.command !== 0) return
    // The end of a recording that is cut short concerns whatever comes next.
    const number = frame.command === 0 ? wanted : frame.command
    const own = held.get(number) ?? { frames: [], rows: 0, bytes: 0, leftOut: 0, at: 0 }
    held.set(number, own)
    own.at = frame.at
    if (frame.kind !== 'rows') {
      own.frames.push(frame)
      return
    }
    const kept: (readonly (string | null)[])[] = []
    for (const row of frame.rows) {
      const size = row.reduce((sum, field) => sum + (field?.length ?? 0) + 1, 0)
      if (own.rows >= bounds.rows || own.bytes + size > bounds.bytes) own.leftOut += 1
      else {
        kept.push(row)
        own.rows += 1
        own.bytes += size
      }
    }
    if (kept.length > 0) own.frames.push({ ...frame, rows: kept })
  }

  return {
    async of(command) {
      for (const number of held.keys()) if (number < command) held.delete(number)
      while (!ended && answered < command) {
        const { value, done } = await iterator.next()
        if (done === true) {
          ended = true
          break
        }
        take(value, command)
        if (value.kind === 'done' || value.kind === 'error') {
          answered = Math.max(answered, value.command)
        } else if (value.kind !== 'command') answered = Math.max(answered, value.command - 1)
      }
      const own = held.get(command)
      held.delete(command)
      if (own === undefined) return []
      if (own.leftOut === 0) return own.frames
      const why = `${own.leftOut} more row(s) are in the recording`
      return [...own.frames, { at: own.at, kind: 'cut', command, why }]
    },
    async close() {
      ended = true
      await iterator.return?.()
    },
  }
}
