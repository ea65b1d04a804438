// The system's own relations that hold secrets carry labels, read by whatever name.
import t from 'tap'
import { createLab } from './lab.js'

const lab = await createLab()

function labels(sql: string): readonly string[] {
  const effects = lab.read(sql).statements.flatMap((one) => one.command.effects)
  return [...new Set(effects.flatMap((effect) => effect.labels ?? []))]
}

t.test('credentials, statistics, activity and large objects are labelled', async (t) => {
  t.same(labels('SELECT * FROM pg_authid'), ['system:credentials'])
  t.same(labels('SELECT passwd FROM pg_shadow'), ['system:credentials'])
  t.same(labels('SELECT * FROM pg_catalog.pg_user_mappings'), ['system:credentials'])
  t.same(labels('SELECT most_common_vals FROM pg_stats'), ['system:statistics'])
  t.same(labels('SELECT s FROM pg_statistic s'), ['system:statistics'])
  t.same(labels('SELECT query FROM pg_stat_activity'), ['system:activity'])
  t.same(labels('SELECT a FROM pg_stat_activity a'), ['system:activity'])
  t.same(labels('SELECT * FROM pg_stat_get_activity(NULL)'), ['system:activity'])
  t.same(labels('SELECT data FROM pg_largeobject'), ['system:large_objects'])
  t.same(labels('TABLE pg_hba_file_rules'), ['system:configuration'])
  t.same(labels('COPY pg_authid TO STDOUT'), ['system:credentials'])
})

t.test('the rest of the catalogue is not', async (t) => {
  for (const sql of [
    'SELECT pid, state FROM pg_stat_activity',
    'SELECT relname FROM pg_class',
    'SELECT * FROM pg_settings',
    'SELECT * FROM information_schema.columns',
    'SELECT srvname FROM pg_foreign_server',
    'SELECT rolname FROM pg_roles',
  ]) {
    t.same(labels(sql), [], sql)
  }
})
