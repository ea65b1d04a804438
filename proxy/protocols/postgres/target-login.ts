// The gateway's own login at a target: TLS, verified, then SCRAM (or a password inside TLS), with the
// settings pinned that our reading of SQL relies on. What the target says wrong ends the attempt.
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { connect as tlsConnect, type SecureContext, type TLSSocket } from 'node:tls'
import { GatewayError } from '../../errors.js'
import { connect } from '../../transport/connect.js'
import { inboxOf, type Inbox } from './inbox.js'
import { scramOf } from './scram.js'
import { int32At, message, stringEnd, textOf } from './wire-bytes.js'

export type TargetAccount = {
  readonly host: string
  readonly port: number
  readonly tls: { readonly context: SecureContext; readonly serverName: string } | undefined
  readonly user: string
  readonly password: (() => string) | undefined
  readonly database: string
}

export type LoggedIn = {
  readonly socket: Socket
  readonly parameters: ReadonlyMap<string, string>
  readonly processId: number
  readonly secretKey: Buffer
}

export type TargetLoginOptions = {
  readonly account: TargetAccount
  readonly settings: ReadonlyMap<string, string>
  readonly nonce: () => string
  readonly timeoutMs: number
}

// What the target may send during a login; an error report is the largest.
const MESSAGE_BYTES_MAX = 65_536
// PostgreSQL 18 sends some twenty; a hostile target could fill our memory until the deadline.
const MESSAGES_MAX = 1000
const SSL_REQUEST = Buffer.of(0, 0, 0, 8, 4, 210, 22, 47)

// Our reading of SQL holds for these values alone.
const PINNED: readonly (readonly [string, string])[] = [
  ['client_encoding', 'UTF8'],
  ['standard_conforming_strings', 'on'],
]

// A pooler in between may drop what was asked for: what the target says holds.
function refuseOtherReading(parameters: ReadonlyMap<string, string>): void {
  for (const [name, value] of PINNED) {
    if (parameters.get(name) === value) continue
    throw new GatewayError(
      'target_refused',
      `the target’s ${name} is not ${value}, which is how the gateway reads commands`,
    )
  }
}

export async function targetLogin(options: TargetLoginOptions): Promise<LoggedIn> {
  const { account, timeoutMs } = options
  const plain = await connect({ host: account.host, port: account.port, timeoutMs })
  try {
    const socket = account.tls === undefined ? plain : await secured(plain, account.tls, timeoutMs)
    const inbox = inboxOf(socket, 'target_protocol', timeoutMs)
    socket.write(startupMessage(options))
    await proved(socket, inbox, options)
    const ready = await untilReady(inbox)
    inbox.release()
    return { socket, ...ready }
  } catch (problem) {
    plain.destroy()
    throw problem
  }
}

// SSLRequest, then TLS with the target's certificate verified (55.2.9).
export async function secured(
  plain: Socket,
  tls: NonNullable<TargetAccount['tls']>,
  timeoutMs: number,
): Promise<TLSSocket> {
  const inbox = inboxOf(plain, 'target_protocol', timeoutMs)
  plain.write(SSL_REQUEST)
  const answer = await inbox.byte()
  if (answer !== 'S'.charCodeAt(0))
    throw new GatewayError('target_refused', 'the target does not offer TLS')
  // Anything behind the answer did not come from inside TLS.
  if (inbox.early()) throw new GatewayError('target_protocol', 'bytes before the TLS handshake')
  inbox.release()
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({
      socket: plain,
      secureContext: tls.context,
      servername: tls.serverName,
      rejectUnauthorized: true,
      ALPNProtocols: ['postgresql'],
    })
    const failed = (cause?: unknown): void => {
      clearTimeout(timer)
      reject(
        new GatewayError('target_refused', 'the TLS handshake with the target failed', { cause }),
      )
    }
    const timer = setTimeout(failed, timeoutMs)
    socket.once('error', failed)
    socket.once('secureConnect', () => {
      clearTimeout(timer)
      socket.off('error', failed)
      socket.on('error', () => undefined)
      socket.pause()
      resolve(socket)
    })
  })
}

function startupMessage({ account, settings }: TargetLoginOptions): Buffer {
  const pairs = [['user', account.user], ['database', account.database], ...settings, ...PINNED]
  const body = Buffer.concat([
    ...pairs.flat().map((text) => Buffer.from(`${text}\0`)),
    Buffer.of(0),
  ])
  const head = Buffer.alloc(8)
  head.writeInt32BE(8 + body.length, 0)
  head.writeInt32BE(0x0003_0000, 4)
  return Buffer.concat([head, body])
}

// Authentication (55.2.1): until AuthenticationOk.
async function proved(socket: Socket, inbox: Inbox, options: TargetLoginOptions): Promise<void> {
  const { body } = await next(inbox, 'R')
  switch (int32At(body, 0)) {
    case 0:
      return
    case 3: {
      if (options.account.tls === undefined && !options.account.host.startsWith('/')) {
        throw new GatewayError(
          'target_refused',
          'the target asks for a password in clear without TLS',
        )
      }
      socket.write(message('p', passwordOf(options)))
      return authenticationOk(inbox)
    }
    case 10:
      return scramProved(socket, inbox, body, options)
    default:
      throw new GatewayError(
        'target_refused',
        `the target asks for authentication ${int32At(body, 0)}; SCRAM-SHA-256 is what the gateway speaks`,
      )
  }
}

