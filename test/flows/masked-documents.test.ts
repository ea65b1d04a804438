// Labels below a jsonb column, through a whole gateway and on two servers: whoever reads the column in whatever
// way sees the document with masks at the labelled paths, and whatever is computed of it is computed of that.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import t from 'tap'
import { changedLibrary } from '../peers/changed-library.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const DOCUMENT = `{"ssn": "900-11-2001", "plan": "gold", "addresses": [{"street": "CANARY 1", "city": "Rome"}]}`
const SHOWN = { ssn: '****', plan: 'gold', addresses: [{ street: '****', city: 'Rome' }] }
const DDL = `
CREATE TABLE customers (id int PRIMARY KEY, profile jsonb, raw json, pasted text, more jsonb);
INSERT INTO customers VALUES
  (1, '${DOCUMENT}', '${DOCUMENT}', '${DOCUMENT}', '${DOCUMENT}'),
  (2, '"CANARY"', '"CANARY"', 'CANARY', '"CANARY"'), (3, '{"plan": "tin"}', '{}', '{}', '{}'), (4, NULL, NULL, NULL, NULL);
CREATE VIEW profiles AS SELECT id, profile FROM customers;
CREATE VIEW plans AS SELECT id, profile->>'plan' AS plan, profile->>'ssn' AS number FROM customers;
CREATE MATERIALIZED VIEW kept AS SELECT id, profile FROM customers;
CREATE TABLE visits (id int, profile jsonb) PARTITION BY RANGE (id);
CREATE TABLE visits_all PARTITION OF visits FOR VALUES FROM (0) TO (10);
INSERT INTO visits SELECT id, profile FROM customers;
ANALYZE;
`
const LABELS = `columns:
  - {table: customers, column: profile, path: $.ssn, labels: [pii, pii.ssn]}
  - {table: customers, column: profile, path: '$.addresses[*].street', labels: [pii]}
  - {table: customers, column: raw, path: $.ssn, labels: [pii]}
  - {table: customers, column: pasted, path: $.ssn, labels: [pii]}
  - {table: customers, column: more, path: $.plan, labels: [other]}
  - {table: customers, column: more, labels: [pii]}
  - {table: visits, column: profile, path: $.ssn, labels: [pii]}
  - {table: visits, column: profile, path: $.addresses, labels: [pii]}
`
const CANARY = /CANARY|900-11/

