// A recording read back: chunk by chunk, each opened and checked, its items turned into frames. Never holds
// more than a chunk and one message. What is not what was written ends the film with an error; what ends
// early, since the gateway or the disk did, closes on a `cut` frame that says so.
import { GatewayError } from '../errors.js'
import type { Frame } from './film.js'
import { headOf, MAGIC } from './film-file.js'
import { frameReader, type FrameReader } from './postgres-frames.js'
import { ITEM, itemsOf, type Item } from './reel.js'
import { CHUNK_HEAD_BYTES, chunkHeadOf, opened } from './seal.js'

export type Sealing = { readonly session: string; readonly key: Uint8Array }

// `live`: more may follow, so an end without a last chunk is none.
export async function* framesOf(
  pieces: AsyncIterable<Buffer>,
  { session, key }: Sealing,
  live: boolean,
): AsyncGenerator<Frame> {
  const reader = frameReader()
  let last = false
  let at = 0
  let number = 0
  for await (const chunk of chunksOf(pieces, session)) {
    if (last) throw damaged(session, `chunk ${number} stands behind the last one`)
    const found = opened(key, session, number, chunk)
    if (found === undefined) throw damaged(session, `chunk ${number} is not what was sealed`)
    last = found.last
    number++
    for (const item of itemsOf(found.plain)) {
      if (item === undefined) throw damaged(session, `chunk ${number - 1} does not add up`)
      const frames = framesOfItem(item, reader)
      if (frames === undefined) {
        throw damaged(session, `chunk ${number - 1} holds what no database sent`)
      }
      at = item.at
      yield* frames
    }
  }
  if (last || live) return
  yield { at, kind: 'cut', command: 0, why: 'the recording is cut short here' }
}

// The sealed chunks, head and body; what is not complete at the end is left out.
export async function* chunksOf(
  pieces: AsyncIterable<Buffer>,
  session: string,
): AsyncGenerator<Buffer> {
  const head = headOf(session)
  let rest: Buffer = Buffer.alloc(0)
  let begun = false
  for await (const piece of pieces) {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    if (!begun) {
      if (rest.length < head.length) continue
      if (!rest.subarray(0, MAGIC.length).equals(MAGIC)) {
        throw damaged(session, 'the file is no recording')
      }
      if (!rest.subarray(0, head.length).equals(head)) {
        throw damaged(session, 'the file is of another session')
      }
      rest = rest.subarray(head.length)
      begun = true
    }
    for (;;) {
      if (rest.length < CHUNK_HEAD_BYTES) break
      const found = chunkHeadOf(rest, 0)
      if (found === undefined) throw damaged(session, 'a chunk begins as none does')
      const end = CHUNK_HEAD_BYTES + found.length
      if (rest.length < end) break
      yield rest.subarray(0, end)
      rest = rest.subarray(end)
    }
  }
}

function framesOfItem({ kind, at, body }: Item, reader: FrameReader): readonly Frame[] | undefined {
  switch (kind) {
    case ITEM.turn:
      if (body.length !== 4) return undefined
      reader.turn(body.readUInt32BE(0))
      return []
    case ITEM.wire:
      return reader.wire(at, body)
    case ITEM.command: {
      const said = jsonOf(body)
      if (said === undefined || typeof said['text'] !== 'string') return undefined
      const { command, text, binds } = said
      if (typeof command !== 'number') return undefined
      if (binds === undefined) return [{ at, kind: 'command', command, text }]
      return isBinds(binds) ? [{ at, kind: 'command', command, text, binds }] : undefined
    }
    case ITEM.cut: {
      const said = jsonOf(body)
      const { command, why } = said ?? {}
      if (typeof command !== 'number' || typeof why !== 'string') return undefined
      return [{ at, kind: 'cut', command, why }]
    }
    case ITEM.shape: {
      const zero = body.indexOf(0)
      const said = zero < 0 ? undefined : jsonOf(body.subarray(0, zero))
      const { command, formats } = said ?? {}
      if (typeof command !== 'number' || !isFormats(formats)) return undefined
      return reader.shape(command, formats, body.subarray(zero + 1)) ? [] : undefined
    }
    default:
      return undefined
  }
}

function jsonOf(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function isBinds(value: unknown): value is readonly (string | null)[] {
  return Array.isArray(value) && value.every((one) => one === null || typeof one === 'string')
}

function isFormats(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'number')
}

export function damaged(session: string, what: string): GatewayError {
  return new GatewayError('recording_damaged', `recording ${session}: ${what}`)
}
