// Two ends of a TCP connection as Streams of one kind, and bytes whose every place says what must stand
// there: whatever arrives late, twice or changed is found.
import type { Socket } from 'node:net'
import { connect } from '../../../proxy/transport/connect.js'
import { listen, streamOf, type Listening } from '../../../proxy/transport/listen.js'
import type { Stream } from '../../../proxy/transport/stream.js'

export const KINDS = [
  { name: 'raw handles', raw: true },
  { name: 'sockets', raw: false },
] as const

export type Server = {
  readonly listening: Listening
  // Connects, and gives both ends: ours and the accepted one, not yet streams.
  readonly sockets: () => Promise<readonly [Socket, Socket]>
}

export async function startServer(): Promise<Server> {
  const waiting: ((socket: Socket) => void)[] = []
  const listening = await listen({ host: '127.0.0.1', port: 0 }, (socket) =>
    waiting.shift()?.(socket),
  )
  return {
    listening,
    async sockets() {
      const accepted = new Promise<Socket>((resolve) => waiting.push(resolve))
      const ours = await connect({ host: '127.0.0.1', port: listening.port, timeoutMs: 5000 })
      return [ours, await accepted]
    },
  }
}

export async function streams(server: Server, raw: boolean): Promise<readonly [Stream, Stream]> {
  const [ours, accepted] = await server.sockets()
  return [streamOf(ours, raw).stream, streamOf(accepted, raw).stream]
}

const PERIOD = 1_000_003
const pattern = Buffer.alloc(PERIOD * 2)
for (let at = 0, x = 1; at < pattern.length; at++) {
  if (at === PERIOD) x = 1
  x = (Math.imul(x, 1_103_515_245) + 12_345) & 0x7fffffff
  pattern[at] = x >>> 16
}
export const PIECE_MAX = PERIOD

// The bytes of a long message from one place on.
export function bytesAt(place: number, length: number): Buffer {
  const from = place % PERIOD
  return pattern.subarray(from, from + length)
}

// Counts what arrives while it is what it must be.
export class Checked {
  place = 0
  wrong = -1
  take(chunk: Buffer): void {
    if (this.wrong < 0 && !bytesAt(this.place, chunk.length).equals(chunk)) this.wrong = this.place
    this.place += chunk.length
  }
}

// Chance that is the same in every run.
export function seeded(seed: number): () => number {
  let x = seed
  return () => {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0
    return x / 2 ** 32
  }
}

// Writes `total` bytes from one piece of memory that is overwritten after each write, and waits for the
// drain whenever it is told to.
export function send(stream: Stream, total: number, chance: () => number): void {
  const memory = Buffer.alloc(PIECE_MAX)
  let place = 0
  const go = (): void => {
    while (place < total) {
      const length = Math.min(total - place, 1 + Math.floor(chance() ** 4 * 300_000))
      bytesAt(place, length).copy(memory)
      const taken = stream.write(memory.subarray(0, length))
      memory.fill(0x21, 0, length)
      place += length
      if (!taken) return
    }
    stream.end()
  }
  stream.onDrain = go
  go()
}

// Reads with pauses; resolves when the other side has ended.
export function receive(stream: Stream, pauses: number, chance: () => number): Promise<Checked> {
  const checked = new Checked()
  return new Promise((resolve) => {
    stream.onBytes = (chunk) => {
      checked.take(chunk)
      if (chance() >= pauses) return
      stream.pause()
      setTimeout(stream.resume, chance() * 3)
    }
    stream.onClose = () => resolve(checked)
    stream.resume()
  })
}
