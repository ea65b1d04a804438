// The web listener over real HTTP on loopback: who may do what, what is refused before it is read, and what
// leaves with every answer.
import { connect } from 'node:net'
import t from 'tap'
import { person } from '../approvals/world.js'
import { webWorld } from './world.js'

t.test('an approver lists, shows and approves what waits', async (t) => {
  const { call, held, tokens } = await webWorld(t)
  const hold = await held()
  const list = await call('/api/approvals', tokens.approver)
  t.equal(list.status, 200)
  t.match(list.json, { approvals: [{ id: hold.id, text: 'drop table orders', status: 'pending' }] })
  t.notMatch(list.text, /claims|mfa/)
  const one = await call(`/api/approvals/${hold.id}`, tokens.approver)
  t.match(one.json, { target: { labels: { env: 'prod' } }, rules: [{ id: 'destructive/drop' }] })
  const done = await call(`/api/approvals/${hold.id}/approve`, tokens.approver, { reason: 'T-1' })
  t.equal(done.status, 200)
  t.match(await hold.settled, { outcome: 'approved', approvers: ['approver'], reason: 'T-1' })
  const again = await call(`/api/approvals/${hold.id}/approve`, tokens.approver, {})
  t.equal(again.status, 409)
  t.match(again.headers.get('content-type'), /application\/problem\+json/)
  t.match(again.json, { code: 'conflict', status: 409, title: 'Conflict' })
})

t.test('an approver denies, and the client is told why', async (t) => {
  const { call, held, tokens } = await webWorld(t)
  const hold = await held()
  t.equal(
    (await call(`/api/approvals/${hold.id}/deny`, tokens.approver, { reason: 'no' })).status,
    200,
  )
  t.same(await hold.settled, { outcome: 'denied', by: 'approver', reason: 'no' })
})

t.test('who asked cannot approve, and others do not even see it', async (t) => {
  const { call, held, tokens } = await webWorld(t)
  const hold = await held()
  const path = `/api/approvals/${hold.id}`
  t.equal((await call(path, tokens.engineer)).status, 200, 'one’s own')
  t.equal((await call(`${path}/approve`, tokens.engineer, {})).status, 403)
  t.equal((await call(`${path}/approve`, tokens.agent, {})).status, 403)
  const other = await held({ requester: person('somebody').facts })
  t.equal((await call(`/api/approvals/${other.id}`, tokens.engineer)).status, 404)
  t.equal((await call('/api/approvals/2222-3333-4444', tokens.approver)).status, 404)
})

t.test('without a good token nothing is told', async (t) => {
  const { call, held, sign } = await webWorld(t)
  const hold = await held()
  for (const token of ['', 'x', 'a.b.c', await sign({ claims: { exp: 1 } })]) {
    for (const path of ['/api/approvals', `/api/approvals/${hold.id}`, '/api/sessions']) {
      const answer = await call(path, token)
      t.equal(answer.status, 401)
      t.match(answer.headers.get('www-authenticate'), /^Bearer/)
      t.notMatch(answer.text, /drop table/)
    }
  }
})

t.test('an address that keeps failing is not listened to', async (t) => {
  const { call, tokens } = await webWorld(t)
  for (let i = 0; i < 20; i++) await call('/api/approvals', 'wrong')
  const answer = await call('/api/approvals', 'wrong')
  t.equal(answer.status, 429)
  t.equal(answer.headers.get('retry-after'), '60')
  t.equal((await call('/api/approvals', tokens.approver)).status, 429)
  t.equal((await call('/healthz')).status, 200)
})

