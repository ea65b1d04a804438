// The first packets of a client, over real connections: ways into TLS, versions of the protocol, cancel
// requests, and what is none of these.
import { spawnSync } from 'node:child_process'
import { createConnection, type Socket } from 'node:net'
import { connect as tlsConnect, createSecureContext, type TLSSocket } from 'node:tls'
import t from 'tap'
import { startupOf, type Startup } from '../../../../proxy/protocols/postgres/startup.js'
import { int32At } from '../../../../proxy/protocols/postgres/wire-bytes.js'
import { listen } from '../../../../proxy/transport/listen.js'
import { chance } from '../../../fuzz/chance.js'
import { selfMadeCertificate } from '../../../peers/certificate.js'

const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'no openssl'
const DEADLINE_MS = 1500
const SSL = packet(80877103)
const GSS = packet(80877104)

function packet(code: number, rest: Uint8Array | string = ''): Buffer {
  const body = Buffer.from(rest)
  const head = Buffer.alloc(8)
  head.writeInt32BE(8 + body.length, 0)
  head.writeInt32BE(code, 4)
  return Buffer.concat([head, body])
}

const start = (version = 0x0003_0000, more = ''): Buffer =>
  packet(version, `user\0agent\0${more}\0`)

t.test('the first packets', { skip: noOpenssl }, async (t) => {
  const mine = selfMadeCertificate()
  const context = createSecureContext({ cert: mine.certificate, key: mine.key })
  let tls: typeof context | undefined = context
  const found: Startup[] = []
  const waiting: ((startup: Startup) => void)[] = []
  const server = await listen({ host: '127.0.0.1', port: 0 }, (socket) => {
    void startupOf(socket, { tls, deadlineMs: DEADLINE_MS }).then((startup) => {
      const next = waiting.shift()
      if (next === undefined) found.push(startup)
      else next(startup)
    })
  })
  t.teardown(() => server.close())
  const clients: Socket[] = []
  t.teardown(() => clients.forEach((one) => one.destroy()))

  const client = (): Socket => {
    const socket = createConnection({ host: '127.0.0.1', port: server.port })
    socket.on('error', () => undefined)
    clients.push(socket)
    return socket
  }
  const outcome = async (): Promise<Startup> => {
    const startup =
      found.shift() ?? (await new Promise<Startup>((resolve) => waiting.push(resolve)))
    if (startup.kind !== 'gone') clients.push(startup.socket)
    if (startup.kind === 'start') startup.inbox.release()
    return startup
  }
  const sent = async (...bytes: readonly Buffer[]): Promise<Startup> => {
    client().write(Buffer.concat(bytes))
    return outcome()
  }
  const refusal = async (...bytes: readonly Buffer[]): Promise<string> => {
    const startup = await sent(...bytes)
    return startup.kind === 'refused'
      ? `${startup.refusal.sqlstate} ${startup.refusal.message}`
      : startup.kind
  }
  const secured = (socket: Socket, protocols: string[]): Promise<TLSSocket> =>
    new Promise((resolve) => {
      const secure = tlsConnect(
        { socket, ca: mine.certificate, servername: 'localhost', ALPNProtocols: protocols },
        () => resolve(secure),
      )
      secure.on('error', () => undefined)
    })

  await t.test('a request for TLS is answered, and what follows comes from inside', async (t) => {
    const socket = client()
    socket.write(SSL)
    t.equal(String(await once(socket)), 'S')
    const secure = await secured(socket, ['postgresql'])
    secure.write(start())
    const startup = await outcome()
    t.match(startup, { kind: 'start', protocol: '3.0', parameters: { user: 'agent' } })
    t.ok(startup.kind === 'start' && 'encrypted' in startup.socket)
  })

  await t.test('bytes in front of the handshake are somebody else’s: refused', async (t) => {
    t.match(await refusal(SSL, start()), /08P01 bytes before the TLS handshake/)
  })

  await t.test('TLS may begin at once for those who name the protocol', async (t) => {
    const secure = await secured(client(), ['postgresql'])
    secure.write(start(0x0003_0002))
    t.match(await outcome(), { kind: 'start', protocol: '3.2' })
  })

  await t.test('others are told inside TLS that they may not', async (t) => {
    void secured(client(), [])
    const startup = await outcome()
    t.match(startup, { kind: 'refused', refusal: { message: /ALPN/ } })
    t.ok(startup.kind === 'refused' && 'encrypted' in startup.socket)
  })

  await t.test('a packet that is wrong inside TLS is answered inside TLS', async (t) => {
    const secure = await secured(client(), ['postgresql'])
    secure.write(Buffer.from([0x7f, 0, 0, 0]))
    const startup = await outcome()
    t.ok(startup.kind === 'refused' && 'encrypted' in startup.socket)
    const again = await secured(client(), ['postgresql'])
    again.write(SSL)
    t.match(await outcome(), { kind: 'refused', refusal: { message: 'TLS inside TLS' } })
  })

  await t.test('a handshake that is none fails alone', async (t) => {
    t.match(await refusal(Buffer.from('\x16\x03\x01\x00\x02garbage')), /08P01 the TLS handshake/)
  })

  await t.test('without a certificate TLS is declined, and plaintext goes on', async (t) => {
    tls = undefined
    t.match(await sent(SSL, GSS, start()), { kind: 'start' })
    t.match(await refusal(SSL, GSS, SSL, start()), /too many requests for encryption/)
    t.match(await refusal(Buffer.from('\x16\x03\x01\x00\x02')), /TLS is not offered here/)
    tls = context
  })

  await t.test('GSS encryption is declined', async (t) => {
    const socket = client()
    socket.write(GSS)
    t.equal(String(await once(socket)), 'N')
    socket.write(start())
    t.match(await outcome(), { kind: 'start' })
  })

  await t.test(
    'versions: 3.0 and 3.2 as they are, later ones and extensions by ours',
    async (t) => {
      t.match(await sent(start()), { protocol: '3.0' })
      t.match(await sent(start(0x0003_0002)), { protocol: '3.2' })
      for (const [version, more, told, names] of [
        [0x0003_270f, '', 0x0003_0002, 0],
        [0x0003_0001, '', 0x0003_0000, 0],
        [0x0003_270f, '_pq_.test\0on\0', 0x0003_0002, 1],
      ] as const) {
        const socket = client()
        socket.write(start(version, more))
        const answer = await once(socket)
        t.equal(answer[0], 0x76)
        t.equal(int32At(answer, 5), told)
        t.equal(int32At(answer, 9), names)
        if (names > 0) t.match(answer.toString('latin1'), /_pq_\.test\0$/)
        t.match(await outcome(), { kind: 'start' })
      }
      for (const version of [0x0002_0000, 0x0001_0000, 0, 0x0004_0000, 0x7fff_ffff]) {
        t.match(await refusal(start(version)), /^08P01 protocol/)
      }
    },
  )

  await t.test('cancel requests have a key of four bytes and up to 256', async (t) => {
    for (const length of [4, 32, 256]) {
      const startup = await sent(
        packet(80877102, Buffer.concat([Buffer.of(0, 0, 1, 2), Buffer.alloc(length, 7)])),
      )
      t.match(startup, { kind: 'cancel', processId: 258 })
      t.equal(startup.kind === 'cancel' && startup.key.length, length)
    }
    for (const length of [0, 3, 7, 261]) {
      t.match(await refusal(packet(80877102, Buffer.alloc(length))), /08P01 a malformed cancel/)
    }
  })

  await t.test('too large, too small, too slow, and gone', async (t) => {
    t.match(await refusal(packet(0x0003_0000, Buffer.alloc(9_993))), /10001 bytes/)
    t.match(await refusal(Buffer.from([0, 0, 0, 3])), /3 bytes/)
    t.match(await refusal(Buffer.from([0xff, 0xff, 0xff, 0xff])), /-1 bytes/)
    t.match(await refusal(Buffer.from([0, 0, 0, 4])), /08P01 protocol/)
    t.match(await refusal(start().subarray(0, 11)), /longer than 1500 ms/)
    client().end()
    t.match(await outcome(), { kind: 'gone' })
    const half = client()
    half.end(start().subarray(0, 9))
    t.match(await outcome(), { kind: 'refused', refusal: { message: /ended during the login/ } })
  })

  await t.test('one byte at a time is as good as all at once', async (t) => {
    const socket = client()
    for (const byte of start()) {
      socket.write(Buffer.of(byte))
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    t.match(await outcome(), { kind: 'start', parameters: { user: 'agent' } })
  })

  await t.test('bytes from chance are refused or read, and never more than that', async (t) => {
    const { below, pick } = chance(552)
    let read = 0
    for (let n = 0; n < 1000 * Number(process.env['SALLYPORT_FUZZ'] ?? '1'); n++) {
      const body = Buffer.from(Array.from({ length: below(30) }, () => below(256)))
      const mutated = start()
      mutated[below(mutated.length)] = below(256)
      const socket = client()
      // What is too short would only wait.
      socket.end(
        pick([packet(below(2 ** 32) | 0, body), mutated, Buffer.concat([GSS, mutated]), body]),
      )
      const startup = await outcome()
      if (startup.kind === 'start') read++
      if (startup.kind !== 'gone') startup.socket.destroy()
      socket.destroy()
    }
    t.ok(read > 50, `${read} could be read`)
  })
})

function once(socket: Socket): Promise<Buffer> {
  return new Promise((resolve) => socket.once('data', resolve))
}
