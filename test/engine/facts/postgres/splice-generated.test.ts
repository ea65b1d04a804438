// A generated column over protected ones, tried against a real PostgreSQL: what is stored in it is masked.
import t from 'tap'
import { labelled } from '../../../../engine/facts/postgres/labels.js'
import { createReader } from '../../../../engine/facts/postgres/read.js'
import { spliced } from '../../../../engine/facts/postgres/splice.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { NAMES, startLineageLab } from './lineage-lab.js'

const LABELS = [{ schema: 'public', table: 'customers', column: 'ssn', labels: ['secret'] }]

t.test('a generated column', { skip: missingPostgres('embedded') }, async (t) => {
  const lab = await startLineageLab('embedded')
  t.teardown(lab.stop)
  const catalogue = labelled(await lab.catalogue(), LABELS)
  const reader = await createReader()
  const read = (sql: string) => {
    const reading = reader.read(sql, catalogue, NAMES)
    if (reading instanceof Promise) throw new Error('read elsewhere')
    return reading
  }
  const masks = [{ match: 'label:secret', method: 'redact' }] as const
  const splice = (sql: string) => spliced(sql, { catalogue, names: NAMES, masks, read })

  t.test('holds what its expression gives on masked values', async (t) => {
    for (const [expression, value] of [
      [`ssn || ''`, '****'],
      [`upper("ssn") || '-' || region`, '****-south'],
      [`CASE WHEN ssn > '5' THEN 'high' ELSE 'low' END`, 'low'],
      [`length(ssn)::text`, '4'],
    ] as const) {
      const sql = `ALTER TABLE customers ADD COLUMN z text GENERATED ALWAYS AS (${expression}) STORED`
      const found = splice(sql)
      t.hasProp(found, 'text', sql)
      if (!('text' in found)) continue
      await lab.run(found.text)
      t.same(await lab.rows('SELECT z FROM customers WHERE id = 1'), [[value]], sql)
      await lab.run('ALTER TABLE customers DROP COLUMN z')
    }
  })

  t.test('is left alone beside anything else', async (t) => {
    for (const change of [
      `ADD COLUMN z text GENERATED ALWAYS AS (customers.ssn || '') STORED`,
      `ADD COLUMN z text GENERATED ALWAYS AS (ssn || '') STORED CHECK (ssn > '5')`,
      `ADD COLUMN z text GENERATED ALWAYS AS (ssn || '') STORED, ADD CHECK (ssn > '5')`,
      `ADD COLUMN z text GENERATED ALWAYS AS (ssn || '') STORED, RENAME TO others`,
      `ADD CHECK (ssn > '5')`,
      `ALTER COLUMN name TYPE text USING ssn`,
      `ALTER COLUMN ssn TYPE int USING ssn::int`,
    ]) {
      t.notOk('text' in splice(`ALTER TABLE customers ${change}`), change)
    }
  })
})
