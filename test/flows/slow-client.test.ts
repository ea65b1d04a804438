// Half a gigabyte for a client that does not read: a gateway of its own process keeps its memory flat, serves
// others meanwhile, and delivers every byte once the client reads.
import { existsSync, readFileSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import pg from 'pg'
import t from 'tap'
import { message } from '../../proxy/protocols/postgres/wire-bytes.js'
import { startGatewayProcess } from '../peers/gateway-process.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const ROWS = 500_000
const ROW_BYTES = 1000
const GROWTH_MAX = 150e6

const skip =
  missingPostgres('embedded') ||
  (existsSync('/proc/self/status') ? false : 'memory is read from /proc')

t.setTimeout(120_000)

t.test('a client that does not read', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  const gateway = await startGatewayProcess({
    target: {
      name: 'shop',
      database: 'postgres',
      host: server.host,
      port: server.port,
      labels: { env: 'dev' },
      accounts: [{ user: server.superuser, password: server.password }],
    },
  })
  t.teardown(async () => {
    await gateway.stop()
    await server.stop()
  })
  const token = await gateway.token('engineer')
  const other = new pg.Client({
    host: '127.0.0.1',
    port: gateway.port,
    user: 'engineer',
    password: token,
    database: 'shop',
  })
  await other.connect()
  await other.query('SELECT 1')
  const slow = await loggedIn(gateway.port, token)
  const before = residentBytes(gateway.pid())
  slow.pause()
  slow.write(message('Q', `SELECT repeat('x', ${ROW_BYTES}) FROM generate_series(1, ${ROWS})`))
  let most = 0
  for (let n = 0; n < 15; n++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    t.match(await other.query('SELECT 1 AS one'), { rows: [{ one: 1 }] })
    most = Math.max(most, residentBytes(gateway.pid()))
  }
  const read = await counted(slow, () => {
    most = Math.max(most, residentBytes(gateway.pid()))
  })
  t.ok(read > ROWS * ROW_BYTES, `${Math.round(read / 1e6)} MB arrived`)
  t.ok(most - before < GROWTH_MAX, `grew by ${Math.round((most - before) / 1e6)} MB`)
  slow.destroy()
  await other.end()
})

// proc(5): VmRSS in kB.
function residentBytes(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(found?.[1] ?? Number.NaN) * 1024
}

function loggedIn(port: number, token: string): Promise<Socket> {
  const socket = createConnection({ host: '127.0.0.1', port })
  const body = Buffer.from('user\0engineer\0database\0shop\0\0')
  const head = Buffer.alloc(8)
  head.writeInt32BE(8 + body.length, 0)
  head.writeInt32BE(0x0003_0000, 4)
  socket.write(Buffer.concat([head, body, message('p', token)]))
  return new Promise((resolve, reject) => {
    let text = ''
    const look = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      if (text.includes('C28') || text.includes('FATAL')) reject(new Error(text))
      if (!text.includes('Z\0\0\0\u0005')) return
      socket.off('data', look)
      resolve(socket)
    }
    socket.on('data', look)
    socket.once('error', reject)
  })
}

// Reads up to ReadyForQuery, the last six bytes of an answer.
function counted(socket: Socket, look: () => void): Promise<number> {
  return new Promise((resolve, reject) => {
    let [bytes, looked] = [0, 0]
    let tail: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes - looked > 50e6) {
        looked = bytes
        look()
      }
      tail = Buffer.concat([tail, chunk.subarray(-6)]).subarray(-6)
      if (tail.length === 6 && tail.toString('latin1', 0, 5) === 'Z\0\0\0\u0005') resolve(bytes)
    })
    socket.once('close', () => reject(new Error(`closed after ${bytes} bytes`)))
    socket.resume()
  })
}
