// Several statements of one text are judged before the first runs, so that what an earlier one does to
// names must count for the later ones.
import t from 'tap'
import { createLab, linesOf, reasonsOf } from './lab.js'

const lab = await createLab()
const facts = (sql: string) =>
  lab.read(sql).statements.map((one) => [...linesOf(one), ...reasonsOf(one)])

t.test('a table created earlier in the text is known', async (t) => {
  t.same(facts('CREATE TABLE x (id int PRIMARY KEY, a text); DELETE FROM x WHERE id = 1'), [
    ['create public.x'],
    ['delete public.x [key]', 'read public.x (id)'],
  ])
  t.same(facts("CREATE TEMP TABLE x (a text); INSERT INTO x VALUES ('a'); DROP TABLE x"), [
    ['create pg_temp.x ~'],
    ['insert pg_temp.x (a) ~'],
    ['drop pg_temp.x ~'],
  ])
  t.same(facts('CREATE TABLE IF NOT EXISTS orders (id int); DELETE FROM orders WHERE id = 1'), [
    ['create public.orders'],
    ['delete public.orders [key]', 'read public.orders (id)'],
  ])
})

t.test('a new table hides an old one of its name as it will on the server', async (t) => {
  const sql = 'CREATE TEMP TABLE orders (a int); DELETE FROM orders; DELETE FROM public.orders'
  t.same(facts(sql), [
    ['create pg_temp.orders ~'],
    ['delete pg_temp.orders [absent] ~'],
    ['delete public.orders [absent]'],
  ])
})

t.test('a table whose columns are not written out is not guessed', async (t) => {
  for (const sql of [
    'CREATE TEMP TABLE orders AS SELECT 1; DELETE FROM orders',
    'CREATE TEMP TABLE orders (LIKE customers); DELETE FROM orders',
    'SELECT 1 INTO TEMP orders; DELETE FROM orders',
    'CREATE TEMP VIEW orders AS SELECT 1; DELETE FROM orders',
  ]) {
    t.same(facts(sql)[1]?.at(-1), 'name_not_resolved', sql)
  }
})

t.test('what changes names makes later names uncertain', async (t) => {
  for (const sql of [
    'SET search_path = app; DELETE FROM orders WHERE id = 1',
    'SET ROLE postgres; DELETE FROM orders WHERE id = 1',
    'DISCARD ALL; DELETE FROM orders WHERE id = 1',
    'ALTER TABLE orders RENAME TO x; DELETE FROM orders WHERE id = 1',
    'ALTER TABLE customers RENAME TO x; DELETE FROM x WHERE id = 1',
    'DROP TABLE orders; DELETE FROM orders WHERE id = 1',
    'DROP SCHEMA app CASCADE; DELETE FROM orders WHERE id = 1',
    'SELECT opaque(1); DELETE FROM orders WHERE id = 1',
    "SELECT set_config('search_path', 'app', false); DELETE FROM orders WHERE id = 1",
    'DO $$ BEGIN END $$; DELETE FROM orders WHERE id = 1',
    'CALL nightly(); DELETE FROM orders WHERE id = 1',
    'ROLLBACK; DELETE FROM orders WHERE id = 1',
    'ROLLBACK TO a; DELETE FROM orders WHERE id = 1',
    'CREATE FUNCTION f() RETURNS int RETURN 1; SELECT f()',
    'BEGIN; CREATE TABLE x (id int); ROLLBACK; DELETE FROM x WHERE id = 1',
  ]) {
    const after = facts(sql).at(-1) ?? []
    t.equal(after.at(-1), 'name_not_resolved', sql)
  }
})

t.test('what changes no names leaves the others readable', async (t) => {
  for (const sql of [
    "SET application_name = 'x'; DELETE FROM orders WHERE id = 1",
    'BEGIN; SAVEPOINT a; DELETE FROM orders WHERE id = 1',
    'BEGIN; DELETE FROM orders WHERE id = 1; COMMIT; DELETE FROM orders WHERE id = 1',
    'ALTER TABLE customers ADD COLUMN x int; DELETE FROM orders WHERE id = 1',
    'CREATE INDEX i ON orders (total); DELETE FROM orders WHERE id = 1',
    'DROP TABLE customers; DELETE FROM orders WHERE id = 1',
    "COMMENT ON TABLE orders IS 'x'; DELETE FROM orders WHERE id = 1",
    'GRANT SELECT ON orders TO PUBLIC; DELETE FROM orders WHERE id = 1',
  ]) {
    const after = lab.read(sql).statements.at(-1)
    t.same(after?.command.unread, [], sql)
  }
})