t.test('bodies are taken as they are or refused', async (t) => {
  const { call, held, tokens, url } = await webWorld(t)
  const hold = await held()
  const path = `/api/approvals/${hold.id}/approve`
  for (const body of [{ reason: 1 }, { other: 'x' }, [], 'x', { reason: 'x'.repeat(1001) }]) {
    t.equal(
      (await call(path, tokens.approver, body)).status,
      400,
      JSON.stringify(body).slice(0, 30),
    )
  }
  t.equal((await call(path, tokens.approver, { reason: 'x'.repeat(20_000) })).status, 413)
  const form = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokens.approver}`, 'content-type': 'text/plain' },
    body: '{}',
  })
  t.equal(form.status, 415)
  t.match((await call(`/api/approvals/${hold.id}`, tokens.approver)).json, { status: 'pending' })
})

t.test('health, readiness and metrics answer without a token', async (t) => {
  const { call, checks, held } = await webWorld(t)
  await held()
  t.same((await call('/healthz')).json, { alive: true })
  t.same((await call('/readyz')).json, { ready: true, checks: [{ name: 'record', ok: true }] })
  checks.push({ name: 'policy', ok: false, reason: 'no bundle is active' })
  const ready = await call('/readyz')
  t.equal(ready.status, 503)
  t.match(ready.json, { ready: false, checks: [{}, { reason: 'no bundle is active' }] })
  const metrics = await call('/metrics')
  t.match(metrics.headers.get('content-type'), /^text\/plain/)
  t.match(metrics.text, /^sallyport_holds_pending 1$/m)
})

t.test('every answer is closed to other origins', async (t) => {
  const { call, url } = await webWorld(t)
  for (const path of ['/', '/healthz', '/api/approvals', '/nothing']) {
    const { headers } = await call(path)
    t.equal(headers.get('x-content-type-options'), 'nosniff', path)
    t.equal(headers.get('cache-control'), 'no-store')
    t.match(headers.get('content-security-policy'), /default-src 'none'.*frame-ancestors 'none'/)
    t.equal(headers.get('access-control-allow-origin'), null)
    t.equal(headers.get('server'), null)
  }
  const options = await fetch(`${url}/api/approvals`, { method: 'OPTIONS' })
  t.equal(options.status, 404)
})

t.test('requests that two readers could understand differently are refused', async (t) => {
  const { web } = await webWorld(t)
  const good = 'Host: x\r\nConnection: close\r\n'
  const cases: readonly (readonly [string, string])[] = [
    ['two hosts', `GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n`],
    ['no host', `GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n`],
    ['an odd host', `GET /healthz HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n`],
    ['two lengths', `POST /x HTTP/1.1\r\n${good}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx`],
    [
      'a length and chunks',
      `POST /x HTTP/1.1\r\n${good}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'identity beside chunked',
      `POST /x HTTP/1.1\r\n${good}Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['an absolute target', `GET http://x/healthz HTTP/1.1\r\n${good}\r\n`],
    ['an encoded path', `GET /%68ealthz HTTP/1.1\r\n${good}\r\n`],
    ['a doubled slash', `GET //healthz HTTP/1.1\r\n${good}\r\n`],
    ['dots', `GET /api/../healthz HTTP/1.1\r\n${good}\r\n`],
    ['a dot', `GET /./healthz HTTP/1.1\r\n${good}\r\n`],
    ['half an escape', `GET /healthz?x=%4 HTTP/1.1\r\n${good}\r\n`],
    ['two cookies', `GET /x HTTP/1.1\r\n${good}Cookie: a=1\r\nCookie: a=2\r\n\r\n`],
    ['two origins', `GET /x HTTP/1.1\r\n${good}Origin: http://a\r\nOrigin: http://b\r\n\r\n`],
    ['a parameter', `GET /healthz;x HTTP/1.1\r\n${good}\r\n`],
    ['two tokens', `GET /x HTTP/1.1\r\n${good}Authorization: a\r\nAuthorization: b\r\n\r\n`],
    ['many headers', `GET /healthz HTTP/1.1\r\n${good}${'A: 1\r\n'.repeat(2_100)}\r\n`],
    [
      'an upgrade',
      `GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n`,
    ],
    ['no HTTP', `\u0000\u0001\r\n\r\n`],
    ['a bare line feed', `GET /healthz HTTP/1.1\nHost: x\n\n`],
  ]
  for (const [name, bytes] of cases) {
    const answer = await raw(web.port, bytes)
    t.match(answer, /^HTTP\/1\.1 4\d\d /, name)
    t.notMatch(answer, /"alive"/, name)
  }
  t.match(await raw(web.port, `GET /healthz HTTP/1.1\r\n${good}\r\n`), /"alive":true/)
})

t.test('a port that is taken is said so', async (t) => {
  const { web } = await webWorld(t)
  await t.rejects(webWorld(t, { port: web.port }), { code: 'port_taken' })
})

t.test('the listener ends, and answers what it took', async (t) => {
  const { web, url, call } = await webWorld(t)
  t.equal(web.open(), true)
  const answer = call('/healthz')
  await answer
  await web.close()
  t.equal(web.open(), false)
  await t.rejects(fetch(`${url}/healthz`))
})

function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    let answer = ''
    socket.setEncoding('utf8').on('data', (text) => (answer += text))
    socket.setTimeout(3_000, () => socket.destroy())
    socket.on('close', () => resolve(answer))
    socket.on('error', (problem) => (answer === '' ? reject(problem) : resolve(answer)))
  })
}
