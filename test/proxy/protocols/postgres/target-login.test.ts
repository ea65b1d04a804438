// The gateway's own login at real PostgreSQL servers, over plain connections and TLS, with SCRAM bound to
// the certificate; and at servers that lie, which learn nothing and end nothing but the attempt.
import { spawnSync } from 'node:child_process'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import t from 'tap'
import { failureOfLogin } from '../../../../proxy/protocols/postgres/login-failures.js'
import {
  targetLogin,
  type LoggedIn,
  type TargetAccount,
} from '../../../../proxy/protocols/postgres/target-login.js'
import { message } from '../../../../proxy/protocols/postgres/wire-bytes.js'
import { selfMadeCertificate } from '../../../peers/certificate.js'
import { missingPostgres, startPostgres, type PostgresKind } from '../../../peers/postgres.js'
import { chance } from '../../../fuzz/chance.js'

const ACCOUNT = 'hidden_account'
const PASSWORD = 'a hidden päßword'
const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'no openssl'

function login(account: TargetAccount, timeoutMs = 5000): Promise<LoggedIn> {
  return targetLogin({
    account,
    settings: new Map([['timezone', 'UTC']]),
    nonce: () => 'a nonce of the test'.replaceAll(' ', ''),
    timeoutMs,
  })
}

// What a client would be told of a login that failed.
async function told(account: TargetAccount, timeoutMs?: number): Promise<string> {
  const problem: unknown = await login(account, timeoutMs).then(
    ({ socket }) => socket.destroy() && new Error('it logged in'),
    (thrown: unknown) => thrown,
  )
  const { sqlstate, message: words, hint = '' } = failureOfLogin(problem)
  const code = problem instanceof Error && 'code' in problem ? String(problem.code) : 'none'
  return `${code} ${sqlstate} ${words} ${hint}`
}

for (const kind of ['embedded', 'debian'] as const satisfies readonly PostgresKind[]) {
  const skip = missingPostgres(kind) || noOpenssl
  t.test(`the PostgreSQL of ${kind === 'embedded' ? 'npm' : 'Debian'}`, { skip }, async (t) => {
    const mine = selfMadeCertificate(kind === 'embedded' ? 'ec' : 'rsa', 'sha384')
    const server = await startPostgres({
      kind,
      superuser: ACCOUNT,
      password: PASSWORD,
      files: { 'server.crt': mine.certificate, 'server.key': mine.key },
      config: { ssl: 'on', ssl_cert_file: 'server.crt', ssl_key_file: 'server.key' },
      hba: [
        'hostnossl template1 all 127.0.0.1/32 password',
        'hostssl template1 all 127.0.0.1/32 password',
      ],
    })
    t.teardown(() => server.stop())
    const plain: TargetAccount = {
      host: server.host,
      port: server.port,
      tls: undefined,
      user: ACCOUNT,
      password: () => PASSWORD,
      database: 'postgres',
    }
    const trusting = (ca: string, serverName = 'localhost'): TargetAccount => ({
      ...plain,
      tls: { context: createSecureContext({ ca }), serverName },
    })
    const tls = trusting(mine.certificate)

    await t.test('SCRAM without TLS, and by the Unix socket', async (t) => {
      for (const account of [plain, { ...plain, host: server.socketDir }]) {
        const { socket, parameters, processId, secretKey } = await login(account)
        t.equal(parameters.get('client_encoding'), 'UTF8')
        t.equal(parameters.get('standard_conforming_strings'), 'on')
        t.equal(parameters.get('TimeZone'), 'UTC')
        t.ok(processId > 0)
        t.equal(secretKey.length, 4)
        socket.destroy()
      }
    })

    await t.test('SCRAM inside TLS, whatever the certificate is signed with', async (t) => {
      const { socket } = await login(tls)
      const rows = await answered(
        socket,
        'SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
      )
      t.match(rows, /TLSv1\.[23]/)
      socket.destroy()
    })

    await t.test('a certificate of somebody else, or for another name, is refused', async (t) => {
      const other = selfMadeCertificate()
      t.match(await told(trusting(other.certificate)), /^target_refused 08001/)
      t.match(await told(trusting(mine.certificate, 'elsewhere.example')), /^target_refused 08001/)
    })

    await t.test('a password in clear goes through TLS alone', async (t) => {
      t.match(await told({ ...plain, database: 'template1' }), /^target_refused/)
      const { socket } = await login({ ...tls, database: 'template1' })
      socket.destroy()
    })

    await t.test(
      'no failure tells the client of the account, its password or its host',
      async (t) => {
        const all = [
          await told({ ...plain, password: () => 'wrong' }),
          await told({ ...plain, password: undefined }),
          await told({ ...plain, user: 'nobody_here' }),
          await told({ ...plain, database: 'not_there' }),
          await told({ ...plain, port: 1 }),
          await told({ ...plain, host: 'no-such-host.invalid' }),
        ]
        t.match(all[3], /^not_found 3D000/)
        for (const one of all) {
          t.notMatch(one, /logged in/)
          t.notMatch(
            one,
            new RegExp(
              [ACCOUNT, PASSWORD, server.host, server.port, 'nobody_here', 'invalid'].join('|'),
            ),
          )
        }
      },
    )
  })
}

const OK = message('R', Buffer.alloc(4))
const READY = message('Z', Buffer.from('I'))
const SETTINGS = [
  message('S', 'client_encoding', 'UTF8'),
  message('S', 'standard_conforming_strings', 'on'),
]