async function scramProved(
  socket: Socket,
  inbox: Inbox,
  body: Buffer,
  options: TargetLoginOptions,
): Promise<void> {
  const offered = (textOf(body, 4, body.length) ?? '').split('\0').filter((name) => name !== '')
  const binding = 'getPeerCertificate' in socket ? certificateHash(socket as TLSSocket) : undefined
  const scram = scramOf({ password: passwordOf(options), nonce: options.nonce(), offered, binding })
  const first = Buffer.from(scram.first)
  const length = Buffer.alloc(4)
  length.writeInt32BE(first.length)
  socket.write(message('p', scram.mechanism, length, first))
  socket.write(message('p', Buffer.from(await scram.final(await saslData(inbox, 11)))))
  scram.verified(await saslData(inbox, 12))
  return authenticationOk(inbox)
}

async function saslData(inbox: Inbox, code: number): Promise<string> {
  const { body } = await next(inbox, 'R')
  if (int32At(body, 0) !== code)
    throw new GatewayError('target_protocol', 'SASL messages out of order')
  return textOf(body, 4, body.length) ?? ''
}

async function authenticationOk(inbox: Inbox): Promise<void> {
  const { body } = await next(inbox, 'R')
  if (int32At(body, 0) !== 0) throw new GatewayError('target_protocol', 'expected AuthenticationOk')
}

// RFC 5929, 4.1: the certificate hashed as its signature is, with SHA-256 for the weaker ones.
function certificateHash(socket: TLSSocket): Buffer | undefined {
  const { raw } = socket.getPeerCertificate()
  // Only certificates signed with SHA-256 (or weaker) bind this way; others go without binding.
  const algorithm = signatureHash(raw)
  return algorithm === undefined ? undefined : createHash(algorithm).update(raw).digest()
}

// The object identifiers of the usual signature algorithms, as DER.
const SIGNATURES: readonly (readonly [string, string])[] = [
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
  ['2a864886f70d010105', 'sha256'],
]

function signatureHash(certificate: Buffer): string | undefined {
  const hex = certificate.subarray(0, 64).toString('hex')
  return SIGNATURES.find(([identifier]) =>
    hex.includes(`06${(identifier.length / 2).toString(16).padStart(2, '0')}${identifier}`),
  )?.[1]
}

function passwordOf({ account }: TargetLoginOptions): string {
  if (account.password !== undefined) return account.password()
  throw new GatewayError(
    'target_refused',
    'the target asks for a password and the account has none',
  )
}

async function untilReady(inbox: Inbox): Promise<Omit<LoggedIn, 'socket'>> {
  const parameters = new Map<string, string>()
  let processId = 0
  let secretKey: Buffer = Buffer.alloc(0)
  for (let count = 0; count < MESSAGES_MAX; count++) {
    const { type, body } = await next(inbox)
    if (type === 'Z') {
      refuseOtherReading(parameters)
      return { parameters, processId, secretKey }
    }
    if (type === 'K' && body.length >= 8) {
      processId = int32At(body, 0)
      secretKey = Buffer.from(body.subarray(4))
    } else if (type === 'S') {
      const nameEnd = stringEnd(body, 0, body.length)
      const valueEnd = stringEnd(body, nameEnd + 1, body.length)
      if (nameEnd < 0 || valueEnd < 0)
        throw new GatewayError('target_protocol', 'a malformed ParameterStatus')
      parameters.set(textOf(body, 0, nameEnd) ?? '', textOf(body, nameEnd + 1, valueEnd) ?? '')
    } else if (type !== 'N') {
      throw new GatewayError('target_protocol', 'an unexpected message during the login')
    }
  }
  throw new GatewayError('target_protocol', 'more messages than a login has')
}

async function next(inbox: Inbox, wanted?: string): Promise<{ type: string; body: Buffer }> {
  for (let count = 0; count < MESSAGES_MAX; count++) {
    const got = await inbox.message(MESSAGE_BYTES_MAX)
    if (got.type === 'E') throw refusalOf(got.body)
    if (got.type === 'v' || (got.type === 'N' && wanted !== undefined)) continue
    if (wanted !== undefined && (got.type !== wanted || got.body.length < 4)) {
      throw new GatewayError('target_protocol', 'an unexpected message during the login')
    }
    return got
  }
  throw new GatewayError('target_protocol', 'more messages than a login has')
}

// The target's own words name the account: they are for the operator's log (`cause`) alone.
function refusalOf(body: Buffer): GatewayError {
  const fields = new Map(
    body
      .toString('utf8')
      .split('\0')
      .filter((field) => field !== '')
      .map((field) => [field.charAt(0), field.slice(1)] as const),
  )
  const code = fields.get('C') ?? ''
  const cause = new Error(`${code} ${fields.get('M') ?? ''}`)
  if (code === '3D000')
    return new GatewayError('not_found', 'there is no such database at the target', { cause })
  if (code === '53300')
    return new GatewayError('limit_exceeded', 'the target has no connection left', { cause })
  if (code.startsWith('57P'))
    return new GatewayError('target_unreachable', 'the target is not ready', { cause })
  return new GatewayError('target_refused', 'the target refused the gateway’s login', { cause })
}
