// The first packets of a client (55.2.1, 55.2.9, 55.2.10): a request for TLS or GSS encryption, a
// direct TLS hello, a cancel request, or a startup message. TLS is started here; what comes out is
// either a cancel request or a client that says who it wants to be.
import type { Socket } from 'node:net'
import { TLSSocket, type SecureContext } from 'node:tls'
import { GatewayError } from '../../errors.js'
import { inboxOf, type Inbox } from './inbox.js'
import {
  isRefusal,
  startupParameters,
  type StartupParameters,
  type StartupRefusal,
} from './startup-parameters.js'
import { int32At, message } from './wire-bytes.js'

export type Startup =
  | {
      readonly kind: 'start'
      readonly socket: Socket
      readonly inbox: Inbox
      readonly protocol: Protocol
      readonly parameters: StartupParameters
    }
  | { readonly kind: 'refused'; readonly socket: Socket; readonly refusal: StartupRefusal }
  | {
      readonly kind: 'cancel'
      readonly socket: Socket
      readonly processId: number
      readonly key: Buffer
    }
  // Gone before it said anything: a probe of the port.
  | { readonly kind: 'gone' }

export type Protocol = '3.0' | '3.2'

export type StartupOptions = {
  // Undefined: this listener has no certificate.
  readonly tls: SecureContext | undefined
  readonly deadlineMs: number
}

const SSL_REQUEST = 80877103
const GSS_REQUEST = 80877104
const CANCEL_REQUEST = 80877102
// First byte of a TLS handshake record (RFC 8446, 5.1).
const TLS_HANDSHAKE = 0x16
const TLS_ALERT_MS = 10_000

export async function startupOf(socket: Socket, options: StartupOptions): Promise<Startup> {
  const reached = { socket }
  try {
    return await startupAt(reached, options)
  } catch (problem) {
    if (!(problem instanceof GatewayError)) throw problem
    // Said inside TLS where that has begun.
    return {
      kind: 'refused',
      socket: reached.socket,
      refusal: { sqlstate: '08P01', message: problem.message },
    }
  }
}

async function startupAt(reached: { socket: Socket }, options: StartupOptions): Promise<Startup> {
  const { socket } = reached
  let inbox = inboxOf(socket, 'client_protocol', options.deadlineMs)
  if ((await inbox.peek()) === undefined) {
    inbox.release()
    return { kind: 'gone' }
  }
  let current = socket
  if ((await inbox.peek()) === TLS_HANDSHAKE) {
    inbox.release()
    current = reached.socket = await encrypted(socket, options)
    // Direct TLS is only for those who say by ALPN that they speak this protocol.
    if ((current as TLSSocket).alpnProtocol !== 'postgresql') {
      throw new GatewayError('client_protocol', 'direct TLS without ALPN “postgresql”')
    }
    inbox = inboxOf(current, 'client_protocol', options.deadlineMs)
  }
  for (let asked = 0; asked < 3; asked++) {
    const packet = await inbox.startupPacket()
    const code = packet.length < 4 ? 0 : int32At(packet, 0)
    if (code === CANCEL_REQUEST) {
      inbox.release()
      return cancelRequest(current, packet)
    }
    if (code === GSS_REQUEST) {
      current.write('N')
      continue
    }
    if (code === SSL_REQUEST) {
      if (current instanceof TLSSocket) throw new GatewayError('client_protocol', 'TLS inside TLS')
      if (options.tls === undefined) {
        current.write('N')
        continue
      }
      // Bytes sent before the handshake could be somebody else's (CVE-2021-23214).
      if (inbox.early()) throw new GatewayError('client_protocol', 'bytes before the TLS handshake')
      inbox.release()
      current.write('S')
      current = reached.socket = await encrypted(socket, options)
      inbox = inboxOf(current, 'client_protocol', options.deadlineMs)
      continue
    }
    return started(current, inbox, code, packet.subarray(4))
  }
  throw new GatewayError('client_protocol', 'too many requests for encryption')
}

function started(socket: Socket, inbox: Inbox, code: number, body: Buffer): Startup {
  const [major, minor] = [code >>> 16, code & 0xffff]
  if (major !== 3) {
    const message = `protocol ${major}.${minor} is not spoken here; use 3.0 or 3.2`
    return { kind: 'refused', socket, refusal: { sqlstate: '08P01', message } }
  }
  const parameters = startupParameters(body)
  if (isRefusal(parameters)) return { kind: 'refused', socket, refusal: parameters }
  const protocol: Protocol = minor >= 2 ? '3.2' : '3.0'
  // 3.1 was never used; a later minor version than ours is answered by ours (NegotiateProtocolVersion).
  if (minor > 2 || minor === 1 || parameters.extensions.length > 0) {
    socket.write(negotiation(protocol, parameters.extensions))
  }
  return { kind: 'start', socket, inbox, protocol, parameters }
}

function negotiation(protocol: Protocol, unknown: readonly string[]): Buffer {
  const head = Buffer.alloc(8)
  head.writeInt32BE(protocol === '3.2' ? 0x0003_0002 : 0x0003_0000, 0)
  head.writeInt32BE(unknown.length, 4)
  return message('v', head, ...unknown)
}

function cancelRequest(socket: Socket, packet: Buffer): Startup {
  // 4 bytes of key in 3.0, up to 256 in 3.2.
  if (packet.length < 12 || packet.length > 8 + 256) {
    throw new GatewayError('client_protocol', 'a malformed cancel request')
  }
  return {
    kind: 'cancel',
    socket,
    processId: int32At(packet, 4),
    key: Buffer.from(packet.subarray(8)),
  }
}

function encrypted(socket: Socket, options: StartupOptions): Promise<TLSSocket> {
  const { tls: secureContext } = options
  if (secureContext === undefined)
    throw new GatewayError('client_protocol', 'TLS is not offered here')
  return new Promise((resolve, reject) => {
    const secure = new TLSSocket(socket, {
      isServer: true,
      secureContext,
      ALPNProtocols: ['postgresql'],
    })
    const failed = (cause?: unknown): void => {
      clearTimeout(timer)
      secure.destroy()
      reject(new GatewayError('client_protocol', 'the TLS handshake failed', { cause }))
    }
    const timer = setTimeout(failed, TLS_ALERT_MS)
    secure.once('error', failed)
    secure.once('close', failed)
    secure.once('secure', () => {
      clearTimeout(timer)
      secure.off('error', failed)
      secure.off('close', failed)
      secure.on('error', () => undefined)
      resolve(secure)
    })
    secure.resume()
    secure.pause()
  })
}
