// Events as they happen, over real connections: who hears of what, who is let go, and how many may listen.
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { systemClock } from '../../../proxy/clock.js'
import { WEB_LIMITS } from '../../../proxy/web/limits.js'
import { person } from '../approvals/world.js'
import { webWorld } from './world.js'

type World = Awaited<ReturnType<typeof webWorld>>

// A listener that reads, or one that does not.
function listener(port: number, token: string, reads = true): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    const heard: Heard = { socket, text: () => text, ended: false }
    socket.setEncoding('utf8')
    socket.on('error', reject)
    socket.on('close', () => (heard.ended = true))
    socket.on('data', (part: string) => {
      text += part
      if (text.includes('\r\n\r\n')) resolve(heard)
      if (!reads) socket.pause()
    })
    socket.write(
      `GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    )
  })
}

type Heard = { readonly socket: Socket; readonly text: () => string; ended: boolean }

async function until(holds: () => boolean, ms = 30_000): Promise<boolean> {
  for (const end = Date.now() + ms; !holds() && Date.now() < end;)
    await new Promise((done) => setTimeout(done, 5))
  return holds()
}

const opened = (world: World, id: string, subject: string): void => {
  const { facts: identity } = person(subject, { issuer: world.settings.issuer })
  const about = { session: id, event: 'opened', target: 'shop', database: 'shop' } as const
  world.sessions.session({ ...about, identity }, 0)
}

t.test('each hears of what they may see, and of nothing else', async (t) => {
  const world = await webWorld(t)
  const { web, tokens, news } = world
  opened(world, 's-engineer', 'engineer')
  opened(world, 's-other', 'somebody')
  const engineer = await listener(web.port, tokens.engineer)
  const approver = await listener(web.port, tokens.approver)
  const agent = await listener(web.port, tokens.agent)
  const hold = await world.held({ requester: person('somebody').facts })
  for (const id of ['s-engineer', 's-other', 's-unknown']) {
    news.tell({ topic: 'session', id })
    news.tell({ topic: 'command', id, command: 3 })
  }
  news.tell({ topic: 'approval', id: hold.id })
  news.tell({ topic: 'approval', id: '2222-2222-2222' })
  news.tell({ topic: 'policy', id: 'sha256:1' })
  t.ok(await until(() => approver.text().includes('sha256:1')))
  t.match(approver.text(), /event: command\r?\ndata: \{"id":"s-other","command":3\}\n\n/)
  t.match(approver.text(), `event: approval\ndata: {"id":"${hold.id}"}\n\n`)
  t.notMatch(approver.text(), /s-unknown|2222-2222/)
  t.ok(await until(() => engineer.text().includes('"s-engineer","command"')))
  t.notMatch(engineer.text(), /s-other|sha256|event: approval/)
  t.ok(
    await until(() => agent.text().includes('s-engineer')),
    'what acts for a person shares theirs',
  )
  t.notMatch(agent.text(), /s-other|sha256|event: approval/)
  for (const one of [engineer, approver, agent]) one.socket.destroy()
})

t.test('a busy session is one word at a time, however many commands it sends', async (t) => {
  const world = await webWorld(t)
  opened(world, 's', 'engineer')
  const engineer = await listener(world.web.port, world.tokens.engineer)
  for (let command = 1; command <= 100_000; command++) {
    world.news.tell({ topic: 'command', id: 's', command })
  }
  t.ok(await until(() => engineer.text().includes('100000')))
  t.ok(engineer.text().split('event: command').length < 10)
  engineer.socket.destroy()
})

t.test('when very much happens at once, each is told to ask for all of it', async (t) => {
  const world = await webWorld(t)
  const engineer = await listener(world.web.port, world.tokens.engineer)
  for (let i = 0; i < 5_000; i++) world.news.tell({ topic: 'session', id: `s-${i}` })
  t.ok(await until(() => engineer.text().includes('event: session')))
  t.match(engineer.text(), 'event: session\ndata: {"id":""}\n\n')
  t.equal(engineer.text().split('event: session').length, 2)
  engineer.socket.destroy()
})

t.test('a reader that does not read is let go, and keeps nobody else waiting', async (t) => {
  const world = await webWorld(t)
  const slow = await listener(world.web.port, world.tokens.approver, false)
  const quick = await listener(world.web.port, world.tokens.approver)
  const ids = Array.from({ length: 40 }, (_, i) => `s-${i}-${'x'.repeat(20_000)}`)
  for (const id of ids) opened(world, id, 'engineer')
  const gone = await until(() => {
    for (const id of ids) world.news.tell({ topic: 'session', id })
    return world.told.includes('stream slow')
  }, 60_000)
  t.ok(gone)
  t.equal(world.web.streams(), 1)
  world.news.tell({ topic: 'policy', id: 'after' })
  t.ok(await until(() => quick.text().includes('after')))
  slow.socket.destroy()
  quick.socket.destroy()
})

t.test(
  'one caller has so many streams, all together so many, and the rest of the API answers',
  async (t) => {
    const world = await webWorld(t)
    const { web, tokens, sign, call } = world
    const streams: Heard[] = []
    for (let i = 0; i < WEB_LIMITS.streamsPerCaller; i++) {
      streams.push(await listener(web.port, tokens.engineer))
    }
    t.match((await listener(web.port, tokens.engineer)).text(), /^HTTP\/1\.1 429 /)
    t.equal(web.streams(), WEB_LIMITS.streamsPerCaller)
    for (let who = 0; streams.length < WEB_LIMITS.streams; who++) {
      const token = await sign({ claims: { sub: `p-${who}`, kind: 'human', groups: [] } })
      for (let i = 0; i < WEB_LIMITS.streamsPerCaller && streams.length < WEB_LIMITS.streams; i++) {
        streams.push(await listener(web.port, token))
      }
    }
    t.equal(web.streams(), 1_000)
    const late = await sign({ claims: { sub: 'late', kind: 'human', groups: [] } })
    t.match((await listener(web.port, late)).text(), /^HTTP\/1\.1 429 /)
    t.equal((await call('/api/me', late)).status, 200)
    t.equal((await call('/healthz')).status, 200)
    const began = Date.now()
    world.news.tell({ topic: 'policy', id: 'for those who may' })
    t.equal((await call('/readyz')).status, 200)
    t.ok(Date.now() - began < 30_000)
    for (const { socket } of streams) socket.destroy()
    t.ok(await until(() => web.streams() === 0))
    t.notMatch((await listener(web.port, late)).text(), /429/, 'room again')
  },
)

t.test('a stream ends with the sign-in that opened it', async (t) => {
  const { visit, url, web } = await webWorld(t)
  const one = visit()
  await one.signIn('engineer')
  const cookie = `sallyport=${one.cookies.get('sallyport') ?? ''}`
  const response = await fetch(`${url}/api/events`, { headers: { cookie } })
  t.equal(response.status, 200)
  await one.send('POST', '/auth/logout')
  const reader = response.body?.getReader()
  for (;;) if ((await reader?.read())?.done !== false) break
  t.equal(web.streams(), 0)
})

t.test(
  'a stream ends once the token behind it has ended, before anything more is told',
  async (t) => {
    let later = 0
    const clock = { ...systemClock, now: () => Date.now() + later }
    const world = await webWorld(t, { clock })
    opened(world, 's', 'engineer')
    const engineer = await listener(world.web.port, world.tokens.engineer)
    later = 7_200_000
    world.news.tell({ topic: 'session', id: 's' })
    t.ok(await until(() => engineer.ended || /\r\n0\r\n\r\n$/.test(engineer.text())))
    t.notMatch(engineer.text(), /event: session/)
    t.equal(world.web.streams(), 0)
    engineer.socket.destroy()
  },
)

t.test('closing the listener ends the streams at once', async (t) => {
  const { web, tokens } = await webWorld(t)
  const engineer = await listener(web.port, tokens.engineer)
  const began = Date.now()
  await web.close()
  t.ok(Date.now() - began < WEB_LIMITS.drainMs)
  t.ok(await until(() => engineer.ended))
})
