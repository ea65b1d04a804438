// The internals that raw streams stand on are there on every Node that is supported, and asking for them
// prints nothing.
import t from 'tap'
import { spawnSync } from 'node:child_process'
import { connect } from '../../../proxy/transport/connect.js'
import { handleOf, streamBinding } from '../../../proxy/transport/stream-handle.js'
import { startServer } from './stream-pair.js'

t.test('this Node has them', async (t) => {
  const server = await startServer()
  t.teardown(() => server.listening.close())
  t.ok(streamBinding())
  const socket = await connect({ host: '127.0.0.1', port: server.listening.port, timeoutMs: 5000 })
  t.ok(handleOf(socket))
  socket.destroy()
  await new Promise((resolve) => socket.once('close', resolve))
  t.equal(handleOf(socket), undefined, 'a closed socket has no handle to take')
})

t.test('no warning is printed', async (t) => {
  const module = new URL('../../../proxy/transport/stream-handle.js', import.meta.url).href
  const script = `const { streamBinding } = await import('${module}')
    console.log(streamBinding() === undefined ? 'absent' : 'there')`
  // Whatever lets this process run TypeScript, if anything, lets the other one, too.
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...process.execArgv, '--input-type=module', '-e', script],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', NODE_V8_COVERAGE: '' } },
  )
  t.equal(stdout, 'there\n')
  t.notMatch(stderr, /DEP0111|[Dd]eprecat/)
})
