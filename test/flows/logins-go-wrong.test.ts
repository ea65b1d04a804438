// What goes wrong around a session's beginning and end: clients that leave while they log in, many logins
// at once, targets that send what no PostgreSQL sends or vanish, a disk that is full. Nothing is left
// behind, nothing is said of the account, and the gateway serves on.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { verifyRecord } from '../../proxy/recording/verify.js'
import { message } from '../../proxy/protocols/postgres/wire-bytes.js'
import { startTestGateway, type TestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const skip = missingPostgres('embedded')
const SOON_MS = 30_000
const ACCOUNT = 'hidden_account'

t.test('around a session', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded', superuser: ACCOUNT })
  const way = await wayTo(server.port)
  t.teardown(async () => {
    await way.close()
    await server.stop()
  })
  const target = {
    name: 'shop',
    database: 'postgres',
    host: '127.0.0.1',
    port: way.port,
    accounts: [{ user: server.superuser, password: server.password }],
    refreshMs: 60_000,
  }
  const secrets = new RegExp(`${ACCOUNT}|${server.password}|${way.port}|${server.port}`)
  const atServer = new pg.Client({
    host: server.host,
    port: server.port,
    user: server.superuser,
    password: server.password,
    database: 'postgres',
  })
  await atServer.connect()
  t.teardown(() => atServer.end())
  const sessionsAtServer = async (): Promise<number> => {
    const { rows } = await atServer.query<{ n: number }>(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'sallyport:%'",
    )
    return rows[0]?.n ?? -1
  }

  for (const rawHandles of [true, false]) {
    await t.test(`clients that leave, ${rawHandles ? 'raw handles' : 'sockets'}`, async (t) => {
      const gateway = await startTestGateway({ target, rawHandles })
      t.teardown(() => gateway.stop())
      const token = await gateway.token('agent')
      const first = await connected(gateway)
      await first.query('SELECT 1')
      way.delayMs = 60
      for (let n = 0; n < 24; n++) {
        const socket = createConnection({ host: '127.0.0.1', port: gateway.port })
        socket.on('error', () => undefined)
        socket.write(Buffer.concat([startup(), message('p', token)]))
        await pause(n * 12)
        if (n % 2 === 0) socket.end()
        else socket.resetAndDestroy()
      }
      way.delayMs = 0
      t.ok(await until(async () => (await sessionsAtServer()) === 1), 'one session is left')
      t.match(await first.query('SELECT 1 AS one'), { rows: [{ one: 1 }] })
      await first.end()
      t.ok(await until(async () => (await sessionsAtServer()) === 0), 'then none')
    })
  }

  await t.test('as many sessions as are allowed, however they are begun', async (t) => {
    const gateway = await startTestGateway({
      target,
      config: { limits: { sessions_per_identity: 3 } },
    })
    t.teardown(() => gateway.stop())
    way.delayMs = 30
    const logins = await Promise.allSettled(Array.from({ length: 12 }, () => connected(gateway)))
    way.delayMs = 0
    const open = logins.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    t.equal(open.length, 3)
    for (const one of logins) {
      if (one.status === 'rejected') t.match(one.reason, { code: '53300', message: /3 open/ })
    }
    t.ok(await until(async () => (await sessionsAtServer()) === 3), 'nothing is left of the others')
    await Promise.all(open.map((one) => one.end()))
    await t.resolves(connected(gateway).then((one) => one.end()))
  })

  await t.test('targets that lie or vanish end the session, in words of our own', async (t) => {
    const gateway = await startTestGateway({ target })
    t.teardown(() => gateway.stop())
    const bystander = await connected(gateway)
    await bystander.query('SELECT 1')
    for (const garbage of [
      Buffer.from('HTTP/1.1 200 OK\r\n\r\n'),
      Buffer.alloc(64, 0xff),
      Buffer.alloc(64),
      message('D', 3, Buffer.alloc(2)),
      message('T', 1, 'a'),
      message('R', Buffer.from([0, 0, 0, 3])),
      message('Z', Buffer.from('?')),
      Buffer.from([0x44, 0x7f, 0xff, 0xff, 0xff, 0, 1]),
    ]) {
      way.instead = undefined
      const client = await connected(gateway)
      await client.query('SELECT 1')
      way.instead = (text) => (text.includes('hostile') ? garbage : undefined)
      const refused = await client.query("SELECT 'hostile'").catch((thrown: unknown) => thrown)
      t.ok(refused instanceof Error, `refused: ${garbage.toString('hex', 0, 8)}`)
      t.notMatch(everything(refused), secrets)
      await client.end().catch(() => undefined)
    }
    way.instead = (text) => (text.includes('vanish') ? 'vanish' : undefined)
    const client = await connected(gateway)
    const gone = await client.query("SELECT 'vanish'").catch((thrown: unknown) => thrown)
    t.match(gone, { code: '08006' })
    t.notMatch(everything(gone), secrets)
    way.instead = undefined
    t.match(await bystander.query('SELECT 1 AS one'), { rows: [{ one: 1 }] })
    await bystander.end()
  })

  await t.test('a target that is not there', async (t) => {
    const gateway = await startTestGateway({ target: { ...target, port: 1 } })
    t.teardown(() => gateway.stop())
    const refused = await connected(gateway).catch((thrown: unknown) => thrown)
    t.match(refused, { code: '08001' })
    t.notMatch(everything(refused), /127\.0\.0\.1|ECONNREFUSED|hidden/)
  })

  await t.test('a full disk', { skip: UNMOUNTABLE }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-full-'))
    const disk = join(folder, 'small')
    mkdirSync(disk)
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk])
    const directory = join(disk, 'record')
    const gateway = await startTestGateway({ target, config: { record: { directory } } })
    t.teardown(async () => {
      await gateway.stop()
      spawnSync('umount', ['-l', disk])
      rmSync(folder, { recursive: true, force: true })
    })
    const client = await connected(gateway)
    await atServer.query('CREATE TABLE IF NOT EXISTS filled (id int)')
    const insert = (id: number): Promise<unknown> =>
      client.query(`INSERT INTO filled VALUES (${id})`).catch((thrown: unknown) => thrown)
    await client.query('SELECT 1')
    t.notOk((await insert(0)) instanceof Error, 'there is room')
    fill(join(disk, 'filler'))
    let done = 0
    let refused: unknown
    for (const end = Date.now() + SOON_MS; Date.now() < end && !(refused instanceof Error);) {
      refused = await insert(done + 1)
      if (!(refused instanceof Error)) done++
    }
    const since = Date.now()
    t.match(refused, { code: /^(58|53|42)/, message: /record/ })
    t.ok((await insert(-1)) instanceof Error, 'and so is the next')
    t.ok(Date.now() - since < 1000, 'within a second')
    const { rows } = await atServer.query<{ n: number }>('SELECT count(*)::int AS n FROM filled')
    t.equal(rows[0]?.n, done + 1, 'what was refused did not run')
    rmSync(join(disk, 'filler'))
    t.ok(
      await until(async () => !((await insert(9_999_999)) instanceof Error)),
      'with room again, commands run',
    )
    await client.end()
    await gateway.gateway.stop(0)
    t.match(await verifyRecord({ directory }), { ok: true })
  })
})

