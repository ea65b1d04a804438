// Cancels what runs on a session's own target connection.
import { connect } from '../../transport/connect.js'
import type { LoggedIn, TargetAccount } from './target-login.js'

const CANCEL_MS = 10_000

// The target's own key, on a connection of its own, never the client's (55.2.7).
export async function cancelAt(account: TargetAccount, loggedIn: LoggedIn): Promise<void> {
  const request = Buffer.alloc(12 + loggedIn.secretKey.length)
  request.writeInt32BE(request.length, 0)
  request.writeInt32BE(80877102, 4)
  request.writeInt32BE(loggedIn.processId, 8)
  loggedIn.secretKey.copy(request, 12)
  try {
    const socket = await connect({
      host: account.host,
      port: account.port,
      timeoutMs: CANCEL_MS,
    })
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
      socket.resume()
      socket.end(request)
      setTimeout(() => socket.destroy(), CANCEL_MS).unref()
    })
  } catch {
    // The statement goes on; the client asked for a favour, not for a promise (55.2.7).
    return
  }
}
