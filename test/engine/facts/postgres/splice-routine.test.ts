// Functions written as one SQL query, tried against a real PostgreSQL: in their place stands their query, which
// answers on masked data what the function answers on a database that holds the masks.
import t from 'tap'
import { labelled } from '../../../../engine/facts/postgres/labels.js'
import { createReader } from '../../../../engine/facts/postgres/read.js'
import { spliced } from '../../../../engine/facts/postgres/splice.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { NAMES, startLineageLab } from './lineage-lab.js'

const LABELS = [{ schema: 'public', table: 'customers', column: 'ssn', labels: ['secret'] }]

const FUNCTIONS = `
CREATE FUNCTION everyone() RETURNS SETOF customers LANGUAGE sql AS 'SELECT * FROM public.customers';
CREATE FUNCTION one(int) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM customers WHERE id = $1;';
CREATE FUNCTION firmly(int, text) RETURNS text LANGUAGE sql STRICT
  AS 'SELECT ssn || $2 FROM customers WHERE id = $1';
CREATE FUNCTION many(int) RETURNS TABLE (a int, b text) LANGUAGE sql
  AS 'SELECT id, ssn FROM customers WHERE id >= $1 ORDER BY 1 DESC';
CREATE FUNCTION outside(int) RETURNS text LANGUAGE sql AS 'SELECT one($1) || ''!''';
CREATE FUNCTION vals() RETURNS SETOF text LANGUAGE sql AS 'SELECT ssn FROM customers ORDER BY id';
CREATE FUNCTION over(int) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM customers WHERE id = $1';
CREATE FUNCTION over(bigint) RETURNS text LANGUAGE sql AS 'SELECT name FROM customers WHERE id = $1';
CREATE FUNCTION maybe(int DEFAULT 1) RETURNS text LANGUAGE sql
  AS 'SELECT ssn FROM customers WHERE id = $1';
CREATE TYPE pair AS (i int, j int);
CREATE FUNCTION of_pair(pair) RETURNS text LANGUAGE sql
  AS 'SELECT ssn FROM customers WHERE id = $1.i';
CREATE CAST (pair AS text) WITH FUNCTION of_pair(pair);

CREATE FUNCTION named(i int) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM customers WHERE id = i';
CREATE FUNCTION definer(int) RETURNS text LANGUAGE sql SECURITY DEFINER
  AS 'SELECT ssn FROM customers WHERE id = $1';
CREATE FUNCTION setter(int) RETURNS text LANGUAGE sql SET search_path = public
  AS 'SELECT ssn FROM customers WHERE id = $1';
CREATE FUNCTION writer(int) RETURNS text LANGUAGE sql
  AS 'UPDATE customers SET name = name WHERE id = $1 RETURNING ssn';
CREATE FUNCTION within(int) RETURNS text LANGUAGE sql
  AS 'WITH u AS (UPDATE customers SET name = name WHERE id = $1 RETURNING ssn) SELECT ssn FROM u';
CREATE FUNCTION doubly(int) RETURNS text LANGUAGE sql
  AS 'SELECT 1; SELECT ssn FROM customers WHERE id = $1';
CREATE FUNCTION wholly() RETURNS SETOF customers LANGUAGE sql AS 'SELECT c FROM customers c';
CREATE FUNCTION single(int) RETURNS customers LANGUAGE sql AS 'SELECT * FROM customers WHERE id = $1';
CREATE FUNCTION capturing(int) RETURNS text LANGUAGE sql
  AS 'SELECT ssn FROM customers sallyport_arguments WHERE id = $1';
CREATE FUNCTION procedural(int) RETURNS text LANGUAGE plpgsql
  AS 'BEGIN RETURN (SELECT ssn FROM customers WHERE id = $1); END';
CREATE FUNCTION any_of(anyelement) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM customers LIMIT 1'`

