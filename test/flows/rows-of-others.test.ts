// An agent that sees the rows of one region only, through a whole gateway and on two servers: every way of
// asking gives those rows and no others, what it changes is among them, what cannot be held to them is
// refused in words, and both texts are on record.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import t from 'tap'
import { settingsFrom } from '../../proxy/config/read-config.js'
import { REPOSITORY } from '../peers/gateway-config.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const DDL = `
CREATE TABLE sales (id int, region text, total int, ssn text) PARTITION BY LIST (region);
CREATE TABLE sales_eu PARTITION OF sales FOR VALUES IN ('eu');
CREATE TABLE sales_us PARTITION OF sales FOR VALUES IN ('us');
INSERT INTO sales SELECT n, (ARRAY['eu', 'us'])[1 + n % 2], n, '900-11-' || (2000 + n) FROM generate_series(1, 9) AS n;
CREATE TABLE notes (id int PRIMARY KEY, region text, body text);
INSERT INTO notes SELECT n, (ARRAY['eu', 'us'])[1 + n % 2], CASE n % 2 WHEN 0 THEN 'open ' ELSE 'hidden ' END || n
  FROM generate_series(1, 9) AS n;
CREATE VIEW europe AS SELECT id, total FROM sales WHERE total > 0;
CREATE MATERIALIZED VIEW kept AS SELECT id, total FROM sales;
CREATE FUNCTION sum_of_sales() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT sum(total) FROM sales';
CREATE TABLE log (id int);
ANALYZE;
`
const ROWS = (region: string) => `relations:
  - {relation: public.sales, kinds: [agent], rows: [{column: region, op: eq, value: ${region}}]}
  - {relation: public.notes, kinds: [agent], rows: [{column: region, op: eq, value: ${region}}]}
