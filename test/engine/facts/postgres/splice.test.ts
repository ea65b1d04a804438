// Masking at the source, tried against a real PostgreSQL: what the rewritten text answers is what the
// client's own text answers on a database in which the protected values had been replaced; and two
// databases that differ in protected values alone answer the same.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { labelled } from '../../../../engine/facts/postgres/labels.js'
import { createReader } from '../../../../engine/facts/postgres/read.js'
import { spliced } from '../../../../engine/facts/postgres/splice.js'
import type { Spliced } from '../../../../engine/facts/postgres/splice.js'
import type { Mask } from '../../../../engine/schemas/decision.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { corpus, NAMES, startLineageLab } from './lineage-lab.js'

const MASKED = { ssn: '****', card: '****', email: '****', balance: null } as const
const LABELS = [
  ...Object.keys(MASKED).map((column) => ({ table: 'customers', column })),
  { table: 'employees', column: 'salary' },
].map((rule) => ({ ...rule, schema: 'public', labels: ['secret'] }))
const MASK: Mask = { match: 'label:secret', method: 'redact' }

const text = (value: (column: string) => string) =>
  ['ssn', 'card', 'email']
    .map((name) => `${name} = CASE WHEN ${name} IS NOT NULL THEN ${value(name)} END`)
    .join(', ')
const DATABASES = {
  // An update that changes nothing, so that rows lie in the same order in each.
  real: `UPDATE customers SET ssn = ssn; UPDATE employees SET salary = salary`,
  other: `UPDATE customers SET ${text((name) => `md5(${name})`)}, balance = 9 - balance;
    UPDATE employees SET salary = 5000 - salary * 3`,
  masked: `UPDATE customers SET ${text(() => `'****'`)}, balance = NULL;
    UPDATE employees SET salary = NULL`,
}
const RAW = /900-00-000|40000000000|mail\d@a/

for (const kind of ['embedded', 'debian'] as const) {
  const options = { skip: missingPostgres(kind), timeout: 120_000 }
  t.test(`a rewritten SELECT answers as on a masked database (${kind})`, options, async (t) => {
    const lab = await startLineageLab(kind)
    t.teardown(lab.stop)
    const catalogue = labelled(await lab.catalogue(), LABELS)
    const reader = await createReader()
    const splice = (sql: string, mask = MASK): Spliced =>
      spliced(sql, {
        catalogue,
        names: NAMES,
        masks: [mask],
        read: (rewritten) => {
          const reading = reader.read(rewritten, catalogue, NAMES)
          if (reading instanceof Promise) throw new Error('read elsewhere')
          return reading
        },
      })
    const answers = async (database: keyof typeof DATABASES, queries: readonly string[]) => {
      await lab.run(`BEGIN; ${DATABASES[database]}; REFRESH MATERIALIZED VIEW stored; SAVEPOINT s`)
      const seen: string[] = []
      for (const sql of queries) {
        try {
          const rows = await lab.rows(sql)
          seen.push(JSON.stringify(rows.map((row) => JSON.stringify(row)).sort()))
        } catch (problem) {
          await lab.run('ROLLBACK TO s')
          seen.push(`error ${(problem as { readonly code?: string }).code}`)
        }
      }
      await lab.run('ROLLBACK')
      return seen
    }

    t.test('its answer is that of the masked database, whatever the values are', async (t) => {
      // Where a row lies and what time it is are other matters.
      const known = ['oracles.sql', 'queries.sql', '../splice/queries.sql'].flatMap(corpus)
      const written = known
        .filter(({ sql, from }) => from <= lab.version && !/ctid|localtime/.test(sql))
        .map(({ sql }) => sql)
      const tried = [...written, ...generated()].flatMap((sql) => {
        const found = splice(sql)
        return 'text' in found ? [{ sql, text: found.text }] : []
      })
      const originals = tried.map(({ sql }) => sql)
      const texts = tried.map((one) => one.text)
      const expected = await answers('masked', originals)
      const real = await answers('real', texts)
      const other = await answers('other', texts)
      let closed = 0
      for (const [place, sql] of originals.entries()) {
        t.equal(other[place], real[place], `the values make no difference: ${sql}`)
        // Unless the client wrote it itself.
        if (!RAW.test(sql)) t.notMatch(real[place], RAW, `no value is seen: ${sql}`)
        if (real[place]?.startsWith('error') === true) closed += 1
        else t.equal(real[place], expected[place], `as on the masked database: ${sql}`)
      }
      t.ok(tried.length - closed >= 150, `${tried.length} rewritten, ${closed} of them fail`)
      t.comment(`${tried.length} rewritten, ${closed} of them fail`)
    })

    t.test('what is not followed with certainty is left alone', async (t) => {
      for (const sql of readFileSync('fixtures/splice/left-alone.sql', 'utf8').split(/;\n/)) {
        if (sql.trim() !== '') t.hasProp(splice(sql), 'refused', sql)
      }
      const sql = 'SELECT id FROM customers ORDER BY ssn'
      for (const method of ['hash', 'token'] as const) {
        t.hasProp(splice(sql, { ...MASK, method }), 'refused', method)
      }
      t.hasProp(splice(sql, { ...MASK, method: 'constant', value: 'a\\' }), 'refused')
    })

    t.test('everything but the name stays as it was written', async (t) => {
      const found = splice(`SELECT 'é😀' /* customers */ FROM"customers"WHERE ssn>'x' -- end`)
      t.ok('text' in found)
      if (!('text' in found)) return
      t.ok(found.text.startsWith(`SELECT 'é😀' /* customers */ FROM(SELECT `))
      t.ok(found.text.endsWith(` AS "customers" WHERE ssn>'x' -- end`))
    })
  })
}

// Every shape with every use of a protected column.
function generated(): readonly string[] {
  const uses = ['ssn', 'card', `lower(email)`, `coalesce(ssn, 'x')`, 'balance + 1', 'id']
  const shapes = [
    (use: string) => `SELECT id FROM customers WHERE ${use} IS NOT NULL AND ${use}::text > '*'`,
    (use: string) => `SELECT ${use}, count(*) FROM customers GROUP BY 1 ORDER BY 1`,
    (use: string) => `SELECT DISTINCT ${use} FROM customers WHERE ssn > ' '`,
    (use: string) => `SELECT id FROM customers ORDER BY ${use}, ssn, id LIMIT 3`,
    (use: string) => `SELECT max(${use}) FROM customers GROUP BY ssn`,
    (use: string) => `SELECT id, dense_rank() OVER (ORDER BY ${use}, card) FROM customers`,
    (use: string) =>
      `WITH q AS (SELECT ${use} AS u, ssn FROM customers) SELECT q.u FROM q JOIN q r ON q.ssn = r.ssn`,
    (use: string) =>
      `SELECT ${use} FROM customers UNION ALL SELECT ${use} FROM customers WHERE card > '5'`,
    (use: string) =>
      `SELECT o.id, (SELECT ${use} FROM customers c WHERE c.id = o.customer_id AND c.ssn > '*') FROM orders o`,
    (use: string) =>
      `SELECT s.u FROM (SELECT ${use} AS u, card FROM customers) s WHERE s.card LIKE '%*' ORDER BY s.u`,
    (use: string) =>
      `SELECT o.total FROM orders o JOIN (SELECT id AS k, ${use} AS u, ssn FROM customers) c ON c.k = o.customer_id AND c.ssn <> 'x'`,
  ]
  return shapes.flatMap((shape) => uses.map(shape))
}