t.test('servers that lie', async (t) => {
  let says: (socket: Socket) => void = () => undefined
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    says(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const account: TargetAccount = {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    tls: undefined,
    user: ACCOUNT,
    password: () => PASSWORD,
    database: 'postgres',
  }
  const answering = (...parts: readonly Buffer[]): void => {
    says = (socket) => socket.once('data', () => socket.write(Buffer.concat(parts)))
  }

  await t.test('one that plays along is taken', async () => {
    answering(OK, ...SETTINGS, READY)
    const { socket } = await login(account)
    socket.destroy()
  })

  await t.test('other settings than those our reading stands on are refused', async (t) => {
    answering(OK, message('S', 'client_encoding', 'SJIS'), READY)
    t.match(await told(account), /^target_refused/)
    answering(
      OK,
      message('S', 'client_encoding', 'UTF8'),
      message('S', 'standard_conforming_strings', 'off'),
      READY,
    )
    t.match(await told(account), /^target_refused/)
    answering(OK, READY)
    t.match(await told(account), /^target_refused/)
  })

  await t.test('weak or unknown ways of authentication are refused', async (t) => {
    for (const code of [2, 3, 5, 6, 7, 9, 99]) {
      answering(message('R', Buffer.from([0, 0, 0, code]), Buffer.alloc(4)))
      t.match(await told(account), /^target_refused/, `authentication ${code}`)
    }
    answering(message('R', Buffer.from([0, 0, 0, 10]), 'SCRAM-SHA-256-PLUS', Buffer.of(0)))
    t.match(await told(account), /^target_refused/)
  })

  await t.test('a login that skips the proof of the server is refused', async (t) => {
    says = (socket) => {
      socket.once('data', () => {
        socket.write(message('R', Buffer.from([0, 0, 0, 10]), 'SCRAM-SHA-256', Buffer.of(0)))
        socket.once('data', () => socket.write(Buffer.concat([OK, ...SETTINGS, READY])))
      })
    }
    t.match(await told(account), /^target_protocol/)
  })

  await t.test('TLS that was asked for is not given up', async (t) => {
    const tls = { context: createSecureContext({}), serverName: 'localhost' }
    for (const words of ['N', 'E', 'Sgarbage', 'S\x15\x03\x01\x00\x02\x02\x28']) {
      says = (socket) => socket.once('data', () => socket.write(words, 'latin1'))
      t.match(
        await told({ ...account, tls }, 700),
        /^target_(refused|protocol) 08001/,
        JSON.stringify(words),
      )
    }
    says = (socket) => socket.destroy()
    t.match(await told({ ...account, tls }), /^target_/)
  })

  await t.test(
    'SCRAM inside TLS is bound to the certificate wherever that is offered',
    { skip: noOpenssl },
    async (t) => {
      const mine = selfMadeCertificate('ec', 'sha384')
      const identity = createSecureContext({ cert: mine.certificate, key: mine.key })
      let asked = ''
      says = (plain) => {
        plain.once('data', () => {
          plain.write('S')
          const secure = new TLSSocket(plain, { isServer: true, secureContext: identity })
          secure.on('error', () => undefined)
          secure.once('data', () => {
            const offer = message(
              'R',
              Buffer.from([0, 0, 0, 10]),
              'SCRAM-SHA-256-PLUS',
              'SCRAM-SHA-256',
              Buffer.of(0),
            )
            secure.write(offer)
            secure.once('data', (bytes: Buffer) => {
              asked = bytes.toString('latin1')
              secure.destroy()
            })
          })
        })
      }
      const tls = {
        context: createSecureContext({ ca: mine.certificate }),
        serverName: 'localhost',
      }
      t.match(await told({ ...account, tls }), /^target_protocol/)
      t.match(asked, /SCRAM-SHA-256-PLUS\0.*p=tls-server-end-point,,/s)
    },
  )

  await t.test('silence, endless talk and messages beyond all measure end in time', async (t) => {
    says = () => undefined
    t.match(await told(account, 300), /longer than 300 ms|^target_protocol/)
    answering(Buffer.from([0x52, 0x7f, 0xff, 0xff, 0xff]))
    t.match(await told(account), /^target_protocol/)
    answering(message('R', Buffer.alloc(1)))
    t.match(await told(account), /^target_protocol/)
    const notices = Buffer.concat(
      Array.from({ length: 5000 }, (_, n) => message('S', `a${n}`, 'b')),
    )
    answering(OK, notices, READY)
    t.match(await told(account), /^target_protocol/)
  })

  await t.test('answers from chance end the attempt, each in one of our own words', async (t) => {
    const { below, pick } = chance(1870)
    for (let n = 0; n < 300 * Number(process.env['SALLYPORT_FUZZ'] ?? '1'); n++) {
      answering(
        ...Array.from({ length: 1 + below(4) }, () => {
          const body = Buffer.from(Array.from({ length: below(40) }, () => below(256)))
          return pick([
            message(pick([...'RSKNEZvTD']), body),
            OK,
            message('R', Buffer.from([0, 0, 0, 10 + below(3)]), body),
            body,
          ])
        }),
        message('X'),
      )
      t.match(await told(account, 200), /^target_|^not_found|^limit/)
    }
  })
})

// All bytes up to ReadyForQuery, as text.
function answered(socket: Socket, sql: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (text.includes('Z\0\0\0\u0005')) resolve(text)
    })
    socket.once('close', () => reject(new Error('closed')))
    socket.resume()
    socket.write(message('Q', sql))
  })
}
