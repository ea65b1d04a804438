// A Stream over net.Socket or tls.TLSSocket: always there, and the only one for encrypted connections.
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { LINGER_MS, type Stream } from './stream.js'

export function socketStream(socket: Socket, lingerMs = LINGER_MS): Stream {
  let closed = false
  let wanted = false
  let linger: NodeJS.Timeout | undefined
  const close = (error: Error | undefined): void => {
    if (closed) return
    closed = true
    stream.onClose(error)
  }
  const stream: Stream = {
    remoteAddress: socket.remoteAddress ?? '',
    encrypted: socket instanceof TLSSocket,
    onBytes: () => undefined,
    onClose: () => undefined,
    onDrain: () => undefined,
    write: (bytes) => {
      if (closed || socket.destroyed) return true
      // The caller may use its buffer again at once; the socket keeps what the kernel did not take.
      if (socket.write(Buffer.from(bytes))) return true
      wanted = true
      return false
    },
    queued: () => socket.writableLength,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => {
      if (socket.destroyed) return
      socket.end()
      linger ??= setTimeout(() => socket.destroy(), lingerMs).unref()
    },
    destroy: () => void socket.destroy(),
  }
  socket.on('data', (chunk: Buffer) => {
    if (!closed) stream.onBytes(chunk)
  })
  socket.on('drain', () => {
    if (!wanted || closed) return
    wanted = false
    stream.onDrain()
  })
  socket.on('end', () => close(undefined))
  socket.on('error', (error) => close(error))
  socket.on('close', () => {
    clearTimeout(linger)
    close(undefined)
  })
  return stream
}
