// Where columns come from, held against PostgreSQL itself: the queries of its own regression tests, of
// TPC-H, TPC-DS and the Join Order Benchmark are made views, and what their rules say is compared with what
// is read of the same text. SALLYPORT_LINEAGE=all takes each query, not every second, and the scripts that
// mostly define things as well.
import pg from 'pg'
import t from 'tap'
import type { Test } from 'tap'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BENCHMARKS, benchmarks, queriesOf } from '../corpora/benchmarks.js'
import { regressTests, scriptsOf } from '../corpora/regress.js'
import { createOracle, kindOf, type Tally } from '../oracle/lineage-oracle.js'
import { statementsOf } from '../oracle/psql-script.js'
import { missingPostgres, startPostgres, type Postgres } from '../peers/postgres.js'

const skip = missingPostgres('debian')
const ALL = process.env['SALLYPORT_LINEAGE'] === 'all'

// Many definitions, few queries.
const DEFINING = new Set(
  [
    'alter_generic alter_table brin brin_bloom brin_multi cluster collate.icu.utf8 compression',
    'create_am create_index create_table create_table_like event_trigger fast_default foreign_data',
    'foreign_key generated gin gist hash_index identity indexing insert_conflict matview',
    'object_address partition_prune plancache plpgsql privileges psql psql_crosstab publication',
    'replica_identity rowsecurity sequence spgist stats stats_ext temp triggers truncate',
    'updatable_views vacuum opr_sanity type_sanity',
  ].flatMap((line) => line.split(' ')),
)

// The first time, the source package is fetched.
t.setTimeout(1_100_000)

t.test('PostgreSQL’s own tests', { skip }, async (t) => {
  const corpus = await regressTests()
  if ('missing' in corpus) {
    t.pass('the regression tests', { skip: corpus.missing })
    return
  }
  const server = await startPostgres({
    kind: 'debian',
    config: { max_locks_per_transaction: '256', jit: 'off', autovacuum: 'off' },
  })
  t.teardown(() => server.stop())
  const client = await connected(server)
  t.teardown(() => client.end())
  const { rows } = await client.query<{ version: string }>(
    `SELECT current_setting('server_version_num') AS version`,
  )
  if (!rows[0]?.version.startsWith('15')) {
    t.pass('the regression tests', { skip: 'skipped: they are those of PostgreSQL 15' })
    return
  }
  const oracle = await createOracle(client)
  let seen = 0
  for (const { name, text } of scriptsOf(corpus.folder)) {
    if (DEFINING.has(name) && !ALL) continue
    for (const sql of statementsOf(text)) {
      const kind = kindOf(sql)
      if (kind === 'query' && (seen++ % 2 === 0 || ALL)) oracle.ask(sql)
      if (kind === 'definition') await oracle.run(sql)
    }
    await oracle.ended()
  }
  held(t, oracle.tally, { queries: 4000, resolved: 0.99 })
})

t.test('TPC-H, TPC-DS and JOB', { skip }, async (t) => {
  const corpus = await benchmarks()
  if ('missing' in corpus) {
    t.pass('TPC-H, TPC-DS and JOB', { skip: corpus.missing })
    return
  }
  const server = await startPostgres({ kind: 'debian' })
  t.teardown(() => server.stop())
  for (const benchmark of BENCHMARKS) {
    await t.test(benchmark, async (t) => {
      const client = await connected(server)
      // Two of them have a table of customers.
      await client.query(`CREATE SCHEMA ${benchmark}; SET search_path = ${benchmark}`)
      await client.query(readFileSync(join(corpus.folder, benchmark, 'schema.sql'), 'utf8'))
      const oracle = await createOracle(client)
      const queries = queriesOf(corpus.folder, benchmark)
      for (const { sql } of queries) oracle.ask(sql.replace(/;\s*$/, ''))
      await oracle.ended()
      await client.end()
      held(t, oracle.tally, { queries: queries.length, resolved: 1 })
    })
  }
})

async function connected({ host, port, superuser, password }: Postgres): Promise<pg.Client> {
  const client = new pg.Client({ host, port, user: superuser, password, database: 'postgres' })
  await client.connect()
  await client.query(`SET client_min_messages = error; SET statement_timeout = '120s'`)
  return client
}

function held(
  t: Test,
  tally: Tally,
  least: { readonly queries: number; readonly resolved: number },
): void {
  const { queries, unread, columns, exact, missed, more } = tally
  t.comment(JSON.stringify({ queries, unread, columns, exact }))
  t.ok(queries >= least.queries, `${queries} queries can be views`)
  t.same(missed.slice(0, 5), [], 'no source is missed')
  const resolved = (queries - unread) / queries
  t.ok(resolved >= least.resolved, `${(resolved * 100).toFixed(2)} % are read whole`)
  const share = exact / columns
  t.ok(share >= 0.999, `${(share * 100).toFixed(3)} % of columns are exact: ${more.join('\n')}`)
}
