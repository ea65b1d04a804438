// What INSERT … SELECT and materialized views store, tried against a real PostgreSQL: masked values, and
// only where they take the place of nothing.
import t from 'tap'
import { labelled } from '../../../../engine/facts/postgres/labels.js'
import { createReader } from '../../../../engine/facts/postgres/read.js'
import { spliced } from '../../../../engine/facts/postgres/splice.js'
import type { Spliced } from '../../../../engine/facts/postgres/splice.js'
import type { Mask } from '../../../../engine/schemas/decision.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { NAMES, startLineageLab } from './lineage-lab.js'

const MASK: Mask = { match: 'label:secret', method: 'redact' }
const LABELS = [{ schema: 'public', table: 'customers', column: 'ssn', labels: ['secret'] }]

t.test('what is stored of a query', { skip: missingPostgres('embedded') }, async (t) => {
  const lab = await startLineageLab('embedded')
  t.teardown(lab.stop)
  await lab.run(`CREATE TEMP TABLE kept (id int UNIQUE, v text); CREATE TABLE lasting (v text);
    CREATE VIEW seen AS SELECT v FROM lasting`)
  const catalogue = labelled(await lab.catalogue(), LABELS)
  const names = { ...NAMES, searchPath: ['pg_temp_3', ...NAMES.searchPath] }
  const temporary = catalogue.userRelations?.find(({ name }) => name === 'kept')
  if (temporary !== undefined) names.searchPath[0] = temporary.schema
  const reader = await createReader()
  const splice = (sql: string, mask = MASK): Spliced =>
    spliced(sql, {
      catalogue,
      names,
      masks: [mask],
      read: (rewritten) => {
        const reading = reader.read(rewritten, catalogue, names)
        if (reading instanceof Promise) throw new Error('read elsewhere')
        return reading
      },
    })
  const stored = async (sql: string, from: string, mask = MASK): Promise<string> => {
    const found = splice(sql, mask)
    if (!('text' in found)) return `refused: ${found.refused}`
    await lab.run(found.text)
    const rows = await lab.rows(from)
    return rows.flat().join(' ')
  }

  t.test('a temporary table takes masked values', async (t) => {
    for (const sql of [
      'INSERT INTO kept SELECT id, ssn FROM customers WHERE id = 1',
      'INSERT INTO pg_temp.kept (v) SELECT max(ssn) FROM customers',
      'WITH q AS (SELECT ssn FROM customers) INSERT INTO kept (v) SELECT ssn FROM q LIMIT 1',
      `INSERT INTO kept (v) VALUES ((SELECT ssn FROM customers WHERE id = 1))`,
    ]) {
      t.equal(await stored(sql, 'SELECT v FROM kept'), '****', sql)
      await lab.run('TRUNCATE kept')
    }
  })

  t.test('a materialized view holds them, and after a refresh as well', async (t) => {
    const made = 'CREATE MATERIALIZED VIEW copied AS SELECT ssn FROM customers WHERE id = 1'
    t.equal(await stored(made, 'SELECT ssn FROM copied'), '****')
    await lab.run('REFRESH MATERIALIZED VIEW copied')
    t.same(await lab.rows('SELECT ssn FROM copied'), [['****']])
  })

  t.test('a view holds them, whoever reads it', async (t) => {
    const made = 'CREATE VIEW looked (v) AS SELECT ssn FROM customers WHERE id = 1'
    t.equal(await stored(made, 'SELECT v FROM looked'), '****')
    t.hasProp(splice(made.replace('VIEW', 'OR REPLACE VIEW')), 'refused')
  })

  t.test('a table that is there already takes none, unless the masks say so', async (t) => {
    const sql = 'INSERT INTO lasting SELECT ssn FROM customers WHERE id = 1'
    t.match(await stored(sql, 'SELECT v FROM lasting'), /^refused: .* there already/)
    const willing = { ...MASK, stored: true }
    t.equal(await stored(sql, 'SELECT v FROM lasting', willing), '****')
    for (const other of ['seen', 'customers_of_nowhere', 'pg_catalog.pg_class']) {
      const into = `INSERT INTO ${other} SELECT ssn FROM customers`
      t.hasProp(splice(into, willing), 'refused', other)
    }
  })

  t.test('what stands beside the query is not made masked by it', async (t) => {
    for (const beside of [
      'RETURNING (SELECT max(ssn) FROM customers)',
      'ON CONFLICT (id) DO UPDATE SET v = (SELECT max(ssn) FROM customers)',
      `ON CONFLICT (id) DO UPDATE SET v = '' WHERE EXISTS (SELECT FROM customers WHERE ssn > '5')`,
    ]) {
      const sql = `INSERT INTO kept SELECT id, ssn FROM customers ${beside}`
      t.hasProp(splice(sql), 'refused', sql)
    }
    const cte =
      'WITH d AS (DELETE FROM lasting RETURNING v) INSERT INTO kept (v) SELECT ssn FROM customers'
    t.hasProp(splice(cte), 'refused')
  })
})
