// Large answers: memory stays flat however slow the client is, every byte arrives, masked or not, over
// raw handles and over sockets.
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { missingPostgres, startPostgres } from '../peers/postgres.js'
import { message } from '../../proxy/protocols/postgres/wire-bytes.js'
import { startArena } from '../proxy/protocols/postgres/relay-arena.js'

const skip = missingPostgres('embedded')
const ROWS = 400_000

t.test('bulk', { skip }, async (t) => {
  const server = await startPostgres({
    kind: 'embedded',
    hba: ['host all all 127.0.0.1/32 trust'],
  })
  t.teardown(() => server.stop())
  const at = { host: server.host, port: server.port, user: 'postgres' }
  const setup = await connected(server.port)
  setup.write(
    message(
      'Q',
      "create table people as select n as id, '123-45-' || (1000 + n % 9000) as ssn, " +
        `repeat('x', 200) as filler from generate_series(1, ${ROWS}) n`,
    ),
  )
  await until(setup, 1)
  setup.destroy()

  for (const raw of [true, false]) {
    t.test(`a slow reader over ${raw ? 'raw handles' : 'sockets'}`, async (t) => {
      const arena = await startArena(at, { raw })
      t.teardown(() => arena.close())
      const client = await connected(arena.port)
      client.pause()
      const before = process.memoryUsage().rss
      client.write(message('Q', 'select id, filler from people'))
      let most = 0
      for (let i = 0; i < 10; i++) {
        await new Promise((resolve) => setTimeout(resolve, 50))
        most = Math.max(most, process.memoryUsage().rss)
      }
      t.ok(most - before < 80e6, `grew by ${Math.round((most - before) / 1e6)} MB`)
      const { rows, bytes } = await until(client, 1)
      t.equal(rows, ROWS)
      t.ok(bytes > ROWS * 200)
      client.destroy()
      await arena.close()
    })

    t.test(`every row masked over ${raw ? 'raw handles' : 'sockets'}`, async (t) => {
      const arena = await startArena(at, { raw })
      const client = await connected(arena.port)
      client.write(message('Q', 'select id, ssn, filler from people'))
      const { rows, bytes, leaks } = await until(client, 1)
      t.equal(rows, ROWS)
      t.equal(leaks, 0)
      t.ok(bytes > ROWS * 200)
      t.match(arena.outcomes.at(-1), { result: 'done', rows: ROWS, masked: ROWS })
      client.destroy()
      await arena.close()
    })
  }

  t.test('a copy in of many megabytes arrives whole', async (t) => {
    const arena = await startArena(at)
    const client = await connected(arena.port)
    client.write(message('Q', 'create table copied (line text)'))
    await until(client, 1)
    client.write(message('Q', 'copy copied from stdin'))
    const line = message('d', Buffer.from(`${'y'.repeat(4000)}\n`))
    for (let n = 0; n < 5000; n++) {
      if (!client.write(line)) await new Promise((resolve) => client.once('drain', resolve))
    }
    client.write(message('c'))
    await until(client, 1)
    client.write(message('Q', 'select count(*) from copied'))
    await until(client, 1)
    t.match(arena.outcomes.at(-2), { result: 'done', tag: 'COPY 5000' })
    client.destroy()
    await arena.close()
  })
})

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  const words = Buffer.from('user\0postgres\0database\0postgres\0\0')
  const head = Buffer.alloc(8)
  head.writeInt32BE(8 + words.length, 0)
  head.writeInt32BE(196608, 4)
  socket.write(Buffer.concat([head, words]))
  await until(socket, 1)
  return socket
}

type Seen = { readonly rows: number; readonly bytes: number; readonly leaks: number }

// Reads up to so many ReadyForQuery messages, keeping nothing.
function until(socket: Socket, readies: number): Promise<Seen> {
  return new Promise((resolve, reject) => {
    let left: Buffer = Buffer.alloc(0)
    let [rows, bytes, leaks, seen] = [0, 0, 0, 0]
    const read = (chunk: Buffer): void => {
      bytes += chunk.length
      if (chunk.includes('123-45-')) leaks++
      const all = left.length === 0 ? chunk : Buffer.concat([left, chunk])
      let at = 0
      while (at + 5 <= all.length) {
        const end = at + 1 + all.readInt32BE(at + 1)
        if (end > all.length) break
        if (all[at] === 0x44) rows++
        if (all[at] === 0x5a) seen++
        if (all[at] === 0x45) reject(new Error(all.toString('utf8', at, end)))
        at = end
      }
      left = Buffer.from(all.subarray(at))
      if (seen < readies) return
      socket.removeListener('data', read)
      resolve({ rows, bytes, leaks })
    }
    socket.on('data', read)
    socket.on('error', reject)
    socket.resume()
  })
}
