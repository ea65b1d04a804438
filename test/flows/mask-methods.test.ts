// Each label with a method of its own, by kind of caller and target: what a client sees of plain columns, of
// views that compute, under any date style, and in what it made of them.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import t from 'tap'
import { changedLibrary } from '../peers/changed-library.js'
import { gatewayClient } from '../peers/gateway-client.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const TABLES = `
CREATE TABLE people (id int PRIMARY KEY, card text, born date, seen timestamptz, salary numeric(10,2), zip char(5),
  address inet, email varchar(20));
INSERT INTO people VALUES
  (1, '4111-1111-1111-1234', '1984-05-17', '2026-02-03 04:05:06+00', 61234.56, '94107', '10.20.30.40', 'someone@mail.test'),
  (2, '4222-2222-2222-9876', '1984-11-30', '2026-03-31 23:30:00-05', 61999.99, '94110', '10.20.30.99', 'x@y.z'),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE VIEW backwards AS SELECT id, reverse(card) AS card, coalesce(card, email) AS either, born + 1 AS next FROM people;
CREATE MATERIALIZED VIEW kept AS SELECT id, reverse(card) AS card FROM people;
CREATE VIEW plainly AS SELECT id, card, born AS day FROM people;`
const COLUMNS = ['card', 'born', 'seen', 'salary', 'zip', 'address', 'email']
const LABELS = `columns:
${COLUMNS.map((name) => `  - { column: ${name}, labels: [pii, pii.${name}] }`).join('\n')}
`
const MASKS = `default: { method: redact }
by_label:
  - { label: pii.card, mask: { method: partial, keep: 4 }, for: { environments: [test] } }
  - { label: pii.born, mask: { method: generalise, period: year } }
  - { label: pii.seen, mask: { method: generalise, period: quarter } }
  - { label: pii.salary, mask: { method: generalise, width: 1000 } }
  - { label: pii.zip, mask: { method: generalise, keep: 3 } }
  - { label: pii.address, mask: { method: generalise, network: 24 } }
  - { label: pii.email, mask: { method: constant, value: hidden }, for: { groups: [nobody] } }
