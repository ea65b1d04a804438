// Somebody who sees protected values copies them to where no rule names them: from the next statement on, and after
// a restart, an agent gets them masked there. A copy under another name, by another way, in a session that is
// open already; what is dropped and made anew holds nothing; what cannot be labelled is not stored.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import { run as audit } from '../../proxy/commands/audit.js'
import { run as labelsCommand } from '../../proxy/commands/labels.js'
import { settingsFrom } from '../../proxy/config/read-config.js'
import { createLog } from '../../proxy/log.js'
import { startGateway, type Gateway } from '../../proxy/serve.js'
import { TOOL_CACHE } from '../peers/gateway-config.js'
import { changedLibrary } from '../peers/changed-library.js'
import { startTestGateway, type TestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

// Of no shape that a pattern would find.
const SECRET = 'kestrel over 4401'
const DDL = `
CREATE TABLE customers (id int PRIMARY KEY, name text, ssn text, region text);
INSERT INTO customers VALUES (1, 'Ann', '${SECRET}', 'north'), (2, 'Bob', 'plover over 4401', 'south');
CREATE TABLE plain (id int, a text, b text);
CREATE TABLE parted (id int, a text) PARTITION BY LIST (id);
CREATE TABLE part_one PARTITION OF parted FOR VALUES IN (1);
CREATE VIEW through_view AS SELECT id AS number, b AS other FROM plain;
CREATE TABLE people (id int, ssn text);
INSERT INTO people VALUES (1, '${SECRET}');
CREATE TABLE vaulted (id int, held text) PARTITION BY LIST (id);
CREATE TABLE vault_one PARTITION OF vaulted FOR VALUES IN (1);
CREATE TABLE vault_two PARTITION OF vaulted FOR VALUES IN (2);
INSERT INTO vaulted VALUES (1, '${SECRET}'), (2, '${SECRET}');
CREATE TABLE computed (ssn text, loud text GENERATED ALWAYS AS (upper(ssn)) STORED, other text);
INSERT INTO computed VALUES ('${SECRET}');
CREATE FUNCTION first_ssn() RETURNS text LANGUAGE sql AS 'SELECT ssn FROM customers LIMIT 1';
`

// What is done in the clear, and what an agent then asks.
// A rule for one table alone: by another name, in another schema, without its parent, nothing says what it holds.
const MOVES: readonly (readonly [doing: readonly string[], asking: string])[] = [
  [['ALTER TABLE vaulted DETACH PARTITION vault_one'], 'SELECT held FROM vault_one'],
  [['ALTER TABLE vaulted RENAME TO opened'], 'SELECT held FROM opened'],
  [['CREATE SCHEMA moved', 'ALTER TABLE opened SET SCHEMA moved'], 'SELECT held FROM moved.opened'],
  [['ALTER SCHEMA moved RENAME TO again'], 'SELECT held FROM again.opened'],
  [['ALTER TABLE computed ALTER loud DROP EXPRESSION'], 'SELECT loud FROM computed'],
  [["ALTER TABLE computed ALTER other TYPE text USING ssn || '!'"], 'SELECT other FROM computed'],
  [['ALTER TABLE plain ADD COLUMN new text DEFAULT first_ssn()'], 'SELECT new FROM plain'],
  [['INSERT INTO c15 SELECT first_ssn()'], 'SELECT q FROM c15'],
]

const WAYS: readonly (readonly [doing: readonly string[], asking: string])[] = [
  [['CREATE TABLE c1 AS SELECT id, ssn AS x FROM customers'], 'SELECT x FROM c1'],
  [['CREATE TABLE c2 (k, v) AS SELECT id, upper(ssn) FROM customers'], 'SELECT * FROM c2'],
  [["SELECT 'x' || ssn AS y INTO c3 FROM customers"], "SELECT string_agg(y, ',') FROM c3"],
  [
    ['CREATE MATERIALIZED VIEW c4 AS SELECT to_jsonb(c) AS j FROM customers c'],
    "SELECT j->>'ssn' FROM c4",
  ],
  [['INSERT INTO plain (id, a) SELECT id, ssn FROM customers'], 'SELECT a FROM plain'],
  [['INSERT INTO through_view SELECT id, ssn FROM customers'], 'SELECT b FROM plain'],
  [
    [
      'CREATE TABLE c5 (id int, w text)',
      'INSERT INTO c5 SELECT id FROM customers',
      'UPDATE c5 SET w = c.ssn FROM customers c WHERE c.id = c5.id',
    ],
    'TABLE c5',
  ],
  [
    [
      'CREATE TABLE c6 (id int PRIMARY KEY, w text)',
      'MERGE INTO c6 USING customers c ON c.id = c6.id WHEN NOT MATCHED THEN INSERT VALUES (c.id, c.ssn)',
    ],
    'SELECT w FROM c6',
  ],
  [
    ['CREATE TABLE c7 (LIKE plain)', 'INSERT INTO c7 SELECT id, name, ssn FROM customers'],
    'SELECT b FROM c7',
  ],
  [['INSERT INTO parted SELECT 1, ssn FROM customers'], 'SELECT a FROM part_one'],
  [['ALTER TABLE people RENAME COLUMN ssn TO number'], 'SELECT number FROM people'],
  [['CREATE TABLE c8 AS SELECT x AS z FROM c1'], 'SELECT z FROM c8'],
  [['ALTER TABLE c1 RENAME TO c9'], 'SELECT x FROM c9'],
  [['ALTER TABLE c8 RENAME COLUMN z TO zz'], 'SELECT zz FROM c8'],
  [['PREPARE p AS INSERT INTO c10 SELECT ssn FROM customers', 'EXECUTE p'], 'SELECT q FROM c10'],
  [
    [
      'BEGIN',
      'CREATE TABLE c11 AS SELECT ssn AS r FROM customers',
      'ALTER TABLE c11 RENAME TO c12',
      'COMMIT',
    ],
    'SELECT r FROM c12',
  ],
  [
    [
      'BEGIN',
      'CREATE TEMP TABLE t1 AS SELECT ssn AS r FROM customers',
      'CREATE TABLE c13 AS SELECT r AS s FROM t1',
      'COMMIT',
    ],
    'SELECT s FROM c13',
  ],
  [
    ['INSERT INTO c14 SELECT ssn FROM customers; INSERT INTO c15 SELECT q FROM c14'],
    'SELECT q FROM c15',
  ],
]

t.test('labels follow data', { skip: missingPostgres('embedded') }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(() => server.stop())
  const { host, port, superuser: user, password } = server
  const direct = new pg.Client({ host, port, user, password, database: 'postgres' })
  await direct.connect()
  t.teardown(() => direct.end())
  await direct.query(DDL)
  await direct.query(
    'CREATE TABLE c10 (q text); CREATE TABLE c14 (q text); CREATE TABLE c15 (q text)',
  )
  const policies = changedLibrary(t)
  const teams = join(policies, 'data/teams/data.yaml')
  writeFileSync(teams, readFileSync(teams, 'utf8').replace('pii-readers', 'engineers'))
  const labels = join(policies, 'data/labels/data.yaml')
  const ours = '\n  - {schema: public, table: vaulted, column: held, labels: [pii]}\n'
  writeFileSync(labels, readFileSync(labels, 'utf8') + ours)
  const gateway = await startTestGateway({
    policies,
    target: {
      name: 'shop',
      host,
      port,
      database: 'postgres',
      labels: { env: 'dev' },
      accounts: [{ user, password }],
      // Nothing is seen by a timer here.
      refreshMs: 600_000,
    },
  })
  t.teardown(() => gateway.stop())
  let at = gateway.port
  const open: pg.Client[] = []
  const as = async (name: string): Promise<pg.Client> => {
    const password = await gateway.token(name)
    const client = new pg.Client({
      host: '127.0.0.1',
      port: at,
      user: name,
      database: 'shop',
      password,
    })
    client.on('error', () => undefined)
    open.push(client)
    await client.connect()
    return client
  }
  t.teardown(() => Promise.all(open.map((one) => one.end().catch(() => undefined))))
  const told = async (client: pg.Client, sql: string): Promise<string> =>
    client.query({ text: sql, rowMode: 'array' }).then(
      ({ rows }) => JSON.stringify(rows),
      (problem: unknown) => `! ${String(problem)}`,
    )

  const engineer = await as('engineer')
  const agent = await as('agent')
  t.match(await told(engineer, 'SELECT ssn FROM customers'), SECRET)

  await t.test('an open session sees masks from the next statement on', async (t) => {
    for (const [doing, asking] of WAYS) {
      for (const sql of doing) t.notMatch(await told(engineer, sql), /^!/, sql)
      t.match(await told(engineer, asking), /over 4401/i, `in the clear: ${asking}`)
      const seen = await told(agent, asking)
      t.notMatch(seen, /over 4401/i, `${asking}: ${seen}`)
      t.notMatch(seen, /^!/, `answered: ${asking}`)
    }
  })

  await t.test('what is renamed, moved or let go keeps its labels', async (t) => {
    for (const [doing, asking] of MOVES) {
      for (const sql of doing) t.notMatch(await told(engineer, sql), /^!/, sql)
      t.match(await told(engineer, asking), /over 4401/i, `in the clear: ${asking}`)
      // Opening a session looks at the names again.
      await told(await as('engineer'), 'SELECT 1')
      const seen = await told(agent, asking)
      t.notMatch(seen, /over 4401/i, `${asking}: ${seen}`)
      t.notMatch(seen, /^!/, `answered: ${asking}`)
    }
    t.match(await told(engineer, 'CREATE TABLE lost AS EXECUTE p'), /^!/)
  })

  await t.test(
    'who waits while a table is filled gets nothing that was labelled meanwhile',
    async (t) => {
      const asks = ['SELECT upper(a) AS u FROM', 'SELECT a FROM', 'COPY'].entries()
      for (const [at, words] of asks) {
        const table = `filled_${at}`
        const sql = `${words} ${table}${words === 'COPY' ? ' TO STDOUT' : ''}`
        await direct.query(`CREATE TABLE ${table} (id int, a text)`)
        const reader = await as('agent')
        t.equal(await told(reader, `SELECT a FROM ${table}`), '[]')
        await told(engineer, 'BEGIN')
        t.notMatch(await told(engineer, `LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`), /^!/)
        const asked = told(reader, sql)
        await waiting(direct)
        t.notMatch(await told(engineer, `INSERT INTO ${table} SELECT id, ssn FROM customers`), /^!/)
        await told(engineer, 'COMMIT')
        const seen = await asked
        t.notMatch(seen, /over 4401/i, `${sql}: ${seen}`)
        t.match(seen, /labels while it waited|withheld/, sql)
      }
    },
  )

  await t.test('what is masked for its maker is masked already, and needs no label', async (t) => {
    const before = await followed(gateway, t)
    t.notMatch(await told(agent, 'CREATE TABLE made AS SELECT ssn AS m FROM customers'), /^!/)
    t.equal((await followed(gateway, t)).length, before.length)
  })

  await t.test(
    'another table of the same name holds nothing; what keeps its rows keeps its label',
    async (t) => {
      await told(engineer, 'CREATE TABLE again AS SELECT ssn AS x FROM customers')
      t.notMatch(await told(agent, 'SELECT x FROM again'), /over 4401/i)
      await told(engineer, 'DROP TABLE again')
      await told(engineer, "CREATE TABLE again AS SELECT 'nothing secret' AS x")
      // Opening a session looks at the names again.
      await as('engineer')
      t.match(await told(agent, 'SELECT x FROM again'), 'nothing secret')
    },
  )

  await t.test('each is listed with where it came from, recorded and counted', async (t) => {
    const labels = await followed(gateway, t)
    const one = labels.find(({ table, column }) => table === 'c9' && column === 'x')
    t.match(one, {
      labels: ['pii', 'pii.ssn'],
      from: 'public.customers.ssn',
      bound: true,
      kept: false,
    })
    const record = recordOf(gateway)
    t.match(record, /label_followed.*public\.c1\.x holds pii, pii\.ssn of public\.customers\.ssn/)
    t.notMatch(record, SECRET)
    const metrics = await (await fetch(`${gateway.webUrl}/metrics`)).text()
    t.match(metrics, /sallyport_labels_followed_total\{target="shop"\} \d+/)
  })

  await t.test('after a restart they are there', async (t) => {
    await Promise.all(open.splice(0).map((one) => one.end().catch(() => undefined)))
    await gateway.gateway.stop(0)
    for (const verb of ['verify', 'recheck']) {
      t.match(await typedTo(audit, verb, gateway.recordDirectory), { code: 0 }, verb)
    }
    const again = await restarted(gateway)
    t.teardown(() => again.stop(0))
    at = again.postgres[0]?.port ?? 0
    const later = await as('agent')
    for (const [, asking] of WAYS.slice(1, 11)) {
      const seen = await told(later, asking)
      t.notMatch(seen, /over 4401/i, `${asking}: ${seen}`)
      t.notMatch(seen, /^!/, asking)
    }
    await accepted(t)
    await dismissed(t)
    await refusedUnkept(t, later)
  })

  // The list on the command line, and rules made of it.
  async function accepted(t: Test): Promise<void> {
    const listed = await typed('derived', 'shop')
    t.match(listed, { code: 0, err: '' })
    t.match(listed.out, /shop +public\.c9\.x +pii, pii\.ssn +copied from public\.customers\.ssn/)
    t.match(listed.out, /public\.people\.number +pii, pii\.ssn +was public\.people\.ssn/)
    const file = join(policies, 'data/labels/data.yaml')
    const before = readFileSync(file, 'utf8')
    const config = ['--config', gateway.configFile]
    const shown = await typed('derived', 'shop', '--accept', ...config)
    t.match(shown.out, /\+ +# follows public\.customers\.ssn\n\+ +- schema: public\n/)
    t.equal(readFileSync(file, 'utf8'), before)
    t.match(await typed('derived', 'shop', '--accept', '--write', ...config), { code: 0 })
    t.match(readFileSync(file, 'utf8'), /table: c9\n +column: x\n +labels: \[pii, pii\.ssn\]\n/)
    t.match((await typed('derived', 'shop', '--accept', ...config)).out, /^Nothing to add/)
    writeFileSync(file, before)
    t.match(await typed('derived', '--dismiss', 'x'), { code: 2, err: /belong together/ })
    t.match(await typed('derived', '--write'), { code: 2, err: /belongs to --accept/ })
  }

  async function typed(...argv: readonly string[]) {
    const remote = ['--url', gateway.webUrl, '--token', await gateway.token('approver')]
    return typedTo(labelsCommand, ...argv, ...remote)
  }

  async function typedTo(command: typeof labelsCommand, ...argv: readonly string[]) {
    const out: string[] = []
    const err: string[] = []
    const code = await command(argv, {
      stdout: { write: (text) => void out.push(text) },
      stderr: { write: (text) => void err.push(text) },
      env: process.env,
      cwd: gateway.directory,
    })
    return { code, out: out.join(''), err: err.join('') }
  }

  // Said by who operates policies, with a reason; nobody else may.
  async function dismissed(t: Test): Promise<void> {
    const labels = await followed(gateway, t)
    const one = labels.find(({ table, column }) => table === 'c2' && column === 'v')
    const path = `/api/labels/derived/${one?.id ?? ''}/dismiss`
    const reason = 'test data'
    t.equal((await asked(gateway, 'engineer', path, { reason })).status, 403)
    t.equal((await asked(gateway, 'approver', path, {})).status, 400)
    t.equal((await asked(gateway, 'approver', path, { reason })).status, 200)
    t.equal((await asked(gateway, 'approver', path, { reason })).status, 404)
    t.match(await told(await as('agent'), 'SELECT * FROM c2'), SECRET.toUpperCase())
    t.match(recordOf(gateway), /label_dismissed.*public\.c2\.v holds .*: test data/)
  }

  // The state store cannot be written to: what would be stored unlabelled is refused, all else runs.
  async function refusedUnkept(t: Test, agent: pg.Client): Promise<void> {
    const { default: Database } = await import('libsql')
    const store = new Database(join(gateway.directory, 'state.sqlite'))
    store.exec('DROP TABLE sallyport_followed_labels')
    const engineer = await as('engineer')
    const refused = await told(engineer, 'CREATE TABLE lost AS SELECT ssn AS x FROM customers')
    t.match(refused, /would store protected values where no label says so/)
    const { rows } = await direct.query("SELECT to_regclass('public.lost') AS there")
    t.same(rows, [{ there: null }])
    t.notMatch(await told(engineer, 'CREATE TABLE kept AS SELECT name FROM customers'), /^!/)
    t.match(await told(agent, 'SELECT count(*) FROM customers'), '2')
    store.close()
  }
})

// Somebody waits for a lock.
async function waiting(direct: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await direct.query('SELECT FROM pg_locks WHERE NOT granted')
    if (rows.length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

type Followed = {
  readonly id: string
  readonly table: string
  readonly column: string
  readonly labels: readonly string[]
  readonly from: string
}

async function followed(gateway: TestGateway, t: Test): Promise<readonly Followed[]> {
  const answer = await asked(gateway, 'approver', '/api/labels/derived?target=shop')
  t.equal(answer.status, 200)
  return ((await answer.json()) as { readonly labels: readonly Followed[] }).labels
}

async function asked(
  gateway: TestGateway,
  name: string,
  path: string,
  body?: object,
): Promise<Response> {
  const authorization = `Bearer ${await gateway.token(name)}`
  return fetch(`${gateway.webUrl}${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: {
      authorization,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
  })
}

function recordOf({ recordDirectory }: TestGateway): string {
  return readdirSync(recordDirectory)
    .filter((file) => file.endsWith('.jsonl'))
    .map((file) => readFileSync(join(recordDirectory, file), 'utf8'))
    .join('')
}

function restarted({ configFile }: TestGateway): Promise<Gateway> {
  return startGateway(settingsFrom(configFile, process.env), {
    env: process.env,
    log: createLog({ level: 'error', destination: { write: () => undefined } }),
    version: 'test',
    toolCache: TOOL_CACHE,
  })
}