const ANSWERED = [
  'SELECT ssn AS v FROM everyone() ORDER BY id',
  'SELECT one(1)',
  'SELECT id, one(id), upper(one(id + 1)) FROM customers ORDER BY id',
  'SELECT one(c.id) AS x, c.name FROM customers c ORDER BY one(c.id), 2',
  `SELECT firmly(1, NULL), firmly(NULL, 'a'), firmly(1, 'x')`,
  'SELECT * FROM many(2)',
  `SELECT * FROM many(1) AS q(x, y) WHERE y > '9'`,
  'SELECT o.id, t.b FROM orders o, many(o.customer_id) t ORDER BY 1, 2',
  'SELECT o.id, t.b FROM orders o LEFT JOIN LATERAL many(o.customer_id) t ON true ORDER BY 1, 2',
  'SELECT outside(1), outside(id) FROM customers ORDER BY id',
  'SELECT vals FROM vals()',
  'SELECT v FROM vals() v',
  'SELECT over(1)',
  'SELECT maybe(1)',
  'SELECT of_pair(ROW(1, 2)::pair)',
  'SELECT (ROW(1, 2)::pair)::text, CAST(ROW(2, 1)::pair AS text)',
  'SELECT p::text AS v FROM (SELECT ROW(id, 1)::pair AS p FROM customers ORDER BY id) q',
  `SELECT public."one" ( /* ) */ 1 )::text || 'x', one(2) IS NULL`,
  `SELECT one((SELECT id FROM customers WHERE ssn = '****' ORDER BY id LIMIT 1))`,
  `SELECT count(*) FROM everyone() WHERE ssn LIKE '9%'`,
  'SELECT to_jsonb(a) FROM everyone() a ORDER BY id',
  `SELECT CASE WHEN one(1) > '5' THEN 1 ELSE 0 END`,
  'SELECT max(one(id)) FROM orders',
]

const REFUSED = [
  ...['named(1)', 'definer(1)', 'setter(1)', 'writer(1)', 'within(1)', 'doubly(1)', 'maybe()'],
  ...['wholly()', '(single(1)).ssn', 'capturing(1)', 'procedural(1)', 'any_of(1)', 'vals()'],
  ...[`over('1')`, 'one(VARIADIC ARRAY[1])', 'firmly(1, ssn) FROM customers GROUP BY definer(1)'],
].map((call) => `SELECT ${call}`)

t.test('functions of one query', { skip: missingPostgres('embedded') }, async (t) => {
  const lab = await startLineageLab('embedded')
  t.teardown(lab.stop)
  await lab.run(FUNCTIONS)
  const catalogue = labelled(await lab.catalogue(), LABELS)
  const reader = await createReader()
  const read = (sql: string) => {
    const reading = reader.read(sql, catalogue, NAMES)
    if (reading instanceof Promise) throw new Error('read elsewhere')
    return reading
  }
  const masks = [{ match: 'label:secret', method: 'redact' }] as const
  const splice = (sql: string) => spliced(sql, { catalogue, names: NAMES, masks, read })
  const answers = async (queries: readonly string[]): Promise<readonly string[]> => {
    const seen: string[] = []
    for (const sql of queries) seen.push(JSON.stringify(await lab.rows(sql)))
    return seen
  }

  t.test('are answered on masked data as on a masked database', async (t) => {
    const texts = ANSWERED.map((sql) => {
      const found = splice(sql)
      if (!('text' in found)) t.fail(`${sql}: ${found.refused}`)
      return 'text' in found ? found.text : 'SELECT NULL'
    })
    const real = await answers(texts)
    await lab.run(`BEGIN; UPDATE customers SET ssn = '****' WHERE ssn IS NOT NULL`)
    const masked = await answers(ANSWERED)
    await lab.run('ROLLBACK')
    for (const [at, sql] of ANSWERED.entries()) {
      t.equal(real[at], masked[at], sql)
      t.notMatch(real[at], /900-00/, sql)
    }
  })

  t.test('are left alone where their query is not all that they are', async (t) => {
    for (const sql of REFUSED) t.hasProp(splice(sql), 'refused', sql)
    const shadowed = `WITH customers AS (SELECT 1 AS id, 'x' AS ssn) SELECT one(1) FROM customers`
    t.hasProp(splice(shadowed), 'refused', 'a name of WITH takes no name of the body')
  })

  t.test('are no more than what they call, though nobody declared them stable', async (t) => {
    const details = (sql: string): readonly string[] =>
      read(sql).statements.flatMap(({ command }) =>
        command.effects.flatMap(({ op, detail }) => (op === 'call' ? (detail ?? []) : [])),
      )
    t.same(details('SELECT one(1)'), ['stable'])
    for (const call of ['doubly(1)', 'writer(1)', 'within(1)', 'setter(1)']) {
      t.ok(details(`SELECT ${call}`).includes('volatile'), call)
    }
    t.ok(details('SELECT definer(1)').includes('security_definer'))
    t.ok(details('SELECT procedural(1)').includes('opaque'))
  })
})
