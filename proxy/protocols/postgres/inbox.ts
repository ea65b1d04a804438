// Messages of a connection that is still logging in, one at a time, each within a deadline and a size.
// Afterwards the relay reads the connection itself, and `release` hands over what came early.
import type { Socket } from 'node:net'
import { GatewayError, type ErrorCode } from '../../errors.js'
import { int32At } from './wire-bytes.js'

export type LoginMessage = { readonly type: string; readonly body: Buffer }

// 55.7: a startup packet has no type byte; PostgreSQL takes at most this much (MAX_STARTUP_PACKET_LENGTH).
export const STARTUP_BYTES_MAX = 10_000

// What a client may send before it is told to; more is left with the operating system.
const EARLY_BYTES_MAX = 65_536

export type Inbox = {
  // The body of a packet without a type byte, behind its length word.
  readonly startupPacket: () => Promise<Buffer>
  readonly message: (bytesMax: number) => Promise<LoginMessage>
  // One byte: the answer to an SSLRequest.
  readonly byte: () => Promise<number>
  // First byte without taking it; undefined when the client left without a word.
  readonly peek: () => Promise<number | undefined>
  // True where bytes have arrived that nobody asked for yet.
  readonly early: () => boolean
  // Nothing is expected for as long as it takes: no deadline any more, and `left` is told when the peer
  // goes.
  readonly idle: (left: () => void) => void
  // Stops reading and puts what came early back into the socket.
  readonly release: () => void
}

// Whose bytes these are decides how a fault is called.
export function inboxOf(
  socket: Socket,
  fault: Extract<ErrorCode, 'client_protocol' | 'target_protocol'>,
  deadlineMs: number,
): Inbox {
  let held: Buffer = Buffer.alloc(0)
  let ended: string | undefined
  let wake: () => void = () => undefined
  const onData = (chunk: Buffer): void => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    socket.pause()
    wake()
  }
  const onEnd = (): void => {
    clearTimeout(timer)
    ended ??= 'the connection ended during the login'
    wake()
  }
  const timer = setTimeout(() => {
    ended ??= `the login took longer than ${deadlineMs} ms`
    wake()
  }, deadlineMs)
  const listeners = { data: onData, end: onEnd, close: onEnd, error: onEnd }
  for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener)
  socket.pause()

  const available = async (count: number): Promise<void> => {
    while (held.length < count) {
      if (ended !== undefined) throw new GatewayError(fault, ended)
      socket.resume()
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  const take = async (count: number): Promise<Buffer> => {
    await available(count)
    const taken = held.subarray(0, count)
    held = held.subarray(count)
    return taken
  }
  const lengthWithin = (length: number, most: number): number => {
    if (length >= 4 && length <= most) return length - 4
    throw new GatewayError(fault, `a message of ${length} bytes where at most ${most} are taken`)
  }
  return {
    startupPacket: async () => {
      await available(4)
      const body = lengthWithin(int32At(held, 0), STARTUP_BYTES_MAX)
      return (await take(4 + body)).subarray(4)
    },
    message: async (bytesMax) => {
      await available(5)
      const body = lengthWithin(int32At(held, 1), bytesMax)
      const whole = await take(5 + body)
      return { type: String.fromCharCode(whole[0] ?? 0), body: whole.subarray(5) }
    },
    byte: async () => (await take(1))[0] ?? 0,
    peek: async () => {
      try {
        await available(1)
      } catch (problem) {
        if (held.length === 0 && problem instanceof GatewayError) return undefined
        throw problem
      }
      return held[0]
    },
    early: () => held.length > 0,
    idle: (left) => {
      clearTimeout(timer)
      wake = () => {
        if (ended !== undefined) left()
        // Only who reads hears that the other side has gone.
        else if (held.length < EARLY_BYTES_MAX) socket.resume()
      }
      wake()
    },
    release: () => {
      clearTimeout(timer)
      for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener)
      socket.pause()
      if (held.length > 0) socket.unshift(held)
      held = Buffer.alloc(0)
    },
  }
}
