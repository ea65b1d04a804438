// What calls do: the system's functions by the table, everybody else's by what they are declared to be.
import t from 'tap'
import { isHarmless } from '../../../../engine/facts/postgres/functions.js'
import { systemMeaning } from '../../../../engine/facts/postgres/routine-meanings.js'
import { createLab, linesOf, reasonsOf } from './lab.js'

const lab = await createLab()
const facts = (sql: string) => lab.read(sql).statements.flatMap(linesOf)
const routines = (name: string) => lab.catalogue.routines('pg_catalog', name)

t.test('a volatile function of the system is harmless only where the table says so', async (t) => {
  const names = ['pg_read_file', 'lo_export', 'nextval', 'set_config', 'pg_notify', 'query_to_xml']
  for (const name of names) t.notOk(routines(name).some(isHarmless), name)
  for (const name of ['random', 'clock_timestamp', 'pg_sleep', 'gen_random_uuid']) {
    t.ok(routines(name).every(isHarmless), name)
  }
})

t.test('functions that reach files, programs or the network are never harmless', async (t) => {
  const reaching =
    /^(pg_read|pg_ls_|pg_stat_file|lo_(import|export)|pg_file|dblink|pg_logical|pg_repl)/
  const known = ['pg_relation_is_publishable']
  const all = names().filter((name) => reaching.test(name) && !known.includes(name))
  t.ok(all.length > 20)
  for (const name of all) {
    const harmless = routines(name).some(isHarmless)
    t.notOk(harmless && name !== 'pg_replication_origin_oid', name)
  }
})

t.test('what a superuser put into pg_catalog is not the system’s', async (t) => {
  const [now] = routines('now')
  if (now === undefined) throw new Error('no now()')
  t.ok(isHarmless(now))
  t.notOk(isHarmless({ ...now, oid: 16_400 }))
  t.notOk(isHarmless({ ...now, schema: 'public' }))
})

t.test('a function in disguise is the same function', async (t) => {
  for (const sql of [
    "SELECT pg_read_file('x')",
    "SELECT PG_READ_FILE('x')",
    "SELECT pg_catalog.pg_read_file('x')",
    `SELECT "pg_catalog"."pg_read_file"('x')`,
    `SELECT U&"pg_re\\0061d_file"('x')`,
    "SELECT * FROM pg_read_file('x') AS t (a)",
    "SELECT * FROM ROWS FROM (pg_read_file('x')) AS t",
    "SELECT 1 WHERE pg_read_file('x') IS NULL",
    "SELECT 1 ORDER BY pg_read_file('x')",
    "SELECT 1 GROUP BY pg_read_file('x')",
    "SELECT 1 HAVING pg_read_file('x') IS NULL",
    "SELECT 1 LIMIT length(pg_read_file('x'))",
    "SELECT (SELECT pg_read_file('x'))",
    "SELECT CASE WHEN true THEN pg_read_file('x') END",
    "SELECT coalesce(pg_read_file('x'), '')",
    "SELECT ARRAY[pg_read_file('x')]",
    "SELECT ROW(pg_read_file('x'))",
    "SELECT (ARRAY['a'])[length(pg_read_file('x'))]",
    "SELECT count(*) FILTER (WHERE pg_read_file('x') = '') FROM orders",
    "SELECT sum(1) OVER (ORDER BY pg_read_file('x')) FROM orders",
    "SELECT 1 FROM orders JOIN customers ON pg_read_file('x') = ''",
    "SELECT 1 FROM orders TABLESAMPLE SYSTEM (length(pg_read_file('x')))",
    "WITH q AS (SELECT pg_read_file('x')) SELECT 1",
    "VALUES (pg_read_file('x'))",
    "INSERT INTO orders (status) VALUES (pg_read_file('x'))",
    "INSERT INTO orders (id) VALUES (1) RETURNING pg_read_file('x')",
    "INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET status = pg_read_file('x')",
    "UPDATE orders SET status = pg_read_file('x') WHERE id = 1",
    "UPDATE orders SET (status, total) = (pg_read_file('x'), 1) WHERE id = 1",
    "UPDATE orders SET status[length(pg_read_file('x'))] = 'x' WHERE id = 1",
    "INSERT INTO orders (status[length(pg_read_file('x'))]) VALUES ('x')",
    "INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET status[length(pg_read_file('x'))] = ''",
    "DELETE FROM orders WHERE status = pg_read_file('x')",
    "WITH q AS (DELETE FROM orders RETURNING pg_read_file('x')) SELECT 1",
    "WITH q AS (UPDATE orders SET status = pg_read_file('x') WHERE id = 1) SELECT 1",
    "DELETE FROM orders RETURNING old.id, pg_read_file('x')",
    "MERGE INTO orders o USING (SELECT 1) s ON true WHEN MATCHED THEN UPDATE SET status = pg_read_file('x')",
    "MERGE INTO orders o USING (SELECT 1) s ON true WHEN NOT MATCHED THEN INSERT (status) VALUES (pg_read_file('x'))",
    "COPY (SELECT pg_read_file('x')) TO STDOUT",
    "COPY orders FROM STDIN WHERE pg_read_file('x') = ''",
    "CREATE TABLE f AS SELECT pg_read_file('x')",
    "CREATE VIEW f AS SELECT pg_read_file('x')",
    "CREATE TABLE f (a text DEFAULT pg_read_file('x'))",
    "CREATE TABLE f (a text CHECK (a = pg_read_file('x')))",
    "CREATE TABLE f (a text, b text GENERATED ALWAYS AS (a || pg_read_file('x')) STORED)",
    "CREATE TABLE f (a text) PARTITION BY LIST (pg_read_file('x'))",
    "CREATE TABLE f PARTITION OF orders FOR VALUES IN (pg_read_file('x'))",
    "ALTER TABLE orders ADD COLUMN f text DEFAULT pg_read_file('x')",
    "ALTER TABLE orders ALTER COLUMN status TYPE text USING pg_read_file('x')",
    "CREATE INDEX f ON orders (pg_read_file('x'))",
    "CREATE INDEX f ON orders (id) WHERE pg_read_file('x') = ''",
    "CREATE POLICY f ON orders USING (pg_read_file('x') = '')",
    "CREATE DOMAIN f AS text CHECK (VALUE = pg_read_file('x'))",
    "CREATE DOMAIN f AS text DEFAULT pg_read_file('x')",
    "CREATE RULE f AS ON INSERT TO orders DO ALSO SELECT pg_read_file('x')",
    "CREATE TRIGGER f BEFORE INSERT ON orders FOR EACH ROW WHEN (pg_read_file('x') = '') EXECUTE FUNCTION touch()",
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT pg_read_file('x') $$",
    "CREATE FUNCTION f() RETURNS text RETURN pg_read_file('x')",
    "CREATE FUNCTION f() RETURNS text BEGIN ATOMIC SELECT pg_read_file('x'); END",
    "CREATE FUNCTION f(a text DEFAULT pg_read_file('x')) RETURNS text LANGUAGE plpgsql AS ''",
    "CREATE STATISTICS f ON (pg_read_file('x')), id FROM orders",
    "CREATE PUBLICATION f FOR TABLE orders WHERE (pg_read_file('x') = '')",
    "PREPARE f AS SELECT pg_read_file('x')",
    "EXECUTE f (pg_read_file('x'))",
    "DECLARE f CURSOR FOR SELECT pg_read_file('x')",
    "EXPLAIN SELECT pg_read_file('x')",
    "EXPLAIN ANALYZE SELECT pg_read_file('x')",
    "CALL nightly(pg_read_file('x'))",
    "SELECT json_build_object('a', pg_read_file('x'))",
    "SELECT xmlelement(name a, pg_read_file('x'))",
    "SELECT JSON_OBJECT('a': pg_read_file('x'))",
    "SELECT JSON_VALUE('{}', '$' PASSING pg_read_file('x') AS a)",
    "SELECT * FROM JSON_TABLE(pg_read_file('x')::jsonb, '$' COLUMNS (a int PATH '$'))",
    "SELECT * FROM XMLTABLE('/a' PASSING (pg_read_file('x')::xml) COLUMNS a text)",
    "CREATE SCHEMA f CREATE VIEW v AS SELECT pg_read_file('x')",
  ]) {
    t.ok(
      facts(sql).some((line) => line.startsWith('read_file')),
      `${sql} reads a file`,
    )
  }
})

