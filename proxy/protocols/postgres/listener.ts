// Accepts PostgreSQL clients: encryption and startup, the caller's token, the target and its account,
// may this caller open it at all, the login there; then the relay has both sides. Every way out before
// that is a FATAL ErrorResponse which says what to do.
import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { Clock } from '../../clock.js'
import { GatewayError } from '../../errors.js'
import type { Identity, Verify } from '../../identity/identity.js'
import { newSession, type Session } from '../../session.js'
import type { Tape } from '../../session-tape.js'
import { listen, streamOf, type Listening } from '../../transport/listen.js'
import { authenticated } from './authenticate.js'
import type { Cancels } from './cancel.js'
import type { Connected, Relay, RelayParts } from './connected.js'
import type { Destination } from './destination.js'
import { greeting } from './greeting.js'
import { createLoginCrowd } from './login-crowd.js'
import { admitted } from './login-wait.js'
import { failureOfLogin, noSuchTarget } from './login-failures.js'
import { errorResponse, failureOf, type Failure } from './refuse.js'
import { startRelay } from './relay.js'
import { startupOf, type Startup } from './startup.js'
import { isRefusal } from './startup-parameters.js'
import { cancelAt } from './target-cancel.js'
import type { LoggedIn, TargetAccount } from './target-login.js'
import { openedTarget } from './target-opening.js'

export type ListenerSettings = {
  readonly address: { readonly host: string; readonly port: number }
  readonly tls: SecureContext | undefined
  readonly plaintext: 'never' | 'loopback'
  readonly method: 'password' | 'oauthbearer'
  // Every client goes to this target.
  readonly target: string | undefined
}

export type ListenerParts = {
  readonly clock: Clock
  readonly verify: Verify
  // Issuer that OAUTHBEARER clients are sent to.
  readonly issuer: string
  readonly destination: (
    database: string,
    only: string | undefined,
    groups: readonly string[],
  ) => Destination | undefined
  readonly cancels: Cancels
  readonly relay: RelayParts
  readonly sessions: Sessions
  // Absent: sessions are not recorded.
  readonly tapeFor?: (session: Session) => Tape
  readonly randomBytes: (count: number) => Buffer
  readonly rawHandles: boolean
  readonly handshakeMs: number
}

// The gateway's list of open sessions: counts them against the limits, records their beginning and end.
export type Sessions = {
  // Undefined: there is room.
  readonly full: (identity: Identity | undefined) => string | undefined
  // Resolves once the opening is recorded; rejects where it cannot be.
  readonly opened: (session: Session, end: Relay['end']) => Promise<void>
  readonly closed: (session: Session, reason: string) => void
  readonly refused: (
    why: string,
    about: {
      readonly clientAddress: string
      readonly identity?: Identity
      readonly target?: string
    },
  ) => void
}

export async function openListener(
  settings: ListenerSettings,
  parts: ListenerParts,
): Promise<Listening> {
  const crowd = createLoginCrowd()
  const listening = await listen(settings.address, (socket) => {
    const address = socket.remoteAddress ?? ''
    const refusal = crowd.refusal(address)
    if (refusal !== undefined) return refuse(socket, refusal)
    crowd.entered()
    let inside = true
    const leave = (proved: boolean): void => {
      if (inside) crowd.left(address, proved)
      inside = false
    }
    // Whoever waits for people has proved who it is, and stands in nobody's way.
    welcome(socket, settings, { ...parts, onWaiting: () => leave(true) }).then(
      leave,
      (problem: unknown) => {
        leave(true)
        parts.relay.log('warn', 'a connection ended during its login', { address, problem })
        socket.destroy()
      },
    )
  })
  return {
    ...listening,
    close: () => {
      crowd.close()
      return listening.close()
    },
  }
}

// False where the caller did not prove who it is.
type Around = ListenerParts & { readonly onWaiting: () => void }

async function welcome(
  socket: Socket,
  settings: ListenerSettings,
  parts: Around,
): Promise<boolean> {
  const startup = await startupOf(socket, { tls: settings.tls, deadlineMs: parts.handshakeMs })
  switch (startup.kind) {
    case 'gone':
      socket.destroy()
      return true
    case 'cancel':
      parts.cancels.request(startup.processId, startup.key)
      startup.socket.end()
      return true
    case 'refused':
      refuse(startup.socket, startup.refusal)
      return true
    case 'start':
      try {
        return await logIn(startup, settings, parts)
      } catch (problem) {
        refuse(startup.socket, failureOfLogin(problem))
        parts.relay.log('warn', 'a login failed', { problem })
        return true
      }
  }
}