const UNMOUNTABLE =
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
    ? false
    : 'a small file system can only be mounted as root'

// Writes until nothing more fits.
function fill(file: string): void {
  for (const size of [1_000_000, 10_000, 100]) {
    for (let n = 0; n < 200; n++) {
      try {
        writeFileSync(`${file}`, Buffer.alloc(size), { flag: 'a' })
      } catch {
        break
      }
    }
  }
}

function startup(): Buffer {
  const body = Buffer.from('user\0agent\0database\0shop\0\0')
  const head = Buffer.alloc(8)
  head.writeInt32BE(8 + body.length, 0)
  head.writeInt32BE(0x0003_0000, 4)
  return Buffer.concat([head, body])
}

async function connected(gateway: TestGateway): Promise<pg.Client> {
  const client = new pg.Client({
    host: gateway.host,
    port: gateway.port,
    user: 'agent',
    password: await gateway.token('agent'),
    database: 'shop',
  })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

// All that an error says, in whatever field.
function everything(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const { stack: _, ...fields } = thrown as unknown as Readonly<Record<string, unknown>>
  return `${thrown.message} ${JSON.stringify(fields)}`
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function until(reached: () => Promise<boolean>): Promise<boolean> {
  for (const end = Date.now() + SOON_MS; Date.now() < end; await pause(50)) {
    if (await reached()) return true
  }
  return false
}

type Way = {
  readonly port: number
  // How long each piece of an answer is held back.
  delayMs: number
  // What the client's side says is looked at; bytes are answered in the server's place.
  instead: ((text: string) => Buffer | 'vanish' | undefined) | undefined
  readonly close: () => Promise<void>
}

// A connection to the server that the test can slow down, and speak into.
async function wayTo(port: number): Promise<Way> {
  const sockets = new Set<Socket>()
  const entrance = createServer((near) => {
    const far = createConnection({ host: '127.0.0.1', port })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => undefined)
      one.once('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
    near.on('data', (bytes: Buffer) => {
      const instead = way.instead?.(bytes.toString('latin1'))
      if (instead === undefined) far.write(bytes)
      else if (instead === 'vanish') near.destroy()
      else near.write(instead)
    })
    far.on('data', (bytes: Buffer) => {
      if (way.delayMs === 0) near.write(bytes)
      else setTimeout(() => near.write(bytes), way.delayMs)
    })
  })
  await new Promise<void>((resolve) => entrance.listen(0, '127.0.0.1', resolve))
  const way: Way = {
    port: (entrance.address() as AddressInfo).port,
    delayMs: 0,
    instead: undefined,
    close: () => {
      for (const one of sockets) one.destroy()
      return new Promise((resolve) => entrance.close(() => resolve()))
    },
  }
  return way
}
