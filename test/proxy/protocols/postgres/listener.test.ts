// Logging in at a whole gateway, byte by byte: who is let in, who is not, and what each is told.
import { createConnection, type Socket } from 'node:net'
import t from 'tap'
import { startTestGateway } from '../../../peers/gateway.js'
import { missingPostgres, startPostgres } from '../../../peers/postgres.js'
import { message } from '../../../../proxy/protocols/postgres/wire-bytes.js'

const skip = missingPostgres('embedded')

t.test('logging in', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded', superuser: 'hidden_account' })
  const target = {
    name: 'shop',
    database: 'postgres',
    host: server.host,
    port: server.port,
    accounts: [
      { groups: ['agents', 'engineers'], user: server.superuser, password: server.password },
    ],
  }
  const gateway = await startTestGateway({
    target,
    config: { limits: { sessions_per_identity: 2, handshake_ms: 1500 } },
  })
  t.teardown(async () => {
    await gateway.stop()
    await server.stop()
  })
  const agent = await gateway.token('agent')
  const login = (user: string, database: string, token: string) =>
    said(gateway.port, startup(user, database), message('p', token))

  await t.test(
    'a token opens the target, and nothing tells of the account behind it',
    async (t) => {
      const { words, types } = await login('agent', 'shop', agent)
      t.match(types, /^RR.*KZ$/)
      t.match(words, /session_authorization\0agent\0/)
      t.notMatch(words, new RegExp(`${server.superuser}|${server.password}|${server.port}`))
    },
  )

  await t.test('a token that is not one is refused and not repeated', async (t) => {
    const { words } = await login('agent', 'shop', 'not.a.token-at-all')
    t.match(words, /C28P01/)
    t.match(words, /sallyport token/)
    t.notMatch(words, /not\.a\.token/)
    t.match((await login('agent', 'shop', '')).words, /C28P01/)
  })

  await t.test(
    'a token under another name is refused; “sallyport” is whoever the token says',
    async (t) => {
      const { words } = await login('engineer', 'shop', agent)
      t.match(words, /C28000/)
      t.match(words, /“agent”/)
      t.match((await login('sallyport', 'shop', agent)).types, /Z$/)
    },
  )

  await t.test('a target that is not there and one that is not yours look the same', async (t) => {
    const none = await login('agent', 'nowhere', agent)
    const closed = await login('approver', 'shop', await gateway.token('approver'))
    t.match(none.words, /C3D000/)
    t.equal(closed.words.replace('shop', 'nowhere'), none.words)
  })

  await t.test('one identity has a limit of its own', async (t) => {
    const open = [await held(gateway.port, agent), await held(gateway.port, agent)]
    t.match((await login('agent', 'shop', agent)).words, /C53300/)
    for (const socket of open) socket.destroy()
  })

  await t.test('GSS encryption is declined, TLS too where there is no certificate', async (t) => {
    const gss = await said(gateway.port, Buffer.from([0, 0, 0, 8, 4, 210, 22, 48]))
    t.equal(gss.words, 'N')
    const tls = await said(gateway.port, Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]))
    t.equal(tls.words, 'N')
  })

  await t.test('other protocols, endless packets and silence end in time', async (t) => {
    t.match((await said(gateway.port, Buffer.from([0, 0, 0, 8, 0, 2, 0, 0]))).words, /C08P01/)
    t.match(
      (await said(gateway.port, Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0]))).words,
      /C08P01/,
    )
    t.match((await said(gateway.port, Buffer.from([0, 0, 0, 1]))).words, /C08P01/)
    t.match((await said(gateway.port, Buffer.from([0, 0]))).words, /longer than 1500 ms/)
  })

  await t.test('a later version of the protocol is answered by ours', async (t) => {
    const { types } = await said(
      gateway.port,
      startup('agent', 'shop', 0x0003_270f),
      message('p', agent),
    )
    t.match(types, /^vR/)
  })
})

