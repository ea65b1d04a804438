// The stream that encrypted connections use: its bytes over TLS, and that it is chosen there.
import t from 'tap'
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls'
import { generateKeyPairSync } from 'node:crypto'
import { streamOf } from '../../../proxy/transport/listen.js'
import { receive, seeded, send, startServer } from './stream-pair.js'

const server = await startServer()
t.teardown(() => server.listening.close())

t.test(
  'over TLS bytes arrive as they were sent, although raw handles were asked for',
  async (t) => {
    const [ours, accepted] = await server.sockets()
    const psk = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' })
    const ciphers = 'PSK-AES128-GCM-SHA256'
    const secured = new TLSSocket(accepted, {
      isServer: true,
      secureContext: createSecureContext({ ciphers, maxVersion: 'TLSv1.2' }),
      pskCallback: () => psk,
    } as ConstructorParameters<typeof TLSSocket>[1])
    const client = connectTls({
      socket: ours,
      ciphers,
      maxVersion: 'TLSv1.2',
      checkServerIdentity: () => undefined,
      pskCallback: () => ({ psk, identity: 'x' }),
    })
    await new Promise((resolve) => client.once('secureConnect', resolve))
    const theirs = streamOf(secured).stream
    const own = streamOf(client).stream
    t.ok(theirs.encrypted)
    t.ok(own.encrypted)
    t.equal(theirs.remoteAddress, '127.0.0.1')
    const arrived = receive(theirs, 0.1, seeded(1))
    send(own, 8 * 1024 * 1024, seeded(2))
    const { place, wrong } = await arrived
    t.equal(place, 8 * 1024 * 1024)
    t.equal(wrong, -1)
    own.destroy()
  },
)

t.test('what was read before the stream was made is handed over, not lost', async (t) => {
  for (const raw of [true, false]) {
    const [ours, accepted] = await server.sockets()
    accepted.once('readable', () => undefined)
    ours.write('early')
    await new Promise((resolve) => accepted.once('readable', resolve))
    const { stream, rest } = streamOf(accepted, raw)
    const later: Buffer[] = []
    const done = new Promise((resolve) => {
      stream.onClose = resolve
    })
    stream.onBytes = (chunk) => void later.push(Buffer.from(chunk))
    stream.resume()
    ours.end(' and late')
    await done
    t.equal(`${rest.toString()}${Buffer.concat(later).toString()}`, 'early and late')
    t.not(rest.length, 0)
    stream.destroy()
  }
})
