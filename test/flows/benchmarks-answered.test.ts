// The questions that analysts ask, as TPC-H, TPC-DS and the Join Order Benchmark put them, asked by an agent
// from whom all that is known of people is masked: nearly all are answered, and as on a copy of the
// database in which those values had been replaced.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import {
  BENCHMARKS,
  PERSONAL,
  benchmarks,
  filled,
  labelRules,
  queriesOf,
  type Benchmark,
} from '../corpora/benchmarks.js'
import { told } from '../oracle/answers.js'
import { REPOSITORY } from '../peers/gateway-config.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const skip = missingPostgres('embedded')
// The first time, packages are fetched.
t.setTimeout(300_000)

t.test('benchmarks are answered on masked data', { skip }, async (t) => {
  const corpus = await benchmarks()
  if ('missing' in corpus) {
    t.pass('TPC-H, TPC-DS and JOB', { skip: corpus.missing })
    return
  }
  const server = await startPostgres({
    kind: 'embedded',
    config: { max_parallel_workers_per_gather: '0', shared_buffers: '128MB', jit: 'off' },
  })
  t.teardown(() => server.stop())
  const { host, port, superuser: user, password } = server
  const direct = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client({ host, port, user, password, database })
    await client.connect()
    return client
  }
  const first = await direct('postgres')
  for (const benchmark of BENCHMARKS) {
    await first.query(`CREATE DATABASE ${benchmark}`)
    const client = await direct(benchmark)
    await filled(client, corpus.folder, benchmark)
    await client.end()
    await first.query(`CREATE DATABASE ${benchmark}_masked TEMPLATE ${benchmark}`)
    const copy = await direct(`${benchmark}_masked`)
    await copy.query(await maskedValues(copy, benchmark))
    await copy.end()
  }
  // Without the indexes that its users would make, the planner chooses badly for some of TPC-DS.
  for (const name of ['tpcds', 'tpcds_masked']) {
    await first.query(`ALTER DATABASE ${name} SET enable_nestloop = off`)
  }
  await first.end()
  const policies = mkdtempSync(join(tmpdir(), 'sallyport-policies-'))
  t.teardown(() => rmSync(policies, { recursive: true, force: true }))
  cpSync(join(REPOSITORY, 'rego'), policies, { recursive: true })
  writeFileSync(
    join(policies, 'data/labels/data.yaml'),
    JSON.stringify({ columns: BENCHMARKS.flatMap(labelRules) }),
  )
  const gateway = await startTestGateway({
    policies,
    target: {
      name: 'lake',
      database: 'tpch',
      databases: [...BENCHMARKS],
      host,
      port,
      labels: { env: 'test' },
      accounts: [{ user, password }],
    },
  })
  t.teardown(() => gateway.stop())
  for (const benchmark of BENCHMARKS) {
    await t.test(benchmark, async (t) => {
      const agent = new pg.Client({
        host: gateway.host,
        port: gateway.port,
        user: 'agent',
        password: await gateway.token('agent'),
        database: `lake/${benchmark}`,
      })
      await agent.connect()
      const masked = await direct(`${benchmark}_masked`)
      const queries = queriesOf(corpus.folder, benchmark)
      const refused: string[] = []
      const wrong: string[] = []
      let masks = 0
      for (const { name, sql } of queries) {
        const both = [agent, masked].map((client) => told(client, { sql, ordered: false }))
        const [ours, expected] = await Promise.all(both)
        if (ours === undefined || 'code' in ours) refused.push(`${name}: ${JSON.stringify(ours)}`)
        else if (JSON.stringify(ours) !== JSON.stringify(expected)) wrong.push(name)
        else if (JSON.stringify(ours).includes('****')) masks++
      }
      await agent.end()
      await masked.end()
      t.comment(`${queries.length - refused.length} of ${queries.length} answered`, refused)
      t.ok(masks > 0, `${masks} answers show masks`)
      t.same(wrong, [], 'each answer is that of the masked copy')
      t.ok(refused.length * 20 <= queries.length, `95 % are answered, not ${refused.join('\n')}`)
    })
  }
})

// Asterisks in texts, NULL in place of all else, as the shipped policies mask.
async function maskedValues(client: pg.Client, benchmark: Benchmark): Promise<string> {
  const { rows } = await client.query<{ table: string; name: string; text: boolean }>(
    `SELECT c.relname AS table, a.attname AS name, t.typcategory = 'S' AS text
     FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0`,
  )
  const set = rows.filter(({ table, name }) => PERSONAL[benchmark][table]?.includes(name))
  return set
    .map(({ table, name, text }) =>
      text
        ? `UPDATE ${table} SET ${name} = left('****', ${name === 'gender' ? 1 : 4}) WHERE ${name} IS NOT NULL;`
        : `ALTER TABLE ${table} ALTER ${name} DROP NOT NULL; UPDATE ${table} SET ${name} = NULL;`,
    )
    .join('\n')
}
