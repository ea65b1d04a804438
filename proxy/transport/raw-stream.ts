// A Stream straight on a TCP or pipe handle, without net.Socket in between: reads land in a slab that
// many connections share, writes go to the kernel in one call. About a third less CPU a message than
// with sockets.
import type { Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'
import { consume, giveUp, isSlab, joinShared, leaveShared, lent, type SlabReader } from './slab.js'
import { LINGER_MS, type Stream } from './stream.js'
import { handleOf, streamBinding, type StreamBinding, type StreamHandle } from './stream-handle.js'

// libuv's UV_EOF: the other side ended.
const EOF = -4095

// Takes a plain, connected socket over. Whatever the socket had already read comes back as `rest` and
// is not delivered again. Undefined where the internals are not as known: use the socket then.
export function rawStream(
  socket: Socket,
  lingerMs = LINGER_MS,
): { stream: Stream; rest: Buffer } | undefined {
  const binding = streamBinding()
  const handle = binding === undefined ? undefined : handleOf(socket)
  if (binding === undefined || handle === undefined) return undefined
  socket.pause()
  const rest: Buffer[] = []
  for (let part: unknown = socket.read(); part instanceof Buffer; part = socket.read())
    rest.push(part)
  // Reading what is left starts the handle again.
  handle.readStop()
  const remoteAddress = socket.remoteAddress ?? ''
  socket.removeAllListeners()
  socket.on('error', () => undefined)
  // Without its handle the socket neither reads nor closes anything any more.
  ;(socket as unknown as { _handle: null })._handle = null
  return {
    stream: new RawStream(handle, binding, remoteAddress, lingerMs),
    rest: Buffer.concat(rest),
  }
}

class RawStream implements Stream, SlabReader {
  readonly encrypted = false
  readonly remoteAddress: string
  onBytes: (chunk: Buffer) => void = nothing
  onClose: (error: Error | undefined) => void = nothing
  onDrain: () => void = nothing
  readonly #handle: StreamHandle
  readonly #binding: StreamBinding
  readonly #lingerMs: number
  #request: InstanceType<StreamBinding['WriteWrap']>
  // What waits behind a write that the kernel did not take at once.
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #inFlight = 0
  #reading = false
  #ending = false
  #linger: NodeJS.Timeout | undefined
  #closed = false
  #slab: Buffer = Buffer.alloc(0)
  readonly #deliver = (): void => this.onBytes(this.#slab.subarray(0, this.#bytes))
  #bytes = 0

  constructor(
    handle: StreamHandle,
    binding: StreamBinding,
    remoteAddress: string,
    lingerMs: number,
  ) {
    this.#handle = handle
    this.#binding = binding
    this.#lingerMs = lingerMs
    this.remoteAddress = remoteAddress
    this.#request = new binding.WriteWrap()
    joinShared(this)
    handle.onread = () => this.#read()
  }

  readonly readInto = (slab: Buffer): void => {
    if (this.#closed) return
    this.#slab = slab
    this.#handle.useUserBuffer(slab)
  }

  readonly write = (bytes: Uint8Array): boolean => {
    if (this.#closed || this.#ending) return true
    if (this.#inFlight > 0) {
      this.#waiting.push(Buffer.from(bytes))
      this.#waitingBytes += bytes.length
      return false
    }
    // What is no slab may be used again by its owner while the kernel still reads from it.
    return this.#send(isSlab(bytes) ? bytes : lent(bytes))
  }

  readonly queued = (): number => this.#inFlight + this.#waitingBytes

  readonly pause = (): void => {
    if (!this.#reading || this.#closed) return
    this.#reading = false
    this.#handle.readStop()
  }

  readonly resume = (): void => {
    if (this.#reading || this.#closed) return
    this.#reading = true
    const status = this.#handle.readStart()
    if (status !== 0) this.#fail(status)
  }

  readonly end = (): void => {
    if (this.#closed || this.#ending) return
    this.#ending = true
    if (this.#inFlight === 0) return this.#shutdown()
    this.#linger = setTimeout(this.destroy, this.#lingerMs).unref()
  }

  readonly destroy = (): void => this.#close(undefined)

  #read(): void {
    const bytes = this.#binding.state[this.#binding.kReadBytesOrError] ?? 0
    if (this.#closed || bytes === 0) return
    if (bytes > 0) {
      this.#bytes = bytes
      consume(this, this.#deliver)
    } else if (bytes === EOF) this.#close(undefined)
    else this.#fail(bytes)
  }

  // libuv tries to write at once and, only where the kernel takes less than all, goes on by itself; it
  // then reads from that memory until `oncomplete`.
  #send(bytes: Uint8Array): boolean {
    const request = this.#request
    const status = this.#handle.writeBuffer(request, bytes)
    if (status !== 0) {
      this.#fail(status)
      return true
    }
    if (this.#binding.state[this.#binding.kLastWriteWasAsync] !== 1) return true
    if (isSlab(bytes)) giveUp(bytes)
    this.#inFlight = bytes.length
    // The request keeps no reference of its own to the memory that it is still sent from, and without one
    // the memory would be given to somebody else.
    request.oncomplete = (done) => this.#sent(done, bytes)
    // A request in flight cannot be used for another write.
    this.#request = new this.#binding.WriteWrap()
    return false
  }

  #sent(status: number, _kept: Uint8Array): void {
    this.#inFlight = 0
    if (this.#closed) return
    if (status < 0) return this.#fail(status)
    if (this.#waiting.length > 0) {
      const next = this.#waiting.length === 1 ? this.#waiting[0] : Buffer.concat(this.#waiting)
      this.#waiting = []
      this.#waitingBytes = 0
      if (next !== undefined && !this.#send(next)) return
    }
    if (this.#closed) return
    if (this.#ending) this.#shutdown()
    else this.onDrain()
  }

  #shutdown(): void {
    const request = new this.#binding.ShutdownWrap()
    request.oncomplete = () => this.#close(undefined)
    if (this.#handle.shutdown(request) !== 0) this.#close(undefined)
  }

  #fail(status: number): void {
    this.#close(
      Object.assign(new Error(`connection failed: ${getSystemErrorName(status)}`), {
        errno: status,
      }),
    )
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#linger)
    this.#reading = false
    this.#waiting = []
    this.#waitingBytes = 0
    leaveShared(this)
    this.#handle.onread = nothing
    this.#handle.close()
    const told = this.onClose
    this.onBytes = nothing
    this.onClose = nothing
    this.onDrain = nothing
    told(error)
  }
}

function nothing(): void {
  // Nobody listens yet, or any longer.
}
