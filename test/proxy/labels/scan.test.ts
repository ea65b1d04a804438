// The scan beside the story in test/flows/labels.test.ts: what others do to a table at the same time, and what is
// labelled already.
import t from 'tap'
import pg from 'pg'
import { scan, type ScanParts } from '../../../proxy/labels/scan.js'
import { catalogueConnection } from '../../../proxy/targets/catalogue-connection.js'
import { missingPostgres, startPostgres } from '../../peers/postgres.js'

for (const kind of ['embedded', 'debian'] as const) {
  t.test(`a scan (${kind})`, { skip: missingPostgres(kind) }, async (t) => {
    const server = await startPostgres({ kind })
    const { host, port, superuser: user, password } = server
    const database = 'postgres'
    const client = new pg.Client({ host, port, user, password, database })
    await client.connect()
    const connection = catalogueConnection({
      ...{ host, port, user, database, tls: undefined },
      password: () => password,
    })
    t.teardown(async () => {
      await connection.close()
      await client.end()
      await server.stop()
    })
    const parts: ScanParts = {
      ...{ query: connection.query, rules: [], sampleRows: 50, dbt: undefined, least: 'medium' },
    }
    await client.query(`
      CREATE TABLE locked (contact text);
      INSERT INTO locked SELECT 'p' || i || '@example.com' FROM generate_series(1, 60) i;
      CREATE DOMAIN address_text AS text;
      CREATE TYPE mood AS ENUM ('good', 'bad');
      CREATE TYPE pair AS (email text, phone text);
      CREATE TABLE odd_types (reach address_text, email mood, contact pair, phone point);
      INSERT INTO odd_types SELECT 'q' || i || '@example.com' FROM generate_series(1, 60) i;
      CREATE TABLE parent (email text);
      CREATE TABLE child (own_phone text) INHERITS (parent);
      CREATE FUNCTION shouting(mood) RETURNS text LANGUAGE plpgsql AS
        $$BEGIN RAISE EXCEPTION 'ran'; END$$;
      CREATE CAST (mood AS text) WITH FUNCTION shouting(mood)`)

    await t.test('a table that somebody has locked is judged without waiting long', async (t) => {
      await client.query('BEGIN; LOCK TABLE locked')
      const { unread } = await scan(parts)
      await client.query('ROLLBACK')
      t.same(unread, [{ table: 'public.locked', why: 'somebody has locked it' }])
      t.match(
        (await scan(parts)).proposals.find(({ table }) => table === 'locked'),
        {
          labels: ['pii', 'pii.email'],
        },
      )
    })

    await t.test(
      'domains count as what they are made of; casts of others’ own do not run',
      async (t) => {
        const { proposals } = await scan(parts)
        t.same(
          proposals.filter(({ table }) => table === 'odd_types').map(({ column }) => column),
          ['reach'],
        )
      },
    )

    await t.test('a child is asked for its own columns alone', async (t) => {
      const { proposals } = await scan(parts)
      const columns = proposals.map(({ table, column }) => `${table}.${column}`)
      t.ok(columns.includes('parent.email') && columns.includes('child.own_phone'))
      t.notOk(columns.includes('child.email'))
    })

    await t.test('what has a label is left alone', async (t) => {
      const rules = [{ column: '*', labels: ['pii'] }]
      const { proposals, labelled, columns } = await scan({ ...parts, rules })
      t.same(proposals, [])
      t.equal(labelled, columns)
    })
  })
}
