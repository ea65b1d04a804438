// What a running gateway records of real clients, decided again: the same by its own policies, and under a change
// the very commands that would have gone differently, as they were recorded.
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { backtest } from '../../proxy/policies/backtest/backtest.js'
import { namedPolicy } from '../../proxy/policies/backtest/named-policy.js'
import { REPOSITORY } from '../peers/gateway-config.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'
import { emptyDirectory } from '../proxy/recording/sample-record.js'
import { LIBRARY, opaPath } from '../rego/library.js'

const skip = missingPostgres('embedded')

const COMMANDS = [
  'SELECT id, status FROM orders',
  'SELECT name, ssn FROM customers',
  "SELECT id FROM customers WHERE ssn = '123-45-6789'",
  "UPDATE orders SET status = 'late' WHERE id = 1",
  "UPDATE orders SET status = 'late'",
  'COPY (SELECT ssn FROM customers) TO STDOUT',
  'BEGIN',
  'SELECT count(*) FROM orders',
  'ROLLBACK',
  'SELECT 1; SELECT 2',
]

// A busy machine may be slow to start a server.
t.setTimeout(240_000)

t.test('a record of real traffic', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(() => server.stop())
  const { host, port, superuser: user, password } = server
  const setUp = new pg.Client({ host, port, user, password, database: 'postgres' })
  await setUp.connect()
  await setUp.query(readFileSync(join(REPOSITORY, 'rego', 'catalogue', 'shop.sql'), 'utf8'))
  await setUp.end()
  const target = { name: 'shop', database: 'postgres', host, port, accounts: [{ user, password }] }
  const gateway = await startTestGateway({ target })
  t.teardown(() => gateway.stop())
  for (const who of ['agent', 'engineer']) {
    const client = new pg.Client({
      host: gateway.host,
      port: gateway.port,
      user: who,
      password: await gateway.token(who),
      database: 'shop',
    })
    client.on('error', () => undefined)
    await client.connect()
    for (const sql of COMMANDS) await client.query(sql).catch(() => undefined)
    // Bind values make a digest of their own.
    await client.query('SELECT id FROM orders WHERE id = $1', [7]).catch(() => undefined)
    await client.end()
  }

  const work = emptyDirectory(t)
  const opa = await opaPath()
  const options = { opa: () => Promise.resolve(opa), cwd: work, fuel: 5_000_000 }
  const records = gateway.recordDirectory
  const own = await namedPolicy(LIBRARY, options)
  const same = await backtest({ records, policy: own.policy })
  t.match(same.comparison, { flips: 0, otherRules: 0, unchecked: 0, groups: [] })
  t.ok(same.comparison.compared > 20, `${same.comparison.compared} commands`)
  const digests = await backtest({ records, policy: { ...own.policy, reads: undefined } })
  t.match(digests.comparison, { flips: 0, unchecked: 0 }, 'every digest put together again')

  cpSync(LIBRARY, join(work, 'changed'), { recursive: true })
  const file = join(work, 'changed/policies/sallyport/policies/destructive.rego')
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(
      'effect.where in {"absent", "trivial"}',
      'effect.where in {"trivial"}',
    ),
  )
  const changed = await namedPolicy('changed', options)
  const { comparison } = await backtest({ records, policy: changed.policy })
  t.match(
    comparison.groups.map(({ direction, from, rule }) => [direction, from, rule]),
    [['wider', 'deny', 'destructive/update-without-where']],
  )
  t.match(comparison.groups[0]?.examples[0], { text: "UPDATE orders SET status = 'late'" })
  t.notMatch(JSON.stringify(same) + JSON.stringify(comparison), '123-45-6789')
})
