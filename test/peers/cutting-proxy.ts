// A TCP proxy that cuts what one side says into pieces, each of which leaves on its own: readers must not
// care where the network cuts.
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'

export type Cut = {
  // Which side's bytes are cut; the other side's pass as they come.
  readonly of: 'client' | 'server'
  // The piece ends after so many bytes; every piece, or the first one of each turn.
  readonly after: number
  readonly first: boolean
}

export type CuttingProxy = {
  readonly host: string
  readonly port: number
  readonly cut: (how: Cut | undefined) => void
  readonly close: () => Promise<void>
}

export async function startCuttingProxy(host: string, port: number): Promise<CuttingProxy> {
  let how: Cut | undefined
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const target = createConnection({ host, port })
    const sides = { client: sender(target), server: sender(client) }
    for (const socket of [client, target]) {
      socket.setNoDelay(true)
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        target.destroy()
      })
    }
    client.on('data', (bytes) => {
      sides.server.turn()
      sides.client.send(bytes, how?.of === 'client' ? how : undefined)
    })
    target.on('data', (bytes) => {
      sides.client.turn()
      sides.server.send(bytes, how?.of === 'server' ? how : undefined)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    cut: (next) => {
      how = next
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

// Sends in order, a piece in each turn of the event loop and one more, so that pieces are read apart.
function sender(to: Socket) {
  const pieces: Buffer[] = []
  let sending = false
  let said = 0
  const next = (): void => {
    const piece = pieces.shift()
    if (piece === undefined) {
      sending = false
      return
    }
    if (!to.destroyed) to.write(piece)
    setImmediate(() => setImmediate(next))
  }
  return {
    // The other side spoke: what comes now is a new answer.
    turn: (): void => {
      said = 0
    },
    send: (bytes: Buffer, how: Cut | undefined): void => {
      let at = 0
      while (at < bytes.length) {
        const left =
          how === undefined
            ? Infinity
            : how.first
              ? said < how.after
                ? how.after - said
                : Infinity
              : how.after
        const end = Math.min(bytes.length, at + left)
        pieces.push(bytes.subarray(at, end))
        said += end - at
        at = end
      }
      if (!sending) {
        sending = true
        next()
      }
    },
  }
}
