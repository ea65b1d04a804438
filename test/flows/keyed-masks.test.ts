// `hash` and `token` made by the target itself: with a key that it is given when a session opens it. Equal
// values stay equal wherever they are computed on, and the key is found by no statement and in no log.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { keySettings, maskKeyOf } from '../../proxy/protocols/postgres/mask-key.js'
import { changedLibrary } from '../peers/changed-library.js'
import { gatewayClient } from '../peers/gateway-client.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const SECRET = 'what the operator keeps in a file, and nobody else'
const KEYS = keySettings(maskKeyOf(Buffer.from(SECRET), 'shop'))
const TABLES = `
CREATE TABLE people (id int PRIMARY KEY, ssn text, name text);
INSERT INTO people VALUES (1, '900-11-0001', 'a'), (2, '900-11-0002', 'b'), (3, '900-11-0001', 'c'), (4, NULL, 'd');
CREATE TABLE cards (id int PRIMARY KEY, ssn text, number text);
INSERT INTO cards VALUES (1, '900-11-0001', 'x'), (2, '900-11-0009', 'y');`
const LABELS = `columns:
  - { column: ssn, labels: [pii, pii.ssn] }
`
const MASKS = `default: { method: redact }
by_label:
  - { label: pii.ssn, mask: { method: hash }, for: { kinds: [agent] } }
  - { label: pii.ssn, mask: { method: token } }
`

