// May the caller open the target, which may have to wait until people have agreed? The client is then told that
// its token was accepted (libpq takes no notice before that) and by a notice whom it waits for; a client that
// leaves ends the wait.
import type { Socket } from 'node:net'
import type { Guard, Refusal } from '../../guard.js'
import type { Session } from '../../session.js'
import type { Inbox } from './inbox.js'
import { noticeResponse } from './refuse.js'
import { message } from './wire-bytes.js'

export const AUTHENTICATION_OK = message('R', Buffer.of(0, 0, 0, 0))

export type Login = {
  readonly socket: Socket
  readonly inbox: Inbox
  // It waits for people from now on.
  readonly onWaiting: () => void
}

export async function admitted(
  guard: Pick<Guard, 'admit'>,
  session: Session,
  { socket, inbox, onWaiting }: Login,
): Promise<{
  readonly refusal: Refusal | undefined
  // Whether the client has had its AuthenticationOk.
  readonly greeted: boolean
}> {
  const left = new AbortController()
  const gone = (): void => left.abort()
  let greeted = false
  const refusal = await guard.admit(session, {
    notice(words) {
      if (!greeted) {
        greeted = true
        socket.write(AUTHENTICATION_OK)
        // People take longer than a handshake may.
        inbox.idle(gone)
        onWaiting()
      }
      socket.write(noticeResponse(words))
    },
    signal: left.signal,
  })
  return { refusal, greeted }
}
