// After an agent has tried everything, a protected value stands nowhere: not in an answer, the record, a
// recording, the search index, the state store, the log, the metrics, nor in what the API tells approvers,
// auditors and the agent itself.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import t, { type Test } from 'tap'
import { allFrames, eventually, FILM_KEY, filmReader } from '../peers/film-reader.js'
import { startTestGateway, type TestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

// In every way that they may be spelled.
const CANARIES = ['912-34-5678', '912345678', '4242424242424242', 'canary@secret.example']
const SPELLED = CANARIES.flatMap((text) => {
  const bytes = Buffer.from(text)
  return [text, bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, '')]
})

const QUERIES = [
  'SELECT * FROM customers',
  'SELECT c FROM customers c',
  'SELECT to_jsonb(c), row_to_json(c)::text FROM customers c',
  "SELECT name FROM customers WHERE ssn = '912-34-5678'",
  "SELECT name FROM customers WHERE email LIKE 'canary@secret.example%'",
  'SELECT ssn::int FROM customers',
  "SELECT ('x' || card_number)::numeric FROM customers",
  'SELECT substr(notes, 1, 30), reverse(ssn), md5(email) FROM customers',
  'SELECT string_agg(ssn, card_number) FROM customers',
  'SELECT ssn FROM customers UNION SELECT card_number FROM customers',
  "SELECT query_to_xml('SELECT ssn FROM customers', true, false, '')",
  "DO $$ BEGIN RAISE NOTICE '%', (SELECT ssn FROM customers LIMIT 1); END $$",
  "SELECT set_config('my.x', ssn, false) FROM customers",
  'SHOW my.x',
  'EXPLAIN ANALYZE SELECT 1 FROM customers WHERE ssn > card_number',
  'CREATE TEMP TABLE copied AS SELECT ssn, email FROM customers',
  'SELECT * FROM copied',
  'INSERT INTO secrets SELECT ssn FROM customers',
  "INSERT INTO secrets VALUES ('912-34-5678')",
  "INSERT INTO secrets VALUES ('912-34-5678') ON CONFLICT DO NOTHING",
  "UPDATE customers SET email = 'other' WHERE ssn = '912-34-5678'",
  "UPDATE customers SET notes = 'pays by 4242424242424242' WHERE id = 1 RETURNING *",
  'SELECT most_common_vals, histogram_bounds FROM pg_stats',
  'SELECT 1/(length(ssn) - 11), lo_from_bytea(0, ssn::bytea) FROM customers',
  '-- canary@secret.example\nSELECT name FROM customers',
  'DROP TABLE customers',
]

const TOLD = [
  '/metrics',
  '/api/approvals?status=all',
  '/api/sessions?state=all',
  '/api/search?q=customers',
  '/api/targets',
  '/api/health',
  '/api/policy/rules',
]

