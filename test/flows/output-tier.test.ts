// The tier `output`: for a group that is trusted with it, values are compared, joined, sorted, grouped and
// summarised as they are stored, and masked in whatever is answered. Everybody else stays with masked data.
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import t, { type Test } from 'tap'
import { changedLibrary } from '../peers/changed-library.js'
import { gatewayClient } from '../peers/gateway-client.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const TABLES = `
CREATE TABLE people (id int PRIMARY KEY, ssn text, name text, salary int);
INSERT INTO people SELECT n, '900-11-' || (1000 + n % 6), 'name ' || n, n * 100 FROM generate_series(1, 12) AS n;
CREATE TABLE cards (id int PRIMARY KEY, ssn text);
INSERT INTO cards VALUES (1, '900-11-1003'), (2, '900-11-9999');
CREATE TABLE notes (id int, body text UNIQUE);
CREATE VIEW paid AS SELECT ssn, salary FROM people WHERE salary > 600;`
const LABELS = `columns:
  - { column: ssn, labels: [pii, pii.ssn] }
  - { column: salary, labels: [pii, pii.salary] }
`
const MASKS = `default: { method: redact }
by_label:
  - { label: pii.ssn, mask: { method: partial, keep: 1, tier: output }, for: { kinds: [human], targets: [shop] } }
  - { label: pii.salary, mask: { method: generalise, width: 1000, tier: output }, for: { kinds: [human] } }
`
const CANARY = /900-11-\d{4}/

t.test('the tier output', { skip: missingPostgres('embedded'), timeout: 120_000 }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(() => server.stop())
  const { host, port, superuser: user, password } = server
  const direct = new pg.Client({ host, port, user, password, database: 'postgres' })
  await direct.connect()
  await direct.query(TABLES)
  await direct.end()
  const policies = changedLibrary(t, { labels: LABELS, masks: MASKS })
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
  const clientOf = (who: 'agent' | 'engineer'): Promise<pg.Client> => gatewayClient(t, gateway, who)
  const person = await clientOf('engineer')
  const agent = await clientOf('agent')
  const rows = async (asking: pg.Client, text: string): Promise<readonly unknown[][]> => {
    const answer = await asking.query<unknown[]>({ text, rowMode: 'array' })
    t.notMatch(JSON.stringify(answer.rows), CANARY, text)
    return answer.rows
  }
  const refused = async (t: Pick<Test, 'match' | 'notMatch'>, text: string): Promise<void> => {
    const problem: unknown = await person.query(text).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    t.match(problem, { code: /^(42501|0A000)$/ }, text)
    t.notMatch(JSON.stringify(problem), CANARY, text)
  }

  t.test('conditions are on true values, and what is answered is masked', async (t) => {
    t.strictSame(
      await rows(person, `SELECT id, ssn FROM people WHERE ssn = '900-11-1003' ORDER BY id`),
      [
        [3, '****3'],
        [9, '****3'],
      ],
    )
    t.strictSame(
      await rows(person, 'SELECT p.id, c.ssn FROM people p JOIN cards c USING (ssn) ORDER BY 1'),
      [
        [3, '****3'],
        [9, '****3'],
      ],
    )
    t.strictSame(
      await rows(
        person,
        'SELECT id FROM people WHERE salary BETWEEN 650 AND 850 ORDER BY salary DESC',
      ),
      [[8], [7]],
    )
    t.strictSame(
      await rows(
        person,
        'SELECT ssn, count(*)::int FROM people GROUP BY ssn HAVING max(salary) > 1100 ORDER BY ssn',
      ),
      [['****0', 2]],
    )
    t.strictSame(await rows(person, `SELECT count(*)::int FROM people WHERE ssn LIKE '%1003'`), [
      [2],
    ])
    t.strictSame(
      (
        await person.query('SELECT id FROM people WHERE ssn = $1 AND salary < $2', [
          '900-11-1003',
          500,
        ])
      ).rows,
      [{ id: 3 }],
    )
  })

  t.test(
    'what is computed of a value is masked whole, also where it would tell a comparison',
    async (t) => {
      for (const [text, expected] of [
        [`SELECT upper(ssn) FROM people WHERE ssn = '900-11-1003' AND id = 3`, [['****']]],
        [`SELECT ssn = '900-11-1003' FROM people WHERE ssn > '' AND id = 3`, [[null]]],
        ['SELECT max(salary) FROM people WHERE salary > 0', [[null]]],
        ['SELECT count(DISTINCT ssn) FROM people', [[null]]],
        ['SELECT p FROM people p WHERE p.salary = 300', [[null]]],
      ] as const) {
        const found = await rows(person, text)
        t.strictSame(found, expected, text)
      }
    },
  )

  t.test('so it is in views, cursors, prepared statements and what a change returns', async (t) => {
    t.strictSame(await rows(person, `SELECT ssn FROM paid WHERE salary = 1100`), [['****5']])
    await person.query('BEGIN')
    await person.query(`DECLARE c CURSOR FOR SELECT ssn FROM people WHERE ssn = '900-11-1003'`)
    t.strictSame(await rows(person, 'FETCH ALL FROM c'), [['****3'], ['****3']])
    t.strictSame(
      await rows(
        person,
        `UPDATE people SET name = 'x' WHERE ssn = '900-11-1004' AND id = 4 RETURNING id, ssn`,
      ),
      [[4, '****4']],
    )
    await person.query('ROLLBACK')
    await person.query(`PREPARE p AS SELECT ssn FROM people WHERE salary = $1`)
    t.strictSame(await rows(person, 'EXECUTE p (300)'), [['****3']])
  })

  t.test('without a comparison it is masked data that is computed on', async (t) => {
    t.strictSame(await rows(person, 'SELECT upper(ssn) || salary FROM people WHERE id = 11'), [
      ['****51000'],
    ])
    t.strictSame(await rows(person, 'SELECT ssn, salary FROM people WHERE id = 11'), [
      ['****5', 1000],
    ])
  })

  t.test(
    'what the gateway cannot mask stays refused, as do plans, errors and writes',
    async (t) => {
      for (const text of [
        `EXPLAIN SELECT * FROM people WHERE ssn = '900-11-1003'`,
        `SELECT id FROM people WHERE ssn::int > 5`,
        `SELECT id FROM people WHERE ssn > '' AND 1 / (salary - 300) > 0`,
        `COPY (SELECT ssn FROM people WHERE ssn = '900-11-1003') TO STDOUT`,
        `CREATE TEMP TABLE kept AS SELECT ssn FROM people WHERE ssn > '900-11-1003'`,
        `INSERT INTO notes SELECT id, ssn FROM people WHERE ssn > ''`,
      ])
        await refused(t, text)
    },
  )

  t.test('a copy without a comparison is one of masked data', async (t) => {
    const pieces: Buffer[] = []
    for await (const piece of person.query(
      copyTo('COPY (SELECT id, ssn FROM people WHERE id < 3) TO STDOUT'),
    ))
      pieces.push(piece as Buffer)
    t.equal(Buffer.concat(pieces).toString(), '1\t****1\n2\t****2\n')
  })

  t.test('everybody else is answered on masked data', async (t) => {
    t.strictSame(await rows(agent, `SELECT id FROM people WHERE ssn = '900-11-1003'`), [])
    t.strictSame(await rows(agent, 'SELECT ssn, count(*)::int FROM people GROUP BY ssn'), [
      ['****', 12],
    ])
  })

  t.test('nothing of a value is in the log or the record', async (t) => {
    t.notMatch(gateway.log(), CANARY)
  })
})
