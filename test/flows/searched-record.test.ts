// From commands to answers: what people and agents did on a real PostgreSQL is found over HTTP and on the command
// line, for whom it may be shown, also after the gateway was started again; without their values.
import pg from 'pg'
import t from 'tap'
import { setTimeout as after } from 'node:timers/promises'
import { run as search } from '../../proxy/commands/search.js'
import { run as policy } from '../../proxy/commands/policy.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const isBuilt = import.meta.url.includes('/build/')
const skip = missingPostgres('embedded') || (isBuilt ? false : 'runs from build/ alone: a thread')
const SECRET = '912-34-5678'

type Answer = {
  readonly hits: readonly {
    readonly who: string
    readonly session: string
    readonly text: string
    readonly action: string
    readonly rules: readonly string[]
    readonly saw: readonly string[]
    readonly masked: number | null
  }[]
  readonly standing: { readonly behind_bytes: number }
}

t.test('a searched record', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  const { host, port, superuser: user, password } = server
  const direct = new pg.Client({ host, port, user, password, database: 'postgres' })
  await direct.connect()
  await direct.query(
    `CREATE TABLE orders (id int PRIMARY KEY, status text);
     INSERT INTO orders VALUES (1, 'paid'), (2, 'open');
     CREATE TABLE customers (id int PRIMARY KEY, name text, ssn text);
     INSERT INTO customers VALUES (1, 'Ada', '${SECRET}'), (2, 'Bob', '${SECRET}')`,
  )
  const gateway = await startTestGateway({
    target: { name: 'shop', database: 'postgres', host, port, accounts: [{ user, password }] },
  })
  t.teardown(async () => {
    await direct.end()
    await gateway.stop()
    await server.stop()
  })
  const asks = async (name: string, commands: readonly string[]): Promise<void> => {
    const client = new pg.Client({
      host: gateway.host,
      port: gateway.port,
      user: name,
      password: await gateway.token(name),
      database: 'shop',
    })
    await client.connect()
    for (const command of commands) await client.query(command).catch(() => undefined)
    await client.end()
  }
  await asks('engineer', ['SELECT status FROM orders', 'SELECT name, ssn FROM customers'])
  await asks('agent', [
    'SELECT ssn AS x FROM customers WHERE id = 1',
    "UPDATE orders SET status = 'refunded'",
    `SELECT name FROM customers WHERE ssn = '${SECRET}'`,
  ])
  const find = async (query: string, name: string) => {
    const answer = await fetch(`${gateway.webUrl}/api/search?${query}`, {
      headers: { authorization: `Bearer ${await gateway.token(name)}` },
    })
    return { status: answer.status, body: (await answer.json()) as Answer }
  }
  const found = async (query: string, name: string, count: number) => {
    for (;;) {
      const { status, body } = await find(query, name)
      if (status === 200 && body.standing.behind_bytes === 0 && body.hits.length >= count)
        return body.hits
      await after(50)
    }
  }

  await t.test('who touched the column, by what rule, and how much was masked', async (t) => {
    const hits = await found('column=customers.ssn&q=env:*', 'auditor', 1).then(() =>
      found('column=customers.ssn', 'auditor', 3),
    )
    t.same(hits.map(({ who }) => who).sort(), ['agent', 'agent', 'engineer'])
    const seen = hits.filter(({ saw }) => saw.includes('public.customers.ssn'))
    t.ok(seen.length >= 2)
    t.ok(seen.every(({ action }) => action === 'mask-fields'))
    t.ok(seen.some(({ masked }) => masked === 2))
  })

  await t.test('protected values stand neither in answers nor in the index', async (t) => {
    const { body } = await find('limit=500', 'auditor')
    t.notMatch(JSON.stringify(body), SECRET)
    const byValue = await find(`q=${encodeURIComponent(`"${SECRET}"`)}`, 'auditor')
    t.same(byValue.body.hits, [])
  })

  await t.test('what was refused is found by its rule', async (t) => {
    const hits = await found('rule=destructive/*&action=deny', 'auditor', 1)
    t.match(hits, [{ who: 'agent', rules: ['destructive/update-without-where'] }])
  })

  await t.test('an engineer finds no session of others', async (t) => {
    const { body } = await find('limit=500', 'engineer')
    // The agent acts for the engineer: both are one person.
    t.ok(body.hits.length >= 5)
    const pipeline = await find('limit=500', 'pipeline')
    t.same(pipeline.body.hits, [])
  })

  await t.test('the same on the command line, beside the running gateway', async (t) => {
    let stdout = ''
    const io = {
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: () => true },
      env: {},
      cwd: gateway.directory,
    }
    t.equal(
      await search(
        ['column:customers.ssn', '--by', 'person', '--record', gateway.recordDirectory],
        io,
      ),
      0,
    )
    t.match(stdout, /\nagent +2 /)
    stdout = ''
    t.equal(
      await policy(
        ['hits', '--never', '--format', 'json', '--record', gateway.recordDirectory],
        io,
      ),
      0,
    )
    const { rules } = JSON.parse(stdout) as { readonly rules: readonly { readonly id: string }[] }
    t.ok(rules.length > 3, 'rules of the active bundle that never spoke')
    t.notOk(rules.some(({ id }) => id === 'destructive/update-without-where'))
  })

  await t.test('metrics say how far the index is', async (t) => {
    const page = await (await fetch(`${gateway.webUrl}/metrics`)).text()
    t.match(page, /\nsallyport_search_behind_bytes 0\n/)
    t.match(page, /\nsallyport_search_behind_seconds 0\n/)
    t.match(page, /\nsallyport_search_index_bytes \d{5,}\n/)
  })
})