`

t.test(
  'a method for each label',
  { skip: missingPostgres('embedded'), timeout: 120_000 },
  async (t) => {
    const server = await startPostgres({ kind: 'embedded' })
    t.teardown(() => server.stop())
    const { host, port, superuser: user, password } = server
    const direct = new pg.Client({ host, port, user, password, database: 'postgres' })
    await direct.connect()
    await direct.query(TABLES)
    await direct.end()
    const policies = changedLibrary(t, { labels: LABELS, masks: MASKS })
    const teams = join(policies, 'data/teams/data.yaml')
    writeFileSync(teams, readFileSync(teams, 'utf8').replace('[pii-readers]', '[engineers]'))
    const gateway = await startTestGateway({
      policies,
      target: {
        name: 'shop',
        database: 'postgres',
        host,
        port,
        labels: { env: 'test' },
        accounts: [{ user, password }],
      },
    })
    t.teardown(() => gateway.stop())
    const clientOf = (who: 'agent' | 'engineer'): Promise<pg.Client> =>
      gatewayClient(t, gateway, who)
    const agent = await clientOf('agent')
    const types = { getTypeParser: () => (value: unknown) => value }
    const rows = async (text: string): Promise<readonly unknown[][]> =>
      (await agent.query<unknown[]>({ text, rowMode: 'array', types } as pg.QueryArrayConfig)).rows

    const SHOWN = [
      [
        '****1234',
        '1984-01-01',
        '2026-01-01 00:00:00+00',
        '61000.00',
        '941**',
        '10.20.30.0/24',
        '****',
      ],
      [
        '****9876',
        '1984-01-01',
        '2026-04-01 00:00:00+00',
        '61000.00',
        '941**',
        '10.20.30.0/24',
        '****',
      ],
      [null, null, null, null, null, null, null],
    ]

    t.test('plain, copied, in a cursor and made into a table', async (t) => {
      const list = COLUMNS.join(', ')
      const query = `SELECT ${list} FROM people ORDER BY id`
      t.strictSame(await rows(query), SHOWN)
      const pieces: Buffer[] = []
      for await (const piece of agent.query(copyTo(`COPY (${query}) TO STDOUT`)))
        pieces.push(piece as Buffer)
      t.strictSame(
        Buffer.concat(pieces)
          .toString()
          .trim()
          .split('\n')
          .map((line) => line.split('\t').map((one) => (one === '\\N' ? null : one))),
        SHOWN,
      )
      await agent.query('BEGIN')
      await agent.query(`DECLARE c CURSOR FOR ${query}`)
      t.strictSame(await rows('FETCH ALL FROM c'), SHOWN)
      await agent.query(
        `CREATE TEMP TABLE made AS SELECT id AS n, ${COLUMNS.map((name) => `${name} AS my_${name}`).join(', ')} FROM people`,
      )
      t.strictSame(
        await rows(`SELECT ${COLUMNS.map((name) => `my_${name}`).join(', ')} FROM made ORDER BY n`),
        SHOWN,
      )
      await agent.query('ROLLBACK')
    })

    t.test('grouped and compared as masked', async (t) => {
      t.strictSame(
        await rows('SELECT born, count(*)::text FROM people GROUP BY born ORDER BY born'),
        [
          ['1984-01-01', '2'],
          [null, '1'],
        ],
      )
      t.strictSame(await rows(`SELECT id FROM people WHERE born = '1984-05-17'`), [])
      t.strictSame(
        await rows(
          `SELECT id FROM people WHERE born = '1984-01-01' AND salary < 61001 AND card LIKE '%9876'`,
        ),
        [['2']],
      )
      t.strictSame(await rows('SELECT sum(salary) FROM people'), [['122000.00']])
    })

    t.test('under every date style and zone, the target writes the dates', async (t) => {
      await agent.query(`SET DateStyle = 'German'`)
      await agent.query(`SET TIME ZONE 'Europe/Berlin'`)
      t.strictSame(await rows('SELECT born, seen FROM people WHERE id = 2'), [
        ['01.01.1984', '01.04.2026 02:00:00 CEST'],
      ])
      await agent.query('RESET DateStyle')
      await agent.query('RESET TIME ZONE')
    })

    t.test(
      'where the query is left alone, dates and numbers are masked as they leave',
      async (t) => {
        t.strictSame(
          await rows(
            'SELECT card, born, seen, salary, zip, address, email FROM people TABLESAMPLE SYSTEM (100) ORDER BY id',
          ),
          SHOWN,
        )
      },
    )

    t.test('a view that computes shows no end of what it computed', async (t) => {
      t.strictSame(await rows('SELECT card, day FROM plainly WHERE id = 1'), [
        ['****1234', '1984-01-01'],
      ])
      for (const text of [
        'SELECT card FROM backwards WHERE id = 1',
        `SELECT card || '' FROM backwards WHERE id = 1`,
        'SELECT card FROM kept WHERE id = 1',
        `SELECT card || '' FROM kept WHERE id = 1`,
        'SELECT either FROM backwards WHERE id = 1',
        `SELECT either || '' FROM backwards WHERE id = 1`,
        'SELECT next FROM backwards WHERE id = 1',
      ]) {
        const seen = JSON.stringify(await rows(text))
        t.notMatch(seen, /4111|1114|4321[^*"]|05-18/, `${text}: ${seen}`)
      }
    })

    t.test('where labels followed data, it may have been computed: masked whole', async (t) => {
      const reader = await clientOf('engineer')
      await reader.query(
        'CREATE TABLE turned AS SELECT id, reverse(card) AS r, born + 3 AS b FROM people',
      )
      await reader.query('CREATE VIEW again AS SELECT id, r, b FROM turned')
      t.strictSame((await reader.query('SELECT r FROM turned WHERE id = 1')).rows, [
        { r: '4321-1111-1111-1114' },
      ])
      for (const text of [
        'SELECT r, b FROM turned WHERE id = 1',
        `SELECT r || '', b + 0 FROM turned WHERE id = 1`,
        'SELECT r, b FROM again WHERE id = 1',
        'SELECT r, b FROM turned TABLESAMPLE SYSTEM (100) WHERE id = 1',
      ]) {
        t.strictSame(await rows(text), [['****', null]], text)
      }
    })

    t.test('nothing of a value is in the log', async (t) => {
      t.notMatch(gateway.log(), /4111-1111|someone@|61234/)
    })
  },
)