t.test('nothing in the clear', { skip: missingPostgres('embedded') }, async (t) => {
  t.setTimeout(180_000)
  const server = await startPostgres({ kind: 'embedded' })
  const { host, port, superuser: user, password } = server
  const direct = new pg.Client({ host, port, user, password, database: 'postgres' })
  await direct.connect()
  await direct.query(
    `CREATE TABLE customers (id int PRIMARY KEY, name text, ssn text UNIQUE, card_number text, email text, notes text);
     INSERT INTO customers SELECT n, 'Ada', CASE n WHEN 1 THEN '912-34-5678' END, '4242424242424242',
       'canary@secret.example', 'call 912-34-5678 now' FROM generate_series(1, 40) n;
     CREATE TABLE secrets (v text PRIMARY KEY); INSERT INTO secrets VALUES ('912-34-5678');
     ANALYZE`,
  )
  process.env['TEST_FILM_KEY'] = FILM_KEY
  const gateway = await startTestGateway({
    target: {
      name: 'shop',
      database: 'postgres',
      host,
      port,
      labels: { env: 'prod' },
      accounts: [{ user, password }],
    },
    config: {
      recordings: { directory: 'recordings', key: 'env:TEST_FILM_KEY', flush_ms: 20 },
    },
  })
  t.teardown(async () => {
    await direct.end()
    await gateway.stop()
    await server.stop()
  })
  const seen: string[] = []
  const client = new pg.Client({
    host: gateway.host,
    port: gateway.port,
    user: 'agent',
    password: await gateway.token('agent'),
    database: 'shop',
  })
  client.on('error', (problem) => seen.push(told(problem)))
  client.on('notice', (notice) => seen.push(told(notice)))
  await client.connect()
  const tried = async (asked: () => Promise<unknown>): Promise<void> => {
    try {
      seen.push(JSON.stringify(await asked()))
    } catch (problem) {
      seen.push(told(problem))
    }
  }
  // What waits for people is looked at by one, and denied.
  const approver = await asPerson(gateway, 'approver')
  const looked: string[] = []
  let over = false
  const denying = (async () => {
    while (!over) {
      const text = await approver('/api/approvals')
      const { approvals } = JSON.parse(text) as { approvals: readonly { id: string }[] }
      for (const { id } of approvals) {
        looked.push(text, await approver(`/api/approvals/${id}`))
        looked.push(await approver(`/api/approvals/${id}/before`))
        await approver(`/api/approvals/${id}/deny`, { reason: 'not today' })
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  for (const sql of QUERIES) {
    await tried(async () => (await client.query(sql)).rows)
    if (!sql.startsWith('SELECT')) continue
    await tried(async () => (await client.query({ text: sql, values: [] })).rows)
    await tried(async () => {
      const parts: Buffer[] = []
      for await (const part of client.query(copyTo(`COPY (${sql}) TO STDOUT`)))
        parts.push(part as Buffer)
      return Buffer.concat(parts).toString()
    })
    await tried(async () => {
      const cursor = client.query(new Cursor(sql, []))
      const rows = await cursor.read(10)
      await cursor.close()
      return rows
    })
  }
  await tried(async () =>
    client.query({ text: 'SELECT name FROM customers WHERE ssn = $1', values: ['912-34-5678'] }),
  )
  over = true
  await denying
  await client.end()
  await t.test('what an approver saw', (t) => {
    t.match(looked.join('\n'), /DROP TABLE/)
    clear(t, looked.join('\n'), 'requests')
    t.end()
  })
  await t.test('what the agent saw', async (t) => {
    t.ok(seen.length > 60, `${seen.length} answers`)
    t.match(seen.join('\n'), /\*\*\*\*/)
    clear(t, seen.join('\n'), 'answers')
  })
  const films = filmReader(join(gateway.directory, 'recordings'))
  await t.test('what its recording holds', async (t) => {
    const film = await eventually(async () => {
      for await (const one of films.films()) if (one.state === 'finished') return one
      return undefined
    }, 'a finished recording')
    const frames = JSON.stringify(await allFrames(films, film.session))
    t.match(frames, /\*\*\*\*/)
    clear(t, frames, 'frames')
  })
  await t.test('what the API tells', async (t) => {
    for (const name of ['auditor', 'approver', 'agent']) {
      const open = await asPerson(gateway, name)
      for (const path of TOLD) clear(t, await open(path), `${path} to the ${name}`)
      const { sessions = [] } = JSON.parse(await open('/api/sessions?state=all')) as {
        sessions?: readonly { id: string }[]
      }
      for (const { id } of sessions)
        clear(t, await open(`/api/sessions/${id}/film?limit=500`), `the film to the ${name}`)
    }
  })
  await t.test('what lies on the disk, and in the log', async (t) => {
    clear(t, gateway.log(), 'the log')
    const names = readdirSync(gateway.directory, { recursive: true, withFileTypes: true })
    const files = names.filter((name) => name.isFile())
    t.ok(files.some(({ name }) => name.endsWith('.jsonl')))
    t.ok(files.some(({ name }) => name.endsWith('.sqlite')))
    for (const { parentPath, name } of files)
      clear(t, readFileSync(join(parentPath, name), 'latin1'), name)
  })
})

// Opens a path of the API, or posts to it.
async function asPerson(gateway: TestGateway, name: string) {
  const authorization = `Bearer ${await gateway.token(name)}`
  return async (path: string, body?: object): Promise<string> => {
    const response = await fetch(`${gateway.webUrl}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return response.text()
  }
}

// Errors and notices with every field that they have.
function told(problem: unknown): string {
  return JSON.stringify(problem, Object.getOwnPropertyNames(problem))
}

function clear(t: Test, text: string, what: string): void {
  const found = SPELLED.filter((one) => text.includes(one)).map((one) => {
    const at = text.indexOf(one)
    return text.slice(Math.max(0, at - 150), at + one.length + 50)
  })
  t.same(found, [], what)
}
