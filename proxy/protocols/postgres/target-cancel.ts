// Cancels what runs on a session's own target connection.
import type { Socket } from 'node:net'
import { connect } from '../../transport/connect.js'
import { secured, type LoggedIn, type TargetAccount } from './target-login.js'

const CANCEL_MS = 10_000

// The target's own key, on a connection of its own, never the client's (55.2.7); inside TLS where the
// session is, since whoever reads the key can cancel with it.
export async function cancelAt(account: TargetAccount, loggedIn: LoggedIn): Promise<void> {
  const request = Buffer.alloc(12 + loggedIn.secretKey.length)
  request.writeInt32BE(request.length, 0)
  request.writeInt32BE(80877102, 4)
  request.writeInt32BE(loggedIn.processId, 8)
  loggedIn.secretKey.copy(request, 12)
  let plain: Socket | undefined
  try {
    plain = await connect({ host: account.host, port: account.port, timeoutMs: CANCEL_MS })
    const socket = account.tls === undefined ? plain : await secured(plain, account.tls, CANCEL_MS)
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => socket.destroy(), CANCEL_MS).unref()
      socket.once('close', () => {
        clearTimeout(late)
        resolve()
      })
      socket.resume()
      socket.end(request)
    })
  } catch {
    // The statement goes on; the client asked for a favour, not for a promise (55.2.7).
    plain?.destroy()
  }
}
