// Cancelling at real targets, over plain connections and TLS, and at one that offers no TLS: it must not
// learn the key that cancels.
import { spawnSync } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { createSecureContext } from 'node:tls'
import t from 'tap'
import { cancelAt } from '../../../../proxy/protocols/postgres/target-cancel.js'
import {
  targetLogin,
  type LoggedIn,
  type TargetAccount,
} from '../../../../proxy/protocols/postgres/target-login.js'
import { message } from '../../../../proxy/protocols/postgres/wire-bytes.js'
import { selfMadeCertificate } from '../../../peers/certificate.js'
import { missingPostgres, startPostgres, type PostgresKind } from '../../../peers/postgres.js'
import { running } from '../../../peers/running.js'

const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'no openssl'
const SSL_REQUEST = '0000000804d2162f'

for (const kind of ['embedded', 'debian'] as const satisfies readonly PostgresKind[]) {
  const skip = missingPostgres(kind) || noOpenssl
  const name = kind === 'embedded' ? 'npm' : 'Debian'
  t.test(
    `a cancel reaches the PostgreSQL of ${name}, with TLS and without`,
    { skip },
    async (t) => {
      const mine = selfMadeCertificate()
      const server = await startPostgres({
        kind,
        files: { 'server.crt': mine.certificate, 'server.key': mine.key },
        config: { ssl: 'on', ssl_cert_file: 'server.crt', ssl_key_file: 'server.key' },
      })
      t.teardown(() => server.stop())
      const plain: TargetAccount = {
        host: server.host,
        port: server.port,
        tls: undefined,
        user: server.superuser,
        password: () => server.password,
        database: 'postgres',
      }
      const context = createSecureContext({ ca: mine.certificate })
      for (const account of [plain, { ...plain, tls: { context, serverName: 'localhost' } }]) {
        const loggedIn = await targetLogin({
          account,
          settings: new Map(),
          nonce: () => 'nonceOfTheTest',
          timeoutMs: 30_000,
        })
        const answer = sleeping(loggedIn)
        await running(server, 'pg_sleep(20)')
        await cancelAt(account, loggedIn)
        t.match(await answer, /C57014/)
        loggedIn.socket.destroy()
      }
    },
  )
}

t.test('a target that gives up TLS learns no key', async (t) => {
  let seen = Buffer.alloc(0)
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      seen = Buffer.concat([seen, chunk])
      socket.write('N')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const closed = new Promise((resolve) =>
    server.once('connection', (socket) => socket.once('close', resolve)),
  )
  const account: TargetAccount = {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    tls: { context: createSecureContext(), serverName: 'localhost' },
    user: 'somebody',
    password: undefined,
    database: 'postgres',
  }
  const key = Buffer.from('the secret key')
  await cancelAt(account, { processId: 4711, secretKey: key } as unknown as LoggedIn)
  t.equal(seen.toString('hex'), SSL_REQUEST)
  await closed
})

function sleeping({ socket }: LoggedIn): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (text.includes('Z\0\0\0\u0005')) resolve(text)
    })
    socket.resume()
    socket.write(message('Q', 'SELECT pg_sleep(20)'))
  })
}