async function logIn(
  startup: Extract<Startup, { kind: 'start' }>,
  settings: ListenerSettings,
  parts: Around,
): Promise<boolean> {
  const { socket, inbox, parameters } = startup
  const clientAddress = socket.remoteAddress ?? ''
  const crowded = parts.sessions.full(undefined)
  if (crowded !== undefined) return said(socket, { sqlstate: '53300', message: crowded }, true)
  const answer = await authenticated(
    {
      inbox,
      write: (bytes) => void socket.write(bytes),
      user: parameters.user,
      encrypted: 'encrypted' in socket,
      loopback: isLoopback(clientAddress),
    },
    {
      verify: parts.verify,
      method: settings.method,
      plaintext: settings.plaintext,
      issuer: parts.issuer,
    },
  )
  if (isRefusal(answer)) {
    parts.sessions.refused(answer.message, { clientAddress })
    return said(socket, answer, false)
  }
  const { identity } = answer
  const found = parts.destination(parameters.database, settings.target, identity.facts.groups)
  const about = {
    clientAddress,
    identity,
    ...(found === undefined ? {} : { target: found.target.name }),
  }
  const no = (failure: Failure): boolean => {
    parts.sessions.refused(failure.message, about)
    identity.release?.()
    return said(socket, failure, true)
  }
  const full = parts.sessions.full(identity)
  if (full !== undefined) return no({ sqlstate: '53300', message: full })
  if (found?.account === undefined) return no(noSuchTarget(parameters.database))
  const session = sessionOf(startup, identity, found, parts)
  const { onWaiting, relay } = parts
  const { refusal, greeted } = await admitted(relay.guard, session, { socket, inbox, onWaiting })
  if (refusal !== undefined) return no(failureOf(refusal))
  const { account } = found
  const at = await openedTarget(account, session, parameters, {
    randomBytes: parts.randomBytes,
    log: parts.relay.log,
    ...(found.target.keyedMasks === 'source' ? { maskKey: parts.relay.maskKey } : {}),
  })
  if (!at.open) return no(at.failure)
  await open(startup, session, found, { account, loggedIn: at.loggedIn, greeted }, parts)
  return true
}

type Opened = {
  readonly account: TargetAccount
  readonly loggedIn: LoggedIn
  readonly greeted: boolean
}

async function open(
  startup: Extract<Startup, { kind: 'start' }>,
  session: Session,
  found: Destination,
  { account, loggedIn, greeted }: Opened,
  parts: ListenerParts,
): Promise<void> {
  const { socket, inbox, parameters } = startup
  let relay: Relay | undefined
  const cancel = parts.cancels.issue(startup.protocol, () => relay?.cancel())
  const ended = (reason: string): void => {
    parts.cancels.revoke(cancel)
    session.identity.release?.()
    parts.sessions.closed(session, reason)
    session.tape?.close()
  }
  try {
    const catalogues = await found.catalogues()
    await parts.sessions.opened(session, (sqlstate, message) => relay?.end(sqlstate, message))
    // Whoever has left would never be heard to leave: the session would stay for ever.
    if (socket.destroyed || loggedIn.socket.destroyed) {
      throw new GatewayError('target_unreachable', 'one of the two sides left during the login')
    }
    if (parts.tapeFor !== undefined) session.tape = parts.tapeFor(session)
    inbox.release()
    const client = streamOf(socket, parts.rawHandles)
    const target = streamOf(loggedIn.socket, parts.rawHandles)
    client.stream.write(
      greeting(
        loggedIn.parameters,
        { user: parameters.user, application: parameters.application },
        cancel,
        greeted,
      ),
    )
    const connected: Connected = {
      session,
      client: client.stream,
      target: target.stream,
      clientRest: client.rest,
      targetRest: target.rest,
      parameters: loggedIn.parameters,
      hiddenWords: [account.host, account.user],
      cancelTarget: () => cancelAt(account, loggedIn),
      catalogues,
      keyed: found.target.keyedMasks === 'source',
      consequence: parts.relay.consequence?.bind(undefined, account),
      onEnd: ended,
    }
    relay = startRelay(connected, parts.relay)
  } catch (problem) {
    loggedIn.socket.destroy()
    ended('the login failed')
    throw problem
  }
}

function sessionOf(
  startup: Extract<Startup, { kind: 'start' }>,
  identity: Identity,
  { target, database }: Destination,
  parts: ListenerParts,
): Session {
  const { name, labels, zone } = target
  return newSession({
    id: parts.randomBytes(9).toString('base64url'),
    identity,
    target: { name, kind: 'postgres', labels: { ...labels }, database },
    zone,
    clientAddress: startup.socket.remoteAddress ?? '',
    application: startup.parameters.application,
  })
}

function said(socket: Socket, failure: Failure, known: boolean): boolean {
  refuse(socket, failure)
  return known
}

function refuse(socket: Socket, failure: Failure): void {
  socket.resume()
  socket.end(errorResponse(failure, 'FATAL'))
  setTimeout(() => socket.destroy(), 1000).unref()
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
}
