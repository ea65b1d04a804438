// One destructive command, from the agent that types it to the approver who is told beforehand what it
// would do and lets it do no more: with the shipped policies, the CLI and the API, on real databases.
import pg from 'pg'
import t from 'tap'
import type { Test } from 'tap'
import { run as approvals } from '../../proxy/commands/approvals.js'
import { run as audit } from '../../proxy/commands/audit.js'
import { startTestGateway, type TestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres, type PostgresKind } from '../peers/postgres.js'

const KINDS: readonly PostgresKind[] = ['debian', 'embedded']
for (const kind of KINDS) {
  t.test(`on PostgreSQL (${kind})`, { skip: missingPostgres(kind) }, (t) => story(t, kind))
}

async function story(t: Test, kind: PostgresKind): Promise<void> {
  const server = await startPostgres({ kind })
  const { host, port, superuser: user, password } = server
  const direct = new pg.Client({ host, port, user, password, database: 'postgres' })
  await direct.connect()
  await direct.query(`
    create table orders (id int primary key, status text);
    create table lines (id int, order_id int references orders on delete cascade);
    insert into orders select g, 'open' from generate_series(1, 200) g;
    insert into lines select g, g from generate_series(1, 200) g; analyze`)
  const target = { name: 'shop', database: 'postgres', host, port, accounts: [{ user, password }] }
  const gateway = await startTestGateway({ target })
  t.teardown(async () => {
    await gateway.stop()
    await direct.end()
    await server.stop()
  })
  const left = async (): Promise<number> =>
    Number((await direct.query('select count(*) from orders')).rows[0]?.count)
  const agent = await connected(gateway)
  const notices: string[] = []
  agent.on('notice', ({ message, detail, hint }) => notices.push([message, detail, hint].join(' ')))

  // Sent by the agent; who is told, what they answer, and what came of it.
  const asked = async (text: string, more: readonly string[]) => {
    const answer = agent.query(text).then(
      ({ rowCount }) => rowCount,
      (error: unknown) => error,
    )
    const id = await waiting(gateway)
    const shown = await typed(gateway, 'approver', ['show', id])
    const own = await typed(gateway, 'engineer', ['show', id, '--format', 'json'])
    const done = await typed(gateway, 'approver', ['approve', id, ...more])
    return { id, answer, shown, own, done }
  }

  await t.test('the approver is told what it would do, and the requester is not', async (t) => {
    const { answer, shown, own, done } = await asked('delete from orders where id > 150', [])
    t.match(shown.out, 'Beforehand: 50 rows, counted; also delete public.lines')
    t.match(shown.out, 'ROW EXCLUSIVE on public.orders')
    t.equal(own.code, 0, own.err)
    t.notMatch(own.out, /consequence|counted/)
    t.notMatch(notices.join(), /50|counted/)
    t.equal(done.code, 0)
    t.equal(await answer, 50)
    t.equal(await left(), 150)
  })

  await t.test('more rows than the approver allows, and nothing is changed', async (t) => {
    const { id, answer, done } = await asked('delete from orders where id > 50', [
      '--rows-max',
      '99',
    ])
    t.equal(done.code, 0, done.err)
    t.match(await answer, { code: '54000' })
    t.equal(await left(), 150)
    const shown = await typed(gateway, 'approver', ['show', id])
    t.match(shown.out, /approver \(at most 99 rows\)/)
    t.match(await metrics(gateway), 'sallyport_incidents_total{event="row_cap_exceeded"} 1')
  })

  await t.test('as many as the approver allows, and it is done', async (t) => {
    const { answer } = await asked('delete from orders where id > 50 and true', [
      '--rows-max',
      '100',
    ])
    t.equal(await answer, 100)
    t.equal(await left(), 50)
  })

  await t.test('rows that nobody counts cannot be limited, and that is said', async (t) => {
    const answer = agent.query('truncate lines').catch((error: unknown) => error)
    const id = await waiting(gateway)
    const done = await typed(gateway, 'approver', ['approve', id, '--rows-max', '5'])
    t.equal(done.code, 2)
    t.match(done.err, /rows cannot be limited: truncate has no count of rows/)
    t.equal((await typed(gateway, 'approver', ['deny', id, '--rows-max', '5'])).code, 2)
    t.equal((await typed(gateway, 'approver', ['approve', id, '--rows-max', 'all'])).code, 2)
    t.equal((await typed(gateway, 'approver', ['deny', id])).code, 0)
    t.match(await answer, { code: '42501' })
  })

  await t.test('the record tells it all, and verifies', async (t) => {
    await agent.end()
    const checked = await typedTo(audit, gateway, 'approver', [
      'verify',
      '--config',
      gateway.configFile,
    ])
    t.equal(checked.code, 0, checked.err)
    const exported = await typedTo(audit, gateway, 'approver', [
      'export',
      '--config',
      gateway.configFile,
    ])
    const lines = exported.out.split('\n')
    t.ok(lines.some((line) => line.includes('"rows_max":99') && line.includes('"approved"')))
    t.ok(lines.some((line) => line.includes('row_cap_exceeded') && line.includes('100 rows')))
    t.ok(lines.some((line) => line.includes('"failed"') && line.includes('54000')))
  })
}

async function waiting(gateway: TestGateway): Promise<string> {
  for (;;) {
    const { out } = await typed(gateway, 'approver', ['list', '--format', 'json'])
    const { approvals: found } = JSON.parse(out) as { approvals: { id: string }[] }
    if (found[0] !== undefined) return found[0].id
    await new Promise((go) => setTimeout(go, 50))
  }
}

type Run = typeof approvals

function typed(gateway: TestGateway, name: string, argv: readonly string[]) {
  return typedTo(approvals, gateway, name, argv)
}

async function typedTo(run: Run, gateway: TestGateway, name: string, argv: readonly string[]) {
  let out = ''
  let err = ''
  const code = await run(argv, {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    env: {
      HOME: '/nonexistent',
      SALLYPORT_URL: gateway.webUrl,
      SALLYPORT_TOKEN: await gateway.token(name),
    },
    cwd: '/',
  })
  return { code, out, err }
}

async function metrics(gateway: TestGateway): Promise<string> {
  return (await fetch(`${gateway.webUrl}/metrics`)).text()
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