t.test('a call of another’s function says how far it can be trusted', async (t) => {
  t.same(facts('SELECT opaque(1)'), [
    'call public.opaque {opaque}',
    'call public.opaque {volatile}',
  ])
  t.ok(facts('SELECT elevated()').includes('call public.elevated {security_definer}'))
  t.ok(facts('SELECT purge_orders()').includes('delete public.orders [absent]'))
  t.same(reasonsOf(lab.read('SELECT no_such_function(1)').statements[0] ?? fail()), [
    'name_not_resolved',
  ])
})

t.test('set_config is SET', async (t) => {
  t.same(facts("SELECT set_config('Search_Path', 'x', true)"), ['set search_path {names}'])
  t.same(facts("SELECT set_config('application_name', 'x', true)"), [
    'set application_name {harmless}',
  ])
  t.same(facts("SELECT set_config('ro' || 'le', 'x', true)"), ['set - {unknown}'])
  t.same(facts("SELECT set_config('role', status, true) FROM orders")[1], 'set role {unknown}')
})

t.test('the table names functions that exist', async (t) => {
  for (const name of ['pg_ls_dir', 'lo_get', 'pg_switch_wal', 'pg_stat_get_activity']) {
    t.ok(systemMeaning(name), name)
    t.ok(routines(name).length > 0, name)
  }
})

function names(): readonly string[] {
  return [
    ...['pg_read_file', 'pg_read_binary_file', 'pg_ls_dir', 'pg_ls_logdir', 'pg_ls_waldir'],
    ...['pg_ls_tmpdir', 'pg_ls_archive_statusdir', 'pg_ls_logicalmapdir', 'pg_stat_file'],
    ...['pg_ls_logicalsnapdir', 'pg_ls_replslotdir', 'lo_import', 'lo_export'],
    ...['pg_logical_emit_message', 'pg_logical_slot_get_changes', 'pg_logical_slot_peek_changes'],
    ...['pg_logical_slot_get_binary_changes', 'pg_logical_slot_peek_binary_changes'],
    ...['pg_replication_origin_advance', 'pg_replication_origin_create'],
    ...['pg_replication_origin_drop', 'pg_replication_origin_progress'],
    ...['pg_replication_origin_session_setup', 'pg_replication_slot_advance'],
  ].filter((name) => routines(name).length > 0)
}

function fail(): never {
  throw new Error('no statement')
}
