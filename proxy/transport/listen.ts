// Accepts connections on a TCP address. A connection starts as a paused net.Socket, which the login
// can upgrade to TLS; afterwards `streamOf` makes the fastest Stream of it that there is.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { GatewayError } from '../errors.js'
import { rawStream } from './raw-stream.js'
import { socketStream } from './socket-stream.js'
import { LINGER_MS, type Stream } from './stream.js'

export type Listening = {
  readonly host: string
  readonly port: number
  // Stops accepting; open connections go on.
  readonly close: () => Promise<void>
}

export type ListenAddress = { readonly host: string; readonly port: number }

// Connections that wait in the kernel while the event loop is busy.
const BACKLOG = 1024

export async function listen(
  at: ListenAddress,
  onSocket: (socket: Socket) => void,
): Promise<Listening> {
  const server = createServer(
    { pauseOnConnect: true, noDelay: true, keepAlive: true },
    (socket) => {
      // Before somebody listens a reset must not end the process.
      socket.on('error', () => undefined)
      onSocket(socket)
    },
  )
  await opened(server, at)
  const { address, port } = server.address() as AddressInfo
  return {
    host: address,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close()
        // `close` waits for all connections; that is the drain's business, not the listener's.
        resolve()
      }),
  }
}

function opened(server: Server, at: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const where = `${at.host}:${at.port}`
      const why =
        cause.code === 'EADDRINUSE'
          ? `${where} is already in use: stop what listens there, or choose another port`
          : `cannot listen on ${where}: ${cause.message}`
      reject(new GatewayError('port_taken', why, { cause }))
    })
    server.listen({ host: at.host, port: at.port, backlog: BACKLOG }, () => resolve())
  })
}

// `rest` is what had been read before and is not delivered by the stream. `raw: false` forces sockets.
export function streamOf(
  socket: Socket,
  raw = true,
  lingerMs = LINGER_MS,
): { readonly stream: Stream; readonly rest: Buffer } {
  const taken = raw && !(socket instanceof TLSSocket) ? rawStream(socket, lingerMs) : undefined
  if (taken !== undefined) return taken
  socket.pause()
  const rest: Buffer[] = []
  for (let part: unknown = socket.read(); part instanceof Buffer; part = socket.read())
    rest.push(part)
  return { stream: socketStream(socket, lingerMs), rest: Buffer.concat(rest) }
}
