// The console's back end before a whole gateway: people sign in at a real issuer, see the sessions that the
// shipped policies let them see, follow them as they go, end one, and try commands that nobody sends.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { visitor, type Visitor } from '../peers/console-visitor.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

t.test('the console of a gateway', { skip: missingPostgres('embedded') }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(() => server.stop())
  const { host, port, superuser: user, password } = server
  const direct = new pg.Client({ host, port, user, password, database: 'postgres' })
  await direct.connect()
  await direct.query(
    `CREATE TABLE orders (id int PRIMARY KEY, status text);
     INSERT INTO orders SELECT n, 'paid' FROM generate_series(1, 100) n;
     CREATE TABLE customers (id int PRIMARY KEY, name text, ssn text);
     INSERT INTO customers VALUES (1, 'Ada', '900-11-2222')`,
  )
  await direct.end()
  const gateway = await startTestGateway({
    target: { name: 'shop', database: 'postgres', host, port, accounts: [{ user, password }] },
  })
  t.teardown(gateway.stop)
  const connected = async (name: string): Promise<pg.Client> => {
    const client = new pg.Client({
      host: gateway.host,
      port: gateway.port,
      user: name,
      password: await gateway.token(name),
      database: 'shop',
    })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  const people = new Map<string, Visitor>()
  for (const name of ['engineer', 'approver', 'auditor', 'agent']) {
    const one = visitor(gateway.webUrl)
    await one.signIn(name)
    people.set(name, one)
  }
  const as = (name: string): Visitor => {
    const one = people.get(name)
    if (one === undefined) throw new Error(`nobody is called ${name}`)
    return one
  }
  const sessions = async (name: string, query = '') => {
    const { json } = await as(name).open(`/api/sessions${query}`)
    return json['sessions'] as readonly Record<string, unknown>[]
  }
  const recorded = (): string =>
    readdirSync(gateway.recordDirectory)
      .filter((file) => file.endsWith('.jsonl'))
      .map((file) => readFileSync(join(gateway.recordDirectory, file), 'utf8'))
      .join('')

  await t.test('what somebody may do is what the shipped policies say', async (t) => {
    const may = async (name: string) => (await as(name).open('/api/me')).json['may']
    t.match(await may('engineer'), { review: false, operate: false, search: false, health: false })
    t.match(await may('approver'), { review: true, operate: true, search: false, policies: true })
    t.match(await may('auditor'), { review: false, search: true, policies: true, try_others: true })
    t.match(await may('agent'), { review: false, search: false, try_others: false })
  })

  await t.test(
    'live sessions with what they did so far; others’ for whom they are for',
    async (t) => {
      const [agent, pipeline] = [await connected('agent'), await connected('pipeline')]
      await agent.query('SELECT count(*) FROM orders')
      await agent.query('SELECT name, ssn FROM customers')
      await t.rejects(agent.query("UPDATE orders SET status = 'x'"), { code: '42501' })
      t.same(
        (await sessions('engineer')).map(({ name }) => name),
        ['agent'],
        'a person sees what their agent does, and nothing else',
      )
      const [last, first] = await sessions('auditor')
      t.match(last, { name: 'pipeline', target: 'shop', live: true, commands: 0 })
      t.match(first, { name: 'agent', commands: 3, denials: 1, masked: 1, state: 'live' })
      t.equal((await sessions('approver')).length, 2)
      t.equal((await sessions('auditor', '?person=pipe')).length, 1)
      t.equal((await sessions('auditor', '?target=nowhere')).length, 0)
      const path = `/api/sessions/${String(last?.['id'])}`
      t.equal((await as('engineer').open(path)).status, 404, 'others’ do not exist')
      t.match((await as('auditor').open(path)).json, {
        identity: { kind: 'pipeline', groups: ['pipelines'] },
        may: { watch: true, end: true },
      })
      t.match((await as('approver').open(path)).json, { may: { watch: false, end: false } })
      await pipeline.end()
      await agent.end()
    },
  )

  await t.test(
    'an operator ends a session: its client is told, it is recorded, and only once',
    async (t) => {
      const client = await connected('pipeline')
      const lost = new Promise<unknown>((resolve) => client.on('error', resolve))
      const [live] = await sessions('auditor', '?state=live')
      const path = `/api/sessions/${String(live?.['id'])}`
      const end = (name: string) =>
        as(name).send('DELETE', path, { reason: 'wrong\u001b[31m ticket' })
      t.equal((await end('engineer')).status, 404)
      t.equal((await end('approver')).status, 403)
      t.equal(
        (await as('auditor').send('DELETE', path, {}, { 'x-csrf-token': 'x' })).status,
        403,
        'without the token',
      )
      t.same((await end('auditor')).json, { id: live?.['id'], ended: true })
      t.match(await lost, {
        code: '57P01',
        message: 'this session was ended by auditor: wrong [31m ticket',
      })
      for (let i = 0; i < 400; i++) {
        if ((await as('auditor').open(path)).json['live'] === false) break
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      t.match((await as('auditor').open(path)).json, {
        live: false,
        state: 'ended',
        may: { end: false },
      })
      t.equal((await end('auditor')).status, 409)
      const line = recorded()
        .split('\n')
        .find((text) => text.includes('"session_ended"'))
      t.match(JSON.parse(line ?? '{}'), {
        kind: 'incident',
        event: 'session_ended',
        session: live?.['id'],
        by: JSON.stringify([gateway.issuer, 'auditor']),
        detail: 'wrong [31m ticket',
      })
    },
  )

  await t.test('events reach those who may see what they are about', async (t) => {
    const hear = async (name: string) => {
      const text: string[] = []
      const ending = new AbortController()
      const cookie = [...as(name).cookies].map(([key, value]) => `${key}=${value}`).join('; ')
      const url = `${gateway.webUrl}/api/events`
      const response = await fetch(url, { headers: { cookie }, signal: ending.signal })
      const reading = (async () => {
        const decoder = new TextDecoder()
        for await (const part of response.body ?? []) text.push(decoder.decode(part))
      })().catch(() => undefined)
      return { all: () => text.join(''), response, stop: () => (ending.abort(), reading) }
    }
    const [auditor, engineer, agent] = [
      await hear('auditor'),
      await hear('engineer'),
      await hear('agent'),
    ]
    t.match(auditor.response.headers.get('content-type'), /^text\/event-stream/)
    t.match(auditor.response.headers.get('cache-control'), /no-store/)
    // By id: what is said of sessions that ended a moment ago may still come.
    const events = (id: string) => [
      `event: session\ndata: {"id":"${id}"}\n\n`,
      `event: command\ndata: {"id":"${id}","command":1}\n\n`,
    ]
    const heard = ({ all }: { all: () => string }, id: string) =>
      until(() => events(id).every((event) => all().includes(event)))
    const idOf = async (person: string) =>
      String((await sessions('auditor', `?state=live&person=${person}`))[0]?.['id'])
    const client = await connected('pipeline')
    await client.query('SELECT 1')
    const pipelines = await idOf('pipeline')
    await heard(auditor, pipelines)
    const own = await connected('engineer')
    await own.query('SELECT 1')
    const owns = await idOf('engineer')
    await heard(engineer, owns)
    await heard(auditor, owns)
    t.not(owns, pipelines)
    t.notMatch(engineer.all(), pipelines, 'nothing of sessions that are not theirs')
    await Promise.all([client.end(), own.end()])
    await as('agent').send('POST', '/auth/logout')
    await until(() => agent.response.body !== null && agent.all().includes('retry'))
    await Promise.all([auditor.stop(), engineer.stop(), agent.stop()])
  })

  await t.test(
    'trying says what would happen, by the gateway’s own judgement, and runs nothing',
    async (t) => {
      const ask = async (name: string, body: object) => as(name).send('POST', '/api/try', body)
      const own = await ask('engineer', { sql: 'SELECT ssn FROM customers', target: 'shop' })
      t.match(own.json, {
        opens: { go: true },
        statements: [
          {
            decision: { action: 'mask-fields' },
            flows: [{ from: 'public.customers.ssn', to: 'output' }],
            answer: { go: true, held: false },
          },
        ],
      })
      const other = { kind: 'agent', groups: ['agents'] }
      const sql = "UPDATE orders SET status = 'x'"
      t.equal((await ask('engineer', { sql, target: 'shop', as: other })).status, 403)
      const refused = await ask('auditor', { sql, target: 'shop', as: other })
      t.match(refused.json, {
        statements: [
          {
            decision: { action: 'deny', rules: [{ id: 'destructive/update-without-where' }] },
            answer: { go: false, rule: 'destructive/update-without-where' },
          },
        ],
      })
      const [statement] = refused.json['statements'] as readonly { nearest: readonly unknown[] }[]
      t.ok((statement?.nearest.length ?? 0) > 0, 'and what would pass')
      t.match((await ask('engineer', { sql: 'SELECT FROM WHERE', target: 'shop' })).json, {
        status: 400,
        detail: /^at character \d+: /,
      })
      t.match((await ask('engineer', { sql: 'SELECT 1', target: 'other' })).json, { status: 404 })
      t.equal((await ask('engineer', { sql: 'DROP TABLE orders', target: 'shop' })).status, 200)
      const client = await connected('engineer')
      t.same((await client.query('SELECT count(*)::int AS n FROM orders')).rows, [{ n: 100 }])
      await client.end()
    },
  )

  await t.test('who can do something, for whom it is', async (t) => {
    const body = { sql: 'SELECT ssn FROM customers', target: 'shop' }
    t.equal((await as('engineer').send('POST', '/api/who-can', body)).status, 403)
    const { json } = await as('auditor').send('POST', '/api/who-can', body)
    const rows = json['rows'] as readonly Record<string, unknown>[]
    t.match(
      rows.find(({ kind, group }) => kind === 'human' && group === undefined),
      { result: 'masked' },
    )
    t.match(
      rows.find(({ kind, group }) => kind === 'human' && group === 'pii-readers'),
      { result: 'allowed' },
    )
    t.notOk(rows.some(({ kind, result }) => kind === 'agent' && result === 'allowed'))
    const two = { sql: 'SELECT 1; SELECT 2', target: 'shop' }
    t.equal((await as('auditor').send('POST', '/api/who-can', two)).status, 400)
  })

  await t.test('targets, health and policies', async (t) => {
    t.match((await as('engineer').open('/api/targets')).json, {
      targets: [{ name: 'shop', state: 'current', catalogue: { relations: Number } }],
    })
    t.equal((await as('engineer').open('/api/health')).status, 403)
    t.match((await as('auditor').open('/api/health')).json, {
      ready: true,
      record: { healthy: true },
      bundle: { freshness: 'fresh' },
      signed_in: Number,
    })
    t.equal((await as('engineer').open('/api/policy')).status, 403)
    const { active, history } = (await as('auditor').open('/api/policy/history')).json as {
      active: string
      history: readonly { digest: string }[]
    }
    t.equal(history[0]?.digest, active)
    t.match((await as('auditor').open('/api/policy')).json, { active: { digest: active } })
    const same = `/api/policy/diff?from=${active}&to=${active}`
    t.match((await as('auditor').open(same)).json, { files: [], rules: { added: [], removed: [] } })
    t.equal((await as('auditor').open('/api/policy/diff?from=x&to=y')).status, 404)
    t.equal((await as('auditor').open('/api/policy/shadow')).status, 404)
  })

  await t.test('everything is in the terminal as well', async (t) => {
    const type = async (name: string, command: string, ...argv: readonly string[]) => {
      let [out, err] = ['', '']
      const { run } = (await import(`../../proxy/commands/${command}.js`)) as Command
      const status = await run(argv, {
        stdout: { write: (text: string) => (out += text), isTTY: false },
        stderr: { write: (text: string) => (err += text) },
        env: { SALLYPORT_URL: gateway.webUrl, SALLYPORT_TOKEN: await gateway.token(name) },
        cwd: gateway.directory,
      })
      return { status, out, err }
    }
    t.match(await type('auditor', 'gateway', 'me'), { out: /auditor \(human\)[\s\S]*may .*search/ })
    t.match(await type('auditor', 'gateway', 'targets'), {
      out: /shop +postgres +env=prod +postgres +current/,
    })
    t.match(await type('auditor', 'gateway', 'health'), { out: /^ready\n +good +record/ })
    t.match(await type('engineer', 'gateway', 'health'), { status: 1, err: /this is for/ })
    const place = ['--target', 'shop'] as const
    t.match(await type('engineer', 'gateway', 'try', 'SELECT ssn FROM customers', ...place), {
      status: 0,
      out: /mask-fields/,
    })
    t.match(await type('engineer', 'gateway', 'try', 'SELECT 1'), { status: 2, err: /--target/ })
    t.match(await type('auditor', 'gateway', 'try', 'SELECT 1', ...place, '--group', 'x'), {
      status: 2,
    })
    t.match(await type('auditor', 'gateway', 'who-can', 'SELECT ssn FROM customers', ...place), {
      status: 0,
      out: /human +pii-readers +allowed/,
    })
    t.match(await type('auditor', 'policy', 'history'), { out: /in force/ })
    t.match(await type('auditor', 'policy', 'history', 'a'), { status: 2 })
    const client = await connected('pipeline')
    const lost = new Promise<unknown>((resolve) => client.on('error', resolve))
    const live = await type('auditor', 'sessions', 'live', '--person', 'pipeline')
    const id = /^[\w-]{8,}(?= )/m.exec(live.out.split('\n').slice(1).join('\n'))?.[0] ?? ''
    t.match(await type('engineer', 'sessions', 'live'), { out: /^no sessions are open/ })
    const events = type('auditor', 'gateway', 'events', '--count', '1')
    t.match(await type('approver', 'sessions', 'end', id), {
      status: 1,
      err: /this is for operators/,
    })
    t.match(await type('auditor', 'sessions', 'end', 'nothing'), { status: 1 })
    t.match(await type('auditor', 'sessions', 'end', id, '--reason', 'by hand'), {
      out: `ended ${id}`,
    })
    t.match(await lost, { code: '57P01', message: /by hand$/ })
    t.match(await events, { status: 0, out: /^(session|command|policy|health) / })
  })

  await t.test('sign-ins are on record, by whom and from where, and counted', async (t) => {
    t.match(
      recorded(),
      /"event":"console_signed_in","by":"\[[^\]]*auditor[^\]]*\]","client_address":"127/,
    )
    const { text } = await as('auditor').open('/metrics')
    t.match(text, /^sallyport_console_sign_ins_total\{outcome="signed_in"\} \d+$/m)
    t.match(text, /^sallyport_console_signed_in [1-9]/m)
  })
})

type Command = {
  readonly run: (argv: readonly string[], io: object) => Promise<number>
}

async function until(true_: () => boolean): Promise<void> {
  for (let i = 0; i < 6_000; i++) {
    if (true_()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`waited in vain until ${true_.toString()}`)
}