for (const kind of ['embedded', 'debian'] as const) {
  const options = { skip: missingPostgres(kind), timeout: 120_000 }
  t.test(`labelled paths of documents are masked (${kind})`, options, async (t) => {
    const server = await startPostgres({ kind })
    t.teardown(() => server.stop())
    const { host, port, superuser: user, password } = server
    const owner = new pg.Client({ host, port, user, password, database: 'postgres' })
    await owner.connect()
    await owner.query(DDL)
    await owner.end()
    const policies = changedLibrary(t, { labels: LABELS })
    const gateway = await startTestGateway({
      policies,
      target: {
        name: 'shop',
        database: 'postgres',
        host,
        port,
        labels: { env: 'test' },
        accounts: [{ user, password }],
      },
    })
    const secret = await gateway.token('agent')
    const agent = new pg.Client({
      host: gateway.host,
      port: gateway.port,
      user: 'agent',
      password: secret,
      database: 'shop',
    })
    await agent.connect()
    t.teardown(async () => {
      await agent.end()
      await gateway.stop()
    })
    const seen: string[] = []
    // The first column of each row.
    const values = async (text: string, more: object = {}) => {
      const query = { text, rowMode: 'array', ...more } as pg.QueryArrayConfig
      const [found] = [await agent.query<unknown[]>(query)].flat().slice(-1)
      seen.push(JSON.stringify(found?.rows))
      return found?.rows.map(([value]) => value)
    }
    const WHOLE = [SHOWN, '****', { plan: 'tin' }, null]

    t.test('a document is shown with masks at its paths', async (t) => {
      t.strictSame(await values('SELECT profile FROM customers ORDER BY id'), WHOLE)
      const extended = { values: [], queryMode: 'extended' }
      t.strictSame(await values('SELECT profile FROM customers ORDER BY id', extended), WHOLE)
      const binary = await agent.query<Buffer[]>({
        text: 'SELECT profile FROM customers ORDER BY id',
        rowMode: 'array',
        binary: true,
        types: { getTypeParser: () => (value: unknown) => value },
        values: [],
      } as unknown as pg.QueryArrayConfig)
      const [first] = binary.rows[0] ?? []
      t.match(String(first), '"ssn": "****"')
      t.match(String(first), '"plan": "gold"')
      t.notMatch(String(first), CANARY)
      t.strictSame(await values('SELECT c.profile FROM customers c ORDER BY c.id LIMIT 1'), [SHOWN])
      t.strictSame(await values('SELECT profile FROM profiles ORDER BY id'), WHOLE)
      t.strictSame(await values('SELECT profile FROM kept ORDER BY id'), WHOLE)
      const visit = { ...SHOWN, addresses: '****' }
      t.strictSame(await values('SELECT profile FROM visits WHERE id = 1'), [visit])
      t.strictSame(await values('SELECT profile FROM visits_all WHERE id = 1'), [visit])
    })

    t.test('what is computed is computed of that', async (t) => {
      t.strictSame(await values(`SELECT profile->>'ssn' FROM customers WHERE id = 1`), ['****'])
      t.strictSame(await values(`SELECT profile->>'plan' FROM customers ORDER BY id`), [
        'gold',
        null,
        'tin',
        null,
      ])
      t.strictSame(
        await values(`SELECT profile #>> '{addresses,0,street}' FROM customers WHERE id = 1`),
        ['****'],
      )
      t.strictSame(
        await values(`SELECT profile #>> '{addresses,0,city}' FROM customers WHERE id = 1`),
        ['Rome'],
      )
      t.strictSame(await values(`SELECT id FROM customers WHERE profile->>'ssn' LIKE '900%'`), [])
      t.strictSame(
        await values(`SELECT id FROM customers WHERE profile @> '{"plan": "gold"}'`),
        [1],
      )
      t.strictSame(
        await values(`SELECT count(*)::int FROM customers GROUP BY profile->>'plan' ORDER BY 1`),
        [1, 1, 2],
      )
      t.strictSame(
        await values(
          'SELECT jsonb_path_query(profile, $$strict $.ssn$$) FROM customers WHERE id = 1',
        ),
        ['****'],
      )
      t.strictSame(await values(`SELECT plan FROM plans WHERE id = 1`), ['gold'])
      t.strictSame(await values(`SELECT number FROM plans WHERE id = 1`), ['****'])
      await values('SELECT to_jsonb(c) FROM customers c')
      await values('SELECT c FROM customers c')
      await values('SELECT e.value FROM customers c, jsonb_each_text(c.profile) e WHERE c.id = 1')
      await values('SELECT profile::text FROM customers')
      await values('SELECT jsonb_agg(profile) FROM customers')
      await values('SELECT md5(profile::text) FROM customers')
    })

    t.test('by cursors, copies and into tables', async (t) => {
      await agent.query('BEGIN')
      await agent.query('DECLARE c CURSOR FOR SELECT profile FROM customers ORDER BY id')
      t.strictSame(await values('FETCH ALL FROM c'), WHOLE)
      await agent.query('COMMIT')
      await agent.query('PREPARE p AS SELECT profile FROM customers WHERE id = $1')
      t.strictSame(await values('EXECUTE p (1)'), [SHOWN])
      for (const text of ['customers', 'customers (profile)', '(SELECT profile FROM customers)']) {
        const pieces: Buffer[] = []
        for await (const piece of agent.query(copyTo(`COPY ${text} TO STDOUT`)))
          pieces.push(piece as Buffer)
        const copied = Buffer.concat(pieces).toString()
        t.match(copied, '"plan": "gold"')
        t.notMatch(copied, CANARY, text)
      }
      await agent.query('CREATE TEMP TABLE mine AS SELECT profile AS p FROM customers')
      t.strictSame(await values(`SELECT p->>'ssn' FROM mine WHERE p->>'plan' = 'gold'`), ['****'])
    })

    t.test('other types, and columns that are labelled as such, are masked whole', async (t) => {
      t.strictSame(await values('SELECT raw FROM customers ORDER BY id'), [null, null, null, null])
      t.strictSame(await values('SELECT pasted FROM customers WHERE id = 1'), ['****'])
      t.strictSame(await values('SELECT more FROM customers WHERE id = 1'), [null])
      t.strictSame(await values(`SELECT more->>'city' FROM customers WHERE id = 1`), [null])
    })

    t.test('nothing of what lies at the paths is seen anywhere', async (t) => {
      const update = `UPDATE customers SET pasted = 'x' WHERE id = 1 RETURNING profile`
      await values(update).catch((problem: unknown) => seen.push(String(problem)))
      t.notMatch(seen.join('\n'), CANARY)
      t.notMatch(gateway.log(), CANARY)
      for (const file of readdirSync(gateway.recordDirectory))
        if (file.endsWith('.jsonl'))
          t.notMatch(readFileSync(join(gateway.recordDirectory, file), 'utf8'), CANARY, file)
    })
  })
}
