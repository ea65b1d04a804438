// The names of a target's database stay current: after changes made here, made elsewhere, and after
// the policy's labels change.
import t from 'tap'
import pg from 'pg'
import { createCatalogueStore } from '../../../proxy/targets/catalogue-store.js'
import type { LabelRule } from '../../../engine/policy/policy.js'
import { systemClock } from '../../../proxy/clock.js'
import { missingPostgres, startPostgres } from '../../peers/postgres.js'
import type { PostgresKind } from '../../peers/postgres.js'

const nothing = (): void => undefined
const SILENT = { fatal: nothing, error: nothing, warn: nothing, info: nothing, debug: nothing }

for (const kind of ['embedded', 'debian'] as const) {
  t.test(`the catalogue of a database (${kind})`, options(kind), async (t) => {
    const server = await startPostgres({ kind })
    const { host, port, superuser: user, password } = server
    const client = new pg.Client({ host, port, user, password, database: 'postgres' })
    await client.connect()
    let rules: readonly LabelRule[] = []
    const store = createCatalogueStore({
      labels: () => rules,
      refreshMs: () => 100,
      clock: systemClock,
      log: SILENT,
    })
    t.teardown(async () => {
      await store.close()
      await client.end()
      await server.stop()
    })
    await client.query('CREATE TABLE one (a int, secret text)')
    const account = {
      host,
      port,
      tls: undefined,
      user,
      password: () => password,
      database: 'postgres',
    }
    const names = await store.open({ target: 'shop', database: 'postgres', account })

    t.test('knows what is there when it is opened', async (t) => {
      const catalogue = names.current()
      t.same(
        catalogue.relation('public', 'one')?.columns.map(({ name }) => name),
        ['a', 'secret'],
      )
      t.equal(catalogue.database, 'postgres')
      t.ok(catalogue.relation('pg_catalog', 'pg_class')?.system)
      t.equal(names.current(), catalogue, 'and is the same as long as nothing changes')
    })

    t.test('a refresh sees a change; without one it is the same catalogue still', async (t) => {
      const before = names.current()
      t.equal(await names.refresh(), before)
      await client.query('ALTER TABLE one RENAME COLUMN a TO b')
      const after = await names.refresh()
      t.ok(after.version > before.version)
      t.equal(after.relation('public', 'one')?.columns[0]?.name, 'b')
    })

    t.test(
      'refreshes asked for at once are one or two loads, and all see the change',
      async (t) => {
        await client.query('ALTER TABLE one ADD COLUMN c int')
        const all = await Promise.all(Array.from({ length: 20 }, () => names.refresh()))
        for (const one of all) t.equal(one.relation('public', 'one')?.columns.length, 3)
      },
    )

    const CHANGES: readonly string[] = [
      'CREATE TABLE two (x int)',
      'ALTER TABLE two RENAME TO three',
      'ALTER TABLE three RENAME COLUMN x TO y',
      'ALTER TABLE three ALTER y TYPE text',
      'CREATE VIEW seen AS SELECT y FROM three',
      `CREATE OR REPLACE VIEW seen AS SELECT y || 'x' AS y FROM three`,
      `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
      `CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'`,
      'ALTER FUNCTION f() STABLE',
      'CREATE UNIQUE INDEX ON three (y)',
      'CREATE DOMAIN d AS text',
      'CREATE RULE r AS ON INSERT TO three DO INSTEAD NOTHING',
      'CREATE TABLE kid () INHERITS (three)',
      'CREATE SCHEMA more',
      'ALTER TABLE three SET SCHEMA more',
      `CREATE TYPE mood AS ENUM ('a')`,
      'CREATE OPERATOR === (leftarg = text, rightarg = text, function = texteq)',
      'DROP VIEW seen',
    ]
    t.test('a change made elsewhere is noticed by the timer, whatever it is', async (t) => {
      for (const change of CHANGES) {
        const before = names.current()
        await client.query(change)
        const noticed = await until(() => names.current() !== before)
        t.ok(noticed, change)
      }
    })

    t.test(
      'temporary tables of others are no change, but one’s own are seen through it',
      async (t) => {
        const before = names.current()
        await client.query('CREATE TEMP TABLE scratch (secret text)')
        await new Promise((resolve) => setTimeout(resolve, 300))
        t.equal(names.current(), before)
        await client.query('BEGIN')
        await client.query('CREATE TABLE uncommitted (a int)')
        const own = await names.through(async (sql) => {
          const types = { getTypeParser: () => (cell: string | Buffer) => String(cell) }
          const query = { text: sql, rowMode: 'array' as const, types }
          return (await client.query<(string | null)[]>(query)).rows
        })
        await client.query('ROLLBACK')
        t.ok(own.relation('public', 'uncommitted'))
        const schema = own.schemas.find((name) => name.startsWith('pg_temp_')) ?? ''
        t.ok(own.relation(schema, 'scratch')?.temporary)
        t.notOk(names.current().relation('public', 'uncommitted'))
      },
    )

    t.test('other labels give another catalogue at once', async (t) => {
      const before = names.current()
      rules = [{ column: 'secret', labels: ['pii'] }]
      const after = names.current()
      t.ok(after.version > before.version)
      t.same(after.relation('public', 'one')?.columns[1]?.labels, ['pii'])
      t.same(before.relation('public', 'one')?.columns[1]?.labels, [])
    })

    t.test('its age is told', async (t) => {
      const [age] = store.ages()
      t.match(age, { target: 'shop', database: 'postgres' })
      t.ok(age !== undefined && age.ageMs >= 0 && age.ageMs < 5_000)
    })
  })

  t.test(
    `a search_path that hides the system’s names does not mislead (${kind})`,
    options(kind),
    async (t) => {
      const server = await startPostgres({ kind })
      const { host, port, superuser: user, password } = server
      const client = new pg.Client({ host, port, user, password, database: 'postgres' })
      await client.connect()
      const store = createCatalogueStore({
        labels: () => [],
        refreshMs: () => 60_000,
        clock: systemClock,
        log: SILENT,
      })
      t.teardown(async () => {
        await store.close()
        await client.end()
        await server.stop()
      })
      await client.query(`
      CREATE SCHEMA evil;
      CREATE TABLE evil.pg_class (oid oid);
      CREATE FUNCTION evil.no(oid, oid) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT false';
      CREATE OPERATOR evil.= (leftarg = oid, rightarg = oid, function = evil.no);
      CREATE OPERATOR evil.>= (leftarg = oid, rightarg = oid, function = evil.no);
      CREATE FUNCTION evil.starts_with(text, text) RETURNS bool LANGUAGE sql AS 'SELECT true';
      CREATE TABLE real (a int);
      SET search_path = evil, pg_catalog, public`)
      const account = {
        host,
        port,
        tls: undefined,
        user,
        password: () => password,
        database: 'postgres',
      }
      const names = await store.open({ target: 'shop', database: 'postgres', account })
      const own = await names.through(async (sql) => {
        const types = { getTypeParser: () => (cell: string | Buffer) => String(cell) }
        const query = { text: sql, rowMode: 'array' as const, types }
        return (await client.query<(string | null)[]>(query)).rows
      })
      t.ok(own.relation('public', 'real'))
      t.equal(own.relation('public', 'real')?.columns.length, 1)
      t.same(own.definitionPath, ['evil', 'pg_catalog', 'public'])
    },
  )
}

function options(kind: PostgresKind): { readonly skip: string | false; readonly timeout: number } {
  return { skip: missingPostgres(kind), timeout: 60_000 }
}

async function until(holds: () => boolean): Promise<boolean> {
  const end = Date.now() + 30_000
  while (Date.now() < end) {
    if (holds()) return true
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return holds()
}