`
const LABELS = 'columns:\n  - column: ssn\n    labels: [pii]\n'

// What is refused whoever asks, as an agent would meet it.
const REFUSED = [
  'SELECT * FROM kept',
  'SELECT sum_of_sales()',
  'SELECT ctid, * FROM sales',
  'SELECT * FROM sales TABLESAMPLE SYSTEM (100)',
  'SELECT most_common_vals FROM pg_stats',
  `SELECT query_to_xml('SELECT * FROM sales', true, false, '')`,
  'EXPLAIN SELECT * FROM sales WHERE id = 1',
  'TRUNCATE sales',
  `INSERT INTO notes VALUES (20, 'us', '')`,
  `INSERT INTO notes SELECT 20, 'us', ''`,
  `INSERT INTO sales_us VALUES (20, 'us', 1, '')`,
  `UPDATE notes SET region = 'us' WHERE id = 2`,
  `MERGE INTO notes USING log ON log.id = notes.id WHEN MATCHED THEN DELETE`,
  `WITH sales AS (SELECT * FROM sales) SELECT * FROM sales`,
]

for (const kind of ['embedded', 'debian'] as const) {
  const options = { skip: missingPostgres(kind), timeout: 120_000 }
  t.test(`an agent sees the rows of its region (${kind})`, options, async (t) => {
    const server = await startPostgres({ kind })
    t.teardown(() => server.stop())
    const { host, port, superuser: user, password } = server
    const owner = new pg.Client({ host, port, user, password, database: 'postgres' })
    await owner.connect()
    await owner.query(DDL)
    const policies = mkdtempSync(join(tmpdir(), 'sallyport-policies-'))
    cpSync(join(REPOSITORY, 'rego'), policies, { recursive: true })
    writeFileSync(join(policies, 'data/filters/data.yaml'), ROWS('eu'))
    writeFileSync(join(policies, 'data/labels/data.yaml'), LABELS)
    const accounts = [{ user, password }]
    const gateway = await startTestGateway({
      policies,
      target: { name: 'shop', database: 'postgres', host, port, labels: { env: 'test' }, accounts },
    })
    const connected = async (who: string): Promise<pg.Client> => {
      const { host, port } = gateway
      const secret = await gateway.token(who)
      const client = new pg.Client({ host, port, user: who, password: secret, database: 'shop' })
      await client.connect()
      return client
    }
    const agent = await connected('agent')
    t.teardown(async () => {
      await agent.end()
      await owner.end()
      await gateway.stop()
      rmSync(policies, { recursive: true, force: true })
    })
    const ids = async (text: string, values?: readonly unknown[]) => {
      const found = [
        await agent.query<{ id: number }>(text, values === undefined ? undefined : [...values]),
      ].flat()
      return found
        .at(-1)
        ?.rows.map(({ id }) => id)
        .sort()
    }
    const EU = [2, 4, 6, 8]

    t.test('in whatever way it asks', async (t) => {
      t.same(await ids('SELECT id FROM sales'), EU)
      t.same(await ids('SELECT id FROM public.sales WHERE id > $1', [0]), EU)
      t.same(await ids('SELECT id FROM sales_eu'), EU)
      t.same(await ids('SELECT id FROM sales_us'), [])
      t.same(await ids('SELECT id FROM ONLY sales'), [])
      t.same(await ids('SELECT id FROM europe'), EU)
      t.same(await ids('SELECT 1 AS id; TABLE notes'), EU)
      t.same(await ids('SELECT n.id FROM log RIGHT JOIN notes n USING (id)'), EU)
      t.same(await ids('SELECT id FROM notes UNION SELECT id FROM sales'), EU)
      t.same(await ids('SELECT (SELECT count(*)::int FROM notes) AS id'), [4])
      await agent.query('PREPARE p (int) AS SELECT id FROM sales WHERE id > $1')
      t.same(await ids('EXECUTE p (3)'), [4, 6, 8])
      t.same(await ids('EXECUTE p (5)'), [6, 8])
      await agent.query('BEGIN; DECLARE c SCROLL CURSOR FOR SELECT id FROM notes')
      t.same(await ids('FETCH ALL FROM c'), EU)
      t.same(await ids('FETCH BACKWARD ALL FROM c'), EU)
      await agent.query('COMMIT')
      const query = { name: 'q', text: 'SELECT id FROM sales WHERE total < $1', values: [7] }
      for (let turn = 0; turn < 3; turn++)
        t.same(
          (await agent.query<{ id: number }>(query)).rows.map(({ id }) => id).sort(),
          [2, 4, 6],
        )
      for (const text of ['sales_eu', 'notes (id)', '(SELECT id FROM sales)', '(TABLE europe)']) {
        const pieces: Buffer[] = []
        for await (const piece of agent.query(copyTo(`COPY ${text} TO STDOUT`)))
          pieces.push(piece as Buffer)
        const lines = Buffer.concat(pieces).toString().trim().split('\n')
        t.same(lines.map((line) => Number(line.split('\t')[0])).sort(), EU, text)
      }
      await agent.query('CREATE TEMP TABLE mine AS SELECT * FROM sales')
      t.same(await ids('SELECT id FROM mine'), EU)
    })

    t.test('masks lie above them', async (t) => {
      const { rows } = await agent.query('SELECT id, upper(ssn) AS s FROM sales ORDER BY id')
      t.same(
        rows,
        EU.map((id) => ({ id, s: '****' })),
      )
      t.same(await ids(`SELECT id FROM sales WHERE ssn LIKE '900%'`), [])
    })

    t.test('no error tells of the others', async (t) => {
      const tries = [
        'SELECT id FROM notes WHERE 1 / (id - 5) > -9',
        `SELECT id FROM notes WHERE CASE WHEN body LIKE 'hidden%' THEN CAST(body AS int) ELSE 1 END = 1`,
        'SELECT n.id FROM notes n JOIN log ON 1 / (n.id - 7) < 5 RIGHT JOIN notes m ON true WHERE m.id > 0',
        'SELECT id FROM (SELECT id, 10 / (id - 9) AS x FROM notes) q WHERE x IS NOT NULL',
        'SELECT id FROM sales WHERE 1 / (total - 1) < 5 AND 2 / (total - 3) < 5',
      ]
      for (const text of tries) await t.resolves(agent.query(text), text)
      await agent.query('BEGIN')
      await t.resolves(agent.query(`UPDATE notes SET body = '' WHERE id > 0 AND 1 / (id - 5) < 9`))
      await agent.query('ROLLBACK')
      await t.rejects(agent.query('SELECT id FROM notes WHERE 1 / (id - 4) > 9'), { code: '22012' })
    })

    t.test('what it changes is among them', async (t) => {
      const { rowCount } = await agent.query(`UPDATE notes SET body = 'changed' WHERE id > 0`)
      t.equal(rowCount, 4)
      const gone = await agent.query(
        'DELETE FROM notes n USING sales s WHERE s.id = n.id AND n.id = $1',
        [8],
      )
      t.equal(gone.rowCount, 1)
      await agent.query(`INSERT INTO notes VALUES (8, 'eu', 'back'), (10, 'eu', 'new')`)
      const { rows } = await owner.query(`SELECT id, region, body FROM notes ORDER BY id`)
      t.same(
        rows.map(({ id, region, body }) => `${id} ${region} ${body}`),
        [
          '1 us hidden 1',
          '2 eu changed',
          '3 us hidden 3',
          '4 eu changed',
          '5 us hidden 5',
          '6 eu changed',
          '7 us hidden 7',
          '8 eu back',
          '9 us hidden 9',
          '10 eu new',
        ],
      )
    })

    t.test('what cannot be held to them is refused, in words', async (t) => {
      const version = Number(kind === 'debian' ? 15 : 18)
      for (const text of REFUSED) {
        if (version < 15 && text.startsWith('MERGE')) continue
        await t.rejects(agent.query(text), { code: '42501' }, text)
        await t.rejects(
          agent.query({ text, values: [], queryMode: 'extended' } as pg.QueryConfig),
          { code: '42501' },
          text,
        )
      }
      const problem = await agent.query('SELECT sum_of_sales()').catch((thrown: unknown) => thrown)
      t.match(problem, {
        message: /public\.sales is read by other ways than its name/,
        hint: /plain query/,
      })
      await t.rejects(agent.query(`INSERT INTO notes VALUES ($1, $2, '')`, [11, 'us']), {
        code: '42501',
      })
      const stream = agent.query(copyFrom('COPY notes FROM STDIN'))
      stream.end('11\tus\tx\n')
      await t.rejects(
        new Promise((resolve, reject) => stream.on('finish', resolve).on('error', reject)),
        { code: '42501' },
      )
    })

    t.test('what was prepared for other rows is not used for these', async (t) => {
      const held = { name: 'held', text: 'SELECT id FROM sales' }
      t.same((await agent.query(held)).rowCount, 4)
      await agent.query('PREPARE held2 AS SELECT id FROM sales')
      writeFileSync(join(policies, 'data/filters/data.yaml'), ROWS('us'))
      await gateway.gateway.reload(settingsFrom(gateway.configFile, process.env))
      await t.rejects(agent.query(held), { code: /^(42501|0A000)$/ })
      await t.rejects(agent.query('EXECUTE held2'), { code: /^(42501|0A000)$/ })
      t.same(await ids('SELECT id FROM sales'), [1, 3, 5, 7, 9])
    })

    t.test('both texts and the filters are on record', async (t) => {
      const files = readdirSync(gateway.recordDirectory).filter((file) => file.endsWith('.jsonl'))
      const lines = files
        .map((file) => readFileSync(join(gateway.recordDirectory, file), 'utf8'))
        .join('')
      t.match(lines, '"text":"SELECT id FROM sales"')
      t.match(lines, /"rewritten":"SELECT id FROM \(SELECT .{1,400}region/)
      t.match(lines, '"filters":[{"relation":"public.notes"')
    })
  })
}