for (const kind of ['embedded', 'debian'] as const)
  t.test(
    `keyed masks at the source (${kind})`,
    { skip: missingPostgres(kind), timeout: 120_000 },
    async (t) => {
      const server = await startPostgres({
        kind,
        config: { log_statement: 'all', log_duration: 'on', log_min_messages: 'info' },
      })
      t.teardown(() => server.stop())
      const { host, port, superuser: user, password } = server
      const direct = new pg.Client({ host, port, user, password, database: 'postgres' })
      await direct.connect()
      await direct.query(TABLES)
      await direct.end()
      const policies = changedLibrary(t, { labels: LABELS, masks: MASKS })
      const secret = join(policies, 'secret')
      writeFileSync(secret, SECRET, { mode: 0o600 })
      const gatewayFor = async (
        t: { teardown: (last: () => Promise<void>) => unknown },
        keyedMasks: 'source' | undefined,
      ) => {
        const gateway = await startTestGateway({
          policies,
          target: {
            name: 'shop',
            database: 'postgres',
            host,
            port,
            labels: { env: 'test' },
            ...(keyedMasks === undefined ? {} : { keyedMasks }),
            accounts: [{ user, password }],
          },
          config: { masks: { key: `file:${secret}` } },
        })
        t.teardown(() => gateway.stop())
        const client = (who: 'agent' | 'engineer'): Promise<pg.Client> =>
          gatewayClient(t, gateway, who)
        return { gateway, client }
      }
      const { gateway, client } = await gatewayFor(t, 'source')
      const agent = await client('agent')
      const rows = async (asking: pg.Client, text: string): Promise<readonly unknown[][]> =>
        (await asking.query<unknown[]>({ text, rowMode: 'array' })).rows

      t.test(
        'equal values are equal, in other rows, tables, statements and sessions',
        async (t) => {
          const [[one], [two], [three], [none]] = (await rows(
            agent,
            'SELECT ssn FROM people ORDER BY id',
          )) as [[string], [string], [string], [null]]
          t.match(one, /^h_[0-9a-f]{32}$/)
          t.equal(three, one)
          t.not(two, one)
          t.equal(none, null)
          t.strictSame(
            await rows(
              agent,
              `SELECT p.id, c.id, p.ssn || '' FROM people p JOIN cards c USING (ssn) ORDER BY 1`,
            ),
            [
              [1, 1, one],
              [3, 1, one],
            ],
            'joined, and computed by the target as it is made at the exit',
          )
          t.strictSame(await rows(agent, 'SELECT count(DISTINCT ssn)::int FROM people'), [[2]])
          t.strictSame(
            await rows(
              agent,
              'SELECT count(*)::int FROM people WHERE ssn IS NOT NULL GROUP BY ssn ORDER BY 1',
            ),
            [[1], [2]],
          )
          const text = 'SELECT id FROM people WHERE ssn = $1 ORDER BY id'
          const { rows: found } = await agent.query<{ id: number }>(text, [one])
          t.strictSame(
            found.map(({ id }) => id),
            [1, 3],
            'what was seen can be asked for',
          )
          t.strictSame(
            (await agent.query(text, ['900-11-0001'])).rows,
            [],
            'the value itself cannot',
          )
          t.strictSame(
            await rows(await client('agent'), 'SELECT upper(ssn) FROM people WHERE id = 1'),
            [[one.toUpperCase()]],
          )
          const person = await client('engineer')
          const [[token]] = (await rows(person, 'SELECT ssn FROM people WHERE id = 1')) as [
            [string],
          ]
          t.match(token, /^tok_[0-9a-f]{24}$/, 'others have another method')
          t.strictSame(await rows(person, `SELECT max(ssn) FROM people WHERE id = 1`), [[token]])
        },
      )

      t.test('no statement finds the key', async (t) => {
        for (const name of KEYS.keys())
          for (const text of [
            `SHOW ${name}`,
            `SELECT current_setting('${name}')`,
            `SELECT current_setting('${name.toUpperCase()}', true)`,
            `SELECT pg_catalog.current_setting('sally' || 'port.${name.slice(10)}')`,
            `SELECT current_setting(n) FROM (VALUES ('${name}')) AS v(n)`,
            `SELECT ssn, current_setting('${name}') FROM people`,
            `PREPARE k AS SELECT current_setting('${name}')`,
            `DECLARE k CURSOR WITH HOLD FOR SELECT current_setting('${name}')`,
            `COPY (SELECT current_setting('${name}')) TO STDOUT`,
            `CREATE TEMP TABLE k AS SELECT current_setting('${name}') AS v`,
            `EXPLAIN ANALYZE SELECT current_setting('${name}')`,
            `SET ${name} = '00'`,
            `SET LOCAL "${name.split('.')[0]}".${name.split('.')[1]} = '00'`,
            `SELECT set_config('${name}', '00', false)`,
            `RESET ${name}`,
            `CREATE FUNCTION f() RETURNS int LANGUAGE sql SET ${name} FROM CURRENT AS 'SELECT 1'`,
            `ALTER ROLE CURRENT_USER SET ${name} FROM CURRENT`,
            `ALTER DATABASE postgres SET ${name} FROM CURRENT`,
          ])
            await t.rejects(agent.query(text), { code: /^(42501|0A000)$/ }, text)
        const values = [...KEYS.values()]
        for (const text of [
          'SHOW ALL',
          'SELECT * FROM pg_settings',
          'SELECT upper(ssn), current_query() FROM people',
          'SELECT query FROM pg_stat_activity',
          'SELECT * FROM pg_prepared_statements',
        ]) {
          const answer = await agent.query(text).catch((problem: unknown) => problem)
          for (const value of values) t.notOk(JSON.stringify(answer, null, 1).includes(value), text)
        }
      })

      t.test('settings put back leave the key where it was', async (t) => {
        const [[before]] = (await rows(agent, 'SELECT upper(ssn) FROM people WHERE id = 1')) as [
          [string],
        ]
        for (const text of ['RESET ALL', 'DISCARD ALL']) {
          await agent.query(text).catch(() => undefined)
          t.strictSame(
            await rows(agent, 'SELECT upper(ssn) FROM people WHERE id = 1'),
            [[before]],
            text,
          )
        }
      })

      t.test('a target that is given no key computes on hashes nowhere', async (t) => {
        const { client: other } = await gatewayFor(t, undefined)
        const asking = await other('agent')
        const [[one]] = (await rows(asking, 'SELECT ssn FROM people WHERE id = 1')) as [[string]]
        t.strictSame(
          await rows(agent, 'SELECT ssn FROM people WHERE id = 1'),
          [[one]],
          'the same key',
        )
        t.strictSame(await rows(asking, 'SELECT upper(ssn) FROM people WHERE id = 1'), [['****']])
        await t.rejects(asking.query('SELECT id FROM people WHERE ssn = $1', [one]), {
          code: '42501',
        })
      })

      t.test('no log holds the key', async (t) => {
        t.match(server.log(), /sha256/, 'what was computed is in the target’s log')
        for (const value of KEYS.values()) {
          t.notOk(server.log().includes(value), 'the target’s')
          t.notOk(gateway.log().includes(value), 'the gateway’s')
        }
      })
    },
  )
