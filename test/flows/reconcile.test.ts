// The target's own log tells whether the record is whole: real PostgreSQL with csvlog, jsonlog and plain text,
// log_statement and pgaudit, compared after traffic of many kinds, after tampering, and after somebody
// went past the gateway.
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import pg from 'pg'
import t from 'tap'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'
import { audit } from '../proxy/commands/audit-lab.js'
import { emptyDirectory } from '../proxy/recording/sample-record.js'

const PREFIX = '%m [%c] %q%u@%d/%a '
const pgaudit = readdirSync('/usr/share/postgresql', { withFileTypes: true }).some((version) =>
  existsSync(`/usr/share/postgresql/${version.name}/extension/pgaudit.control`),
)
const Cursor = createRequire(import.meta.url)('pg-cursor')

type Counts = Readonly<Record<string, number>>
const NONE: Counts = {
  missing_in_record: 0,
  missing_in_log: 0,
  other_text: 0,
  direct: 0,
  unreadable: 0,
}

t.test('record and target tell the same', { skip: missingPostgres('debian') }, async (t) => {
  const server = await startPostgres({
    kind: 'debian',
    config: {
      logging_collector: 'on',
      log_destination: 'stderr,csvlog,jsonlog',
      log_directory: 'log',
      log_filename: 'postgresql',
      log_statement: 'all',
      log_line_prefix: PREFIX,
      log_connections: 'on',
      log_disconnections: 'on',
      ...(pgaudit ? { shared_preload_libraries: 'pgaudit', 'pgaudit.log': 'all' } : {}),
    },
  })
  const { host, port, superuser, password } = server
  const direct = new pg.Client({ host, port, user: superuser, password, database: 'postgres' })
  await direct.connect()
  await direct.query('CREATE TABLE orders (id int PRIMARY KEY, note text)')
  await direct.query('CREATE TABLE people (id int, name text, ssn text)')
  await direct.query("INSERT INTO people VALUES (1, 'A', '111-22-3333')")
  await direct.query("CREATE ROLE app LOGIN PASSWORD 'app'")
  await direct.query('GRANT ALL ON ALL TABLES IN SCHEMA public TO app')
  const gateway = await startTestGateway({
    target: {
      name: 'shop',
      database: 'postgres',
      host,
      port,
      accounts: [{ user: 'app', password: 'app' }],
    },
  })
  t.teardown(async () => {
    await gateway.stop().catch(() => undefined)
    await direct.end().catch(() => undefined)
    await server.stop()
  })
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({
      host: gateway.host,
      port: gateway.port,
      user: 'pipeline',
      password: await gateway.token('pipeline'),
      database: 'shop',
      application_name: 'loader, "quoted"',
    })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  const clients = await Promise.all([connect(), connect(), connect()])
  const tried = async (client: pg.Client, query: string | pg.QueryConfig) => {
    await client.query(query as string).catch(() => undefined)
  }
  for (const [index, client] of clients.entries()) {
    for (let n = 0; n < 20; n += 1) {
      const id = index * 1000 + n
      await tried(client, `INSERT INTO orders VALUES (${id}, 'it''s "here", ${index}')`)
      await tried(client, { text: 'SELECT * FROM orders WHERE id = $1', values: [id] })
      await tried(client, {
        name: 'byid',
        text: 'SELECT note FROM orders WHERE id = $1',
        values: [n],
      })
    }
    await tried(client, 'BEGIN')
    await tried(client, 'UPDATE orders\n  SET note = $$a\n;b$$\n  WHERE id = 1 -- one\n;')
    await tried(client, 'COMMIT;')
    await tried(client, 'SELECT 1; SELECT 2 /* two */ ; SELECT count(*) FROM orders')
    await tried(client, 'SELECT ssn FROM people')
    await tried(client, 'SELECT id FROM nowhere')
    await tried(client, `INSERT INTO orders VALUES (${index * 1000}, 'again')`)
    await tried(client, { text: 'INSERT INTO orders VALUES ($1, $2)', values: [index * 1000, 'x'] })
    await tried(client, "SELECT pg_read_file('/etc/passwd')")
    await tried(client, 'SELECT 1/0')
    await tried(client, "SET application_name = 'something else'")
    await tried(client, 'SELECT 7')
    const cursor = client.query(new Cursor('SELECT id FROM orders ORDER BY id', []))
    await cursor.read(5)
    await cursor.read(5)
    await cursor.close()
    await tried(client, '')
  }
  for (const client of clients) await client.end()
  await direct.end()
  await gateway.gateway.stop(0)
  const folder = join(server.dataDir, 'log')
  const logs = emptyDirectory(t)
  await new Promise((done) => setTimeout(done, 500))
  cpSync(folder, logs, { recursive: true })
  const names = readdirSync(logs)
  const csv = names.find((name) => name.endsWith('.csv')) ?? ''
  const json = names.find((name) => name.endsWith('.json')) ?? ''
  const plain = names.find((name) => !/\.(csv|json)$/.test(name)) ?? ''
  const record = emptyDirectory(t)
  cpSync(gateway.recordDirectory, record, { recursive: true })
  const compared = async (...argv: string[]) => {
    const found = await audit(
      logs,
      ...['reconcile', '--record', record, '--allow-user', superuser, '--format', 'json'],
      ...argv,
    )
    return { status: found.status, ...JSON.parse(found.stdout) }
  }

  await t.test('in each form of the log', async (t) => {
    for (const argv of [[csv], [json], [plain, '--log-format', 'stderr', '--prefix', PREFIX]]) {
      const found = await compared(...argv)
      t.match(found, { status: 0, ok: true, counts: NONE }, argv.join(' '))
      t.ok(found.same > 200, `${found.same} commands`)
      if (!found.ok) t.comment(JSON.stringify(found.listed, null, 1))
    }
    if (!pgaudit) t.comment('no pgaudit here: left out')
    else {
      const found = await compared(csv, '--pgaudit')
      t.match(found, { status: 0, ok: true, counts: NONE }, 'pgaudit')
      if (!found.ok) t.comment(JSON.stringify(found.listed, null, 1))
    }
  })
  const rows = readFileSync(join(logs, csv), 'utf8').split(/\n(?=\d{4}-\d\d-\d\d )/)
  const withRows = async (changed: readonly string[], ...argv: string[]) => {
    writeFileSync(join(logs, 'changed.csv.gz'), gzipSync(changed.join('\n')))
    return await compared('changed.csv.gz', ...argv)
  }
  const at = rows.findIndex((row) => row.includes('INSERT INTO orders VALUES (1005,'))

  await t.test('what the log lost, the record has', async (t) => {
    const found = await withRows(rows.toSpliced(at, 1))
    t.match(found, { status: 1, counts: { ...NONE, missing_in_log: 1 } })
    t.match(found.listed, [{ kind: 'missing_in_log', text: /VALUES \(1005/ }])
  })

  await t.test('what the target was asked besides, in a session’s name or not', async (t) => {
    const more = (rows[at] ?? '').replace('1005', '6666')
    const found = await withRows(rows.toSpliced(at + 1, 0, more))
    t.match(found, { status: 1, counts: { ...NONE, missing_in_record: 1 } })
    t.match(found.listed, [{ kind: 'missing_in_record', text: /VALUES \(6666/ }])
    const past = await audit(logs, 'reconcile', csv, '--record', record)
    t.match(past, { status: 1, stdout: /direct.*postgres@postgres from 127\.0\.0\.1/ })
    t.match(past.stdout, /CREATE TABLE orders/)
  })

  await t.test('a text that is another one is named beside the one recorded', async (t) => {
    const found = await withRows(rows.with(at, (rows[at] ?? '').replace('(1005', '(1006')))
    t.match(found, { status: 1, counts: { ...NONE, other_text: 1 } })
    t.match(found.listed, [{ text: /VALUES \(1006/, recorded: /VALUES \(1005/, command: Number }])
  })

  await t.test('a log that begins late or ends early is no finding, but is told', async (t) => {
    const shifted = rows.map((row) => row.replaceAll(/^\d{4}/gm, '2020'))
    const found = await withRows(shifted.slice(0, 40))
    t.ok(found.outside > 100)
    t.equal(found.counts.missing_in_log, 0)
  })

  await t.test('somebody who takes the gateway’s name is found', async (t) => {
    const spoofed = rows.map((row) =>
      row.replaceAll(/,"[^"]*(?:"")?[^,]*","(client backend)"/g, ',"sallyport catalogue","$1"'),
    )
    const found = await withRows(spoofed)
    t.ok(found.counts.direct > 100)
    t.equal(found.status, 1)
  })

  await t.test('entries that cannot be read are named by their line', async (t) => {
    const found = await withRows([...rows.slice(0, 30), 'rubbish', ...rows.slice(30)])
    t.match(found, { status: 1 })
    t.ok(found.counts.unreadable >= 1)
  })

  await t.test('wrong usage is 2', async (t) => {
    for (const argv of [
      [],
      [plain, '--log-format', 'stderr'],
      [plain, '--log-format', 'stderr', '--prefix', '%m [%p] '],
      [csv, '--log-format', 'xml'],
    ]) {
      t.match(await audit(logs, 'reconcile', ...argv, '--record', record), { status: 2 })
    }
    t.match(await audit(logs, 'reconcile', 'none.csv', '--record', record), { status: 1 })
  })
})