t.test('OAUTHBEARER', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  const gateway = await startTestGateway({
    target: {
      name: 'shop',
      database: 'postgres',
      host: server.host,
      port: server.port,
      accounts: [{ user: server.superuser, password: server.password }],
    },
    config: {
      listeners: {
        postgres: [
          { address: '127.0.0.1:0', plaintext: 'loopback', authentication: 'oauthbearer' },
        ],
        web: { address: '127.0.0.1:0' },
      },
    },
  })
  t.teardown(async () => {
    await gateway.stop()
    await server.stop()
  })
  const response = (data: string): Buffer => {
    const bytes = Buffer.from(data)
    const length = Buffer.alloc(4)
    length.writeInt32BE(bytes.length)
    return message('p', 'OAUTHBEARER', length, bytes)
  }
  const token = await gateway.token('agent')
  const good = await said(
    gateway.port,
    startup('agent', 'shop'),
    response(`n,,\u0001auth=Bearer ${token}\u0001\u0001`),
  )
  t.match(good.words, /OAUTHBEARER/)
  t.match(good.types, /Z$/, 'a token in the first response opens the session')

  const asking = await said(
    gateway.port,
    startup('agent', 'shop'),
    response('n,,\u0001auth=\u0001\u0001'),
    message('p', Buffer.of(1)),
  )
  t.match(
    asking.words,
    /\/\.well-known\/openid-configuration/,
    'a client without a token learns where to get one',
  )
  t.match(asking.words, /C28P01/)

  for (const data of [
    '',
    'n,,',
    'n,,\u0001auth=Basic eDp5\u0001',
    `n,,\u0001auth=Bearer ${token}`,
    'x'.repeat(1000),
  ]) {
    const { types } = await said(gateway.port, startup('agent', 'shop'), response(data))
    t.match(types, /E$/, `refused: ${JSON.stringify(data.slice(0, 20))}`)
  }
})

function startup(user: string, database: string, version = 0x0003_0000): Buffer {
  const body = Buffer.from(`user\0${user}\0database\0${database}\0\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(8 + body.length, 0)
  head.writeInt32BE(version, 4)
  return Buffer.concat([head, body])
}

// On a busy machine an answer takes its time; one that is no more than a letter is followed by nothing.
const PATIENCE_MS = 30_000
const QUIET_MS = 1_000

type Said = { readonly words: string; readonly types: string }

// Sends the first part, each other one after an answer, and gives all that came until it was quiet or over.
async function said(port: number, first: Buffer, ...more: readonly Buffer[]): Promise<Said> {
  const socket = createConnection({ host: '127.0.0.1', port })
  const chunks: Buffer[] = []
  const rest = [...more]
  socket.write(first)
  await new Promise<void>((resolve) => {
    let quiet = setTimeout(resolve, PATIENCE_MS)
    socket.on('error', () => resolve())
    socket.on('close', () => resolve())
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      const next = rest.shift()
      if (next !== undefined) socket.write(next)
      clearTimeout(quiet)
      const isReady = /Z\0\0\0\u0005[ITE]$/.test(chunk.toString('latin1'))
      if (next === undefined && isReady) return resolve()
      quiet = setTimeout(resolve, next === undefined ? QUIET_MS : PATIENCE_MS)
    })
  })
  socket.destroy()
  const bytes = Buffer.concat(chunks)
  return { words: bytes.toString('utf8'), types: typesOf(bytes) }
}

function typesOf(bytes: Buffer): string {
  let types = ''
  for (let at = 0; at + 5 <= bytes.length; at += 1 + bytes.readInt32BE(at + 1)) {
    types += String.fromCharCode(bytes[at] ?? 0)
  }
  return types
}

async function held(port: number, token: string): Promise<Socket> {
  const socket = createConnection({ host: '127.0.0.1', port })
  socket.on('error', () => undefined)
  socket.write(startup('agent', 'shop'))
  let seen = ''
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      seen += chunk.toString('latin1')
      if (seen.length === chunk.length) socket.write(message('p', token))
      if (seen.includes('Z\0\0\0\u0005')) resolve()
    })
  })
  return socket
}
