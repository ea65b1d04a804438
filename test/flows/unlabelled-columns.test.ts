// A target of which nobody has said what it holds: an agent sees no column of it in the clear until somebody labels
// it, by a label of any kind or by the word that there is none, and the answer says so.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { settingsFrom } from '../../proxy/config/read-config.js'
import { changedLibrary } from '../peers/changed-library.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const DDL = `
CREATE TABLE things (id int PRIMARY KEY, what text, ssn text, made date);
INSERT INTO things VALUES (1, 'kestrel', 'plover', '2026-01-02'), (2, NULL, 'wren', NULL);
CREATE VIEW of_things AS SELECT id, upper(what) AS loud, 'fixed' AS word FROM things;
CREATE TABLE parted (id int, a text) PARTITION BY LIST (id);
CREATE TABLE part_one PARTITION OF parted FOR VALUES IN (1);
INSERT INTO parted VALUES (1, 'heron');
`

t.test('columns that nobody has labelled', { skip: missingPostgres('embedded') }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(() => server.stop())
  const { host, port, superuser: user, password } = server
  const direct = new pg.Client({ host, port, user, password, database: 'postgres' })
  await direct.connect()
  t.teardown(() => direct.end())
  await direct.query(DDL)
  const policies = changedLibrary(t)
  const teams = join(policies, 'data/teams/data.yaml')
  writeFileSync(teams, readFileSync(teams, 'utf8').replace('pii-readers', 'engineers'))
  const gateway = await startTestGateway({
    policies,
    target: {
      name: 'shop',
      host,
      port,
      database: 'postgres',
      labels: { env: 'dev' },
      unlabelled: 'mask',
      accounts: [{ user, password }],
    },
  })
  t.teardown(() => gateway.stop())
  const as = async (name: string): Promise<pg.Client> => {
    const password = await gateway.token(name)
    const at = { host: '127.0.0.1', port: gateway.port, user: name, database: 'shop', password }
    const client = new pg.Client(at)
    t.teardown(() => client.end().catch(() => undefined))
    await client.connect()
    return client
  }
  const told = async (client: pg.Client, sql: string): Promise<unknown> =>
    client.query({ text: sql, rowMode: 'array' }).then(
      ({ rows }) => rows,
      (problem: { message?: string; hint?: string }) => [problem.message, problem.hint],
    )
  const agent = await as('agent')
  const engineer = await as('engineer')

  t.test('are masked for whom anything is masked', async (t) => {
    t.same(await told(agent, 'SELECT * FROM things ORDER BY id'), [
      [null, '****', '****', null],
      [null, null, '****', null],
    ])
    t.same(await told(agent, 'SELECT count(*)::int, count(what)::int FROM things'), [[2, 1]])
    t.same(await told(agent, "SELECT id FROM things WHERE what = 'kestrel'"), [])
    t.same(await told(agent, 'SELECT loud, word FROM of_things LIMIT 1'), [['****', 'fixed']])
    t.same(await told(agent, 'SELECT a FROM parted'), [['****']])
    t.same(await told(agent, 'SELECT a FROM part_one'), [['****']])
    t.match(await told(engineer, 'SELECT what FROM things WHERE id = 1'), [['kestrel']])
  })

  t.test('the hint of a refusal says what would show them', async (t) => {
    const [message, hint] = (await told(
      agent,
      "UPDATE things SET made = NULL WHERE what = 'x'",
    )) as string[]
    t.match(`${message ?? ''} ${hint ?? ''}`, /things\.what/)
    const said = readRecord(gateway.recordDirectory)
    t.match(said, /protected\/unlabelled/)
    t.match(said, /labels scan proposes labels/)
  })

  t.test('what a session puts into its own temporary table is its own', async (t) => {
    await agent.query('CREATE TEMP TABLE mine (a text)')
    await agent.query("INSERT INTO mine VALUES ('owl')")
    t.same(await told(agent, 'SELECT a FROM mine'), [['owl']])
    await engineer.query('CREATE TEMP TABLE theirs AS SELECT what AS a FROM things')
    t.match(await told(engineer, 'SELECT count(a)::int FROM theirs'), [[1]])
  })

  t.test('a label of any kind shows them, and so does an empty list', async (t) => {
    const file = join(policies, 'data/labels/data.yaml')
    writeFileSync(
      file,
      `${readFileSync(file, 'utf8')}
  - {table: things, column: what, labels: [public]}
  - {table: things, column: id, labels: []}
  - {table: parted, column: a, labels: []}
`,
    )
    await gateway.gateway.reload(settingsFrom(gateway.configFile, process.env))
    t.same(await told(agent, 'SELECT * FROM things WHERE id = 1'), [[1, 'kestrel', '****', null]])
    t.same(await told(agent, 'SELECT loud FROM of_things WHERE id = 1'), [['KESTREL']])
    t.same(await told(agent, 'SELECT a FROM part_one'), [['heron']], 'for partitions as well')
    t.same(await told(agent, 'SELECT id FROM part_one'), [[null]])
  })

  t.test('what is copied from them is unlabelled as well, and no more than that', async (t) => {
    await engineer.query('CREATE TABLE copied AS SELECT made AS m, ssn AS s FROM things')
    t.same(await told(agent, 'SELECT m, s FROM copied LIMIT 1'), [[null, '****']])
  })
})

function readRecord(directory: string): string {
  return readFileSync(join(directory, 'segment-00000001.jsonl'), 'utf8')
}
