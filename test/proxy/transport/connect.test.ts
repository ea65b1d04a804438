// Connections to targets: over TCP and Unix sockets, and the words for one that fails.
import t from 'tap'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../../proxy/transport/connect.js'
import { streamOf } from '../../../proxy/transport/listen.js'
import { receive, seeded, send } from './stream-pair.js'

t.test('a target that does not answer is named to the operator alone', async (t) => {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const address = probe.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await new Promise((resolve) => probe.close(resolve))
  await t.rejects(connect({ host: '127.0.0.1', port, timeoutMs: 5000 }), {
    code: 'target_unreachable',
    message: /^the target cannot be reached$/,
    cause: { message: /127\.0\.0\.1/ },
  })
})

t.test('a name that does not exist, and a folder without a socket, are the same', async (t) => {
  for (const host of ['no-such-host.invalid', join(t.testdir({}), 'nothing')]) {
    await t.rejects(connect({ host, port: 5432, timeoutMs: 5000 }), {
      code: 'target_unreachable',
      message: /^the target cannot be reached$/,
    })
  }
})

t.test('a folder is where PostgreSQL keeps its Unix socket', async (t) => {
  // Short: the path of a Unix socket has about a hundred bytes.
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-'))
  const server = createServer({ pauseOnConnect: true })
  t.teardown(() => {
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const accepted = new Promise<ReturnType<typeof streamOf>>((resolve) =>
    server.once('connection', (socket) => resolve(streamOf(socket))),
  )
  await new Promise<void>((resolve) => server.listen(join(folder, '.s.PGSQL.6000'), resolve))
  const own = streamOf(await connect({ host: folder, port: 6000, timeoutMs: 5000 })).stream
  const theirs = (await accepted).stream
  const arrived = receive(theirs, 0.05, seeded(4))
  send(own, 16 * 1024 * 1024, seeded(5))
  const { place, wrong } = await arrived
  t.equal(place, 16 * 1024 * 1024)
  t.equal(wrong, -1, 'pipes are raw streams, too')
})
