// Drivers prepare what they send. A prepared statement that compares, joins, orders or groups by protected
// columns is put into other words once, and answers as on a database whose values were masked, whatever
// its parameters; when what those words rest on changes, it is refused and not misread.
import { readFileSync, readdirSync, mkdtempSync, cpSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { REPOSITORY } from '../peers/gateway-config.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const DDL = `
CREATE TABLE customers (id int PRIMARY KEY, name text, ssn text, email text, region text);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, ssn_copy text, total int);
INSERT INTO customers SELECT n, 'name ' || n, '900-11-' || (2000 + n), 'm' || n || '@mail.example',
  (ARRAY['north', 'south'])[1 + n % 2] FROM generate_series(1, 9) AS n;
INSERT INTO orders SELECT n, 1 + n % 9, '900-11-' || (2000 + n), n * 10 FROM generate_series(1, 9) AS n;
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.customers (id int PRIMARY KEY, name text, ssn text);
`
// What the shipped policies mask.
const MASKED = `UPDATE customers SET ssn = '****', email = '****'`

const QUERIES: readonly (readonly [text: string, values: readonly unknown[]])[] = [
  ['SELECT id FROM customers WHERE ssn = $1 ORDER BY id', ['900-11-2003']],
  ['SELECT id FROM customers WHERE ssn = $1 ORDER BY id', ['****']],
  [
    'SELECT id, name FROM customers WHERE email LIKE $1 AND region = $2 ORDER BY id',
    ['m%', 'north'],
  ],
  ['SELECT region, count(*)::int AS n FROM customers GROUP BY region, ssn ORDER BY 1', []],
  [
    'SELECT c.id, o.total FROM customers c JOIN orders o ON o.ssn_copy = c.ssn WHERE o.total > $1 ORDER BY 1',
    [20],
  ],
  ['SELECT id, ssn FROM customers ORDER BY ssn, id DESC LIMIT $1', [3]],
  ['SELECT max(ssn) AS m, min(email) AS e FROM customers WHERE id < $1', [5]],
  ['SELECT DISTINCT ssn FROM customers', []],
  ['SELECT id FROM customers WHERE ssn > ANY ($1::text[]) ORDER BY id', [['900', '***']]],
  ['SELECT id FROM customers WHERE length(ssn) = $1::int ORDER BY id', [4]],
  [
    'WITH w AS (SELECT ssn AS s, id FROM customers) SELECT id FROM w WHERE s < $1 ORDER BY id',
    ['9'],
  ],
  ['SELECT id FROM customers WHERE substr(ssn, $1, 1) = $2 ORDER BY id', [1, '9']],
]

t.test('prepared statements on masked data', { skip: missingPostgres('embedded') }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(() => server.stop())
  const direct = async (database: string): Promise<pg.Client> => {
    const { host, port, superuser: user, password } = server
    const client = new pg.Client({ host, port, user, password, database })
    await client.connect()
    return client
  }
  const postgres = await direct('postgres')
  await postgres.query('CREATE DATABASE shop')
  await postgres.query('CREATE DATABASE masked')
  const [shop, masked] = [await direct('shop'), await direct('masked')]
  await shop.query(DDL)
  await masked.query(`${DDL}; ${MASKED}`)
  const policies = mkdtempSync(join(tmpdir(), 'sallyport-policies-'))
  cpSync(join(REPOSITORY, 'rego'), policies, { recursive: true })
  const gateway = await startTestGateway({
    policies,
    target: {
      name: 'shop',
      database: 'shop',
      host: server.host,
      port: server.port,
      labels: { env: 'test' },
      accounts: [{ user: server.superuser, password: server.password }],
    },
  })
  t.teardown(async () => {
    for (const client of [postgres, shop, masked]) await client.end()
    await gateway.stop()
    rmSync(policies, { recursive: true, force: true })
  })
  const connected = async (user: string): Promise<pg.Client> => {
    const { host, port } = gateway
    const password = await gateway.token(user)
    const client = new pg.Client({ host, port, user, password, database: 'shop' })
    await client.connect()
    return client
  }
  const agent = await connected('agent')
  // Who may say along which path names are looked up.
  const engineer = await connected('engineer')
  t.teardown(() => Promise.all([agent.end(), engineer.end()]))

  await t.test('they answer as on the masked database, in text and in binary', async (t) => {
    for (const [text, values] of QUERIES) {
      for (const binary of [false, true]) {
        const query = { text, values: [...values], binary, queryMode: 'extended' }
        const [ours, expected] = [await agent.query(query), await masked.query(query)]
        t.same(ours.rows, expected.rows, `${text} ${JSON.stringify(values)}`)
        t.notMatch(JSON.stringify(ours.rows), /900-11|@mail/)
      }
    }
  })

  await t.test('one that is named is prepared once and asked with many values', async (t) => {
    const named = {
      name: 'by-ssn',
      text: 'SELECT count(*)::int AS n FROM customers WHERE ssn = $1',
    }
    const seen = []
    for (const value of ['900-11-2001', '****', '900-11-2002']) {
      seen.push((await agent.query({ ...named, values: [value] })).rows[0])
    }
    t.same(seen, [{ n: 0 }, { n: 9 }, { n: 0 }])
  })

  await t.test(
    'errors are those of masked values, at no place that the client did not write',
    async (t) => {
      const broken = { text: 'SELECT id FROM customers WHERE ssn::int > $1', values: [1] }
      const failure = async (client: pg.Client): Promise<unknown> =>
        client.query(broken).catch((problem: unknown) => problem)
      const [ours, expected] = [await failure(agent), await failure(masked)]
      t.match(ours, { code: (expected as pg.DatabaseError).code })
      t.equal((ours as pg.DatabaseError).position, undefined)
      t.notMatch(String(ours), /900-11/)
      const wrong = { text: 'SELECT nothing(id) FROM customers WHERE ssn = $1', values: ['x'] }
      const unknown: unknown = await agent.query(wrong).catch((problem: unknown) => problem)
      t.type(unknown, pg.DatabaseError)
      t.match(await agent.query('SELECT 1 AS one'), { rows: [{ one: 1 }] }, 'the session lives')
    },
  )

  await t.test('run by SQL, it is what was prepared that runs', async (t) => {
    await agent.query({
      name: 'by-name',
      text: 'SELECT count(*)::int AS n FROM customers WHERE ssn = $1',
      values: ['****'],
    })
    t.match(await agent.query(`EXECUTE "by-name"('****')`), { rows: [{ n: 9 }] })
    t.match(await agent.query(`EXECUTE "by-name"('900-11-2001')`), { rows: [{ n: 0 }] })
    for (const text of [
      `CREATE TEMPORARY TABLE kept AS EXECUTE "by-name"('900-11-2001')`,
      `EXPLAIN ANALYZE EXECUTE "by-name"('900-11-2001')`,
      `PREPARE raw AS SELECT count(*)::int AS n FROM customers WHERE ssn = $1`,
      `DECLARE c CURSOR WITH HOLD FOR SELECT id FROM customers WHERE ssn = '900-11-2001'`,
    ]) {
      const found: unknown = await agent.query(text).catch((problem: unknown) => problem)
      if (found instanceof Error) continue
      t.notMatch(JSON.stringify(found), /actual rows=1|"n":1/, text)
    }
    const kept: unknown = await agent.query('SELECT n FROM kept').catch(() => ({ rows: [] }))
    t.notMatch(JSON.stringify(kept), /"n":1/)
  })

  await t.test('the record holds both texts', async (t) => {
    const [, lines] = [await agent.query('SELECT 1'), recorded(gateway.recordDirectory)]
    const command = lines.find((line) =>
      /count\(\*\)::int AS n FROM customers/.test(line.text ?? ''),
    )
    t.match(command?.rewritten, /FROM \(SELECT .*CASE WHEN/)
    t.match(command?.facts?.overrides['command.digest'], /^sha256:/)
  })

  await t.test('when the names change it is refused, and prepared anew it answers', async (t) => {
    const text = 'SELECT count(*)::int AS n FROM customers WHERE ssn = $1'
    const asked = (name: string): Promise<unknown> =>
      engineer.query({ name, text, values: ['****'] }).then(
        ({ rows }) => rows[0] as unknown,
        (problem: unknown) => problem,
      )
    t.same(await asked('before'), { n: 9 })
    await engineer.query('SET search_path = elsewhere, public')
    t.match(await asked('before'), { code: '0A000', hint: 'prepare the statement again' })
    t.same(await asked('there'), { n: 0 })
    await engineer.query('SET search_path = public')
    t.same(await asked('here'), { n: 9 })
    // Made by somebody else, and noticed.
    await shop.query('ALTER TABLE customers ADD COLUMN nickname text')
    await until(async () => {
      const found = await asked('here')
      return found instanceof Error
    })
    t.match(await asked('here'), { code: '0A000' })
    t.same(await asked('anew'), { n: 9 })
  })

  await t.test('a policy that masks more does not let earlier words pass', async (t) => {
    const text = 'SELECT name FROM customers WHERE ssn = $1 ORDER BY name LIMIT 1'
    const asked = (name: string): Promise<unknown> =>
      agent.query({ name, text, values: ['****'] }).then(
        ({ rows }) => rows[0] as unknown,
        (problem: unknown) => problem,
      )
    t.same(await asked('early'), { name: 'name 1' })
    const labels = join(policies, 'data', 'labels', 'data.yaml')
    const column = '\n  - column: name\n    labels: [pii]\n'
    writeFileSync(labels, readFileSync(labels, 'utf8') + column)
    await until(async () => !/name 1/.test(JSON.stringify(await asked('early'))))
    t.notMatch(JSON.stringify(await asked('early')), /name \d/)
    t.same(await asked('late'), { name: '****' })
  })
})

type Line = {
  readonly text?: string
  readonly rewritten?: string
  readonly facts?: { readonly overrides: Readonly<Record<string, string>> }
}

function recorded(directory: string): readonly Line[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

async function until(held: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000
  while (Date.now() < end) {
    if (await held()) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('it did not come about')
}
