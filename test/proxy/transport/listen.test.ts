// The listener: what it says when it cannot listen, and what it survives.
import t from 'tap'
import { connect } from '../../../proxy/transport/connect.js'
import { listen } from '../../../proxy/transport/listen.js'

t.test('a port that is taken is named, with what to do', async (t) => {
  const first = await listen({ host: '127.0.0.1', port: 0 }, (socket) => socket.destroy())
  t.teardown(first.close)
  await t.rejects(
    listen({ host: '127.0.0.1', port: first.port }, () => undefined),
    { code: 'port_taken', message: `127.0.0.1:${first.port} is already in use` },
  )
})

t.test('a connection that is reset before anyone listens ends nothing', async (t) => {
  const accepted: unknown[] = []
  const one = await listen({ host: '127.0.0.1', port: 0 }, (socket) => void accepted.push(socket))
  t.teardown(one.close)
  const to = { host: '127.0.0.1', port: one.port, timeoutMs: 5000 }
  for (let i = 0; i < 5; i++) {
    const socket = await connect(to)
    socket.resetAndDestroy()
  }
  const last = await connect(to)
  while (accepted.length < 6) await new Promise((resolve) => setTimeout(resolve, 5))
  t.equal(accepted.length, 6)
  last.destroy()
})

t.test('closed, it takes no more, and what is open goes on', async (t) => {
  const one = await listen({ host: '127.0.0.1', port: 0 }, (socket) => void socket.pipe(socket))
  const to = { host: '127.0.0.1', port: one.port, timeoutMs: 5000 }
  const open = await connect(to)
  await one.close()
  await t.rejects(connect(to), { code: 'target_unreachable' })
  const echoed = new Promise((resolve) => open.once('data', resolve))
  open.resume()
  open.write('still here')
  t.equal(String(await echoed), 'still here')
  open.destroy()
})
