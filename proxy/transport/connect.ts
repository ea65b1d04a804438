// Opens a connection to a target: TCP, or a Unix socket where the host is a folder.
import { connect as open, type Socket } from 'node:net'
import { join } from 'node:path'
import { GatewayError } from '../errors.js'

export type ConnectTo = {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
}

// The message names no host: it may reach a client. The cause does, for the operator's log.
export function connect(to: ConnectTo): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const where = to.host.startsWith('/')
      ? { path: join(to.host, `.s.PGSQL.${to.port}`) }
      : { host: to.host, port: to.port, noDelay: true, keepAlive: true }
    const socket = open(where)
    const failed = (cause: unknown): void => {
      clearTimeout(timer)
      socket.destroy()
      reject(new GatewayError('target_unreachable', 'the target cannot be reached', { cause }))
    }
    const timer = setTimeout(
      () => failed(new Error(`no connection within ${to.timeoutMs} ms`)),
      to.timeoutMs,
    )
    socket.once('error', failed)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.removeListener('error', failed)
      socket.on('error', () => undefined)
      socket.pause()
      resolve(socket)
    })
  })
}
