// The keys of masks are settings of the session: no statement reads, sets or stores them, by whatever name and
// whatever the decision.
import t from 'tap'
import { exitMasksOf } from '../../../../engine/facts/postgres/exit-masks.js'
import { reservedSetting } from '../../../../engine/facts/postgres/reserved-settings.js'
import { createLab } from './lab.js'

const lab = await createLab()
const statementOf = (sql: string) => {
  const [statement] = lab.read(sql).statements
  if (statement === undefined) throw new Error(`nothing read: ${sql}`)
  return statement
}

t.test('what names a setting of the gateway is refused, masks or not', async (t) => {
  for (const sql of [
    'SHOW sallyport.mask_inner',
    'SHOW "SALLYPORT".Mask_Inner',
    `SELECT current_setting('Sallyport.mask_outer')`,
    `SELECT current_setting('sallyport.' || 'mask_outer', true)`,
    `SELECT set_config('sallyport.mask_inner', '', true)`,
    'SET sallyport.anything = 1',
    'SET LOCAL sallyport.mask_inner TO DEFAULT',
    'RESET sallyport.mask_inner',
    `EXPLAIN SELECT current_setting('sallyport.mask_inner')`,
    `DECLARE c CURSOR FOR SELECT current_setting('sallyport.mask_inner')`,
    `CREATE FUNCTION f() RETURNS int LANGUAGE sql SET sallyport.mask_inner FROM CURRENT AS 'SELECT 1'`,
    `CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT current_setting('sallyport.mask_inner') $$`,
    'ALTER FUNCTION f() SET sallyport.mask_inner FROM CURRENT',
    'ALTER ROLE postgres SET sallyport.mask_inner FROM CURRENT',
    'ALTER DATABASE shop SET sallyport.mask_inner FROM CURRENT',
    `CREATE VIEW v AS SELECT current_setting('sallyport.mask_inner')`,
  ]) {
    t.hasProp(exitMasksOf(statementOf(sql), []), 'refused', sql)
    t.hasProp(
      exitMasksOf(statementOf(sql), [{ match: 'label:pii', method: 'redact' }]),
      'refused',
      `${sql} under masks`,
    )
  }
})

t.test('other settings are as they were', async (t) => {
  for (const sql of [
    'SHOW ALL',
    'RESET ALL',
    'SHOW search_path',
    `SELECT current_setting('app.tenant', true)`,
    `SET sallyports.x = 1`,
    `CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path FROM CURRENT AS 'SELECT 1'`,
  ])
    t.equal(reservedSetting(statementOf(sql)), undefined, sql)
})
