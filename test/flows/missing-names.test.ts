// Tools look whether something is there before they create it, and expect PostgreSQL's own answer. What
// the database has not is answered so, by the same SQLSTATE; what is refused for another reason is not.
import pg from 'pg'
import t from 'tap'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

t.test('names that are not there', { skip: missingPostgres('embedded') }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  const { host, port, superuser: user, password } = server
  const direct = new pg.Client({ host, port, user, password, database: 'postgres' })
  await direct.connect()
  await direct.query('CREATE TABLE people (id int PRIMARY KEY, ssn text)')
  const gateway = await startTestGateway({
    target: { name: 'shop', database: 'postgres', host, port, accounts: [{ user, password }] },
  })
  const client = new pg.Client({
    host: gateway.host,
    port: gateway.port,
    user: 'pipeline',
    password: await gateway.token('pipeline'),
    database: 'shop',
  })
  await client.connect()
  t.teardown(async () => {
    await client.end()
    await direct.end()
    await gateway.stop()
    await server.stop()
  })
  const failure = (on: pg.Client, text: string, values?: readonly unknown[]): Promise<unknown> =>
    on.query({ text, ...(values === undefined ? {} : { values: [...values] }) }).then(
      () => 'no error',
      (problem: unknown) => problem,
    )

  await t.test('are told as PostgreSQL tells them, simple and prepared', async (t) => {
    for (const [text, values] of [
      ['SELECT version FROM schema_migrations', undefined],
      ['SELECT version FROM schema_migrations WHERE version = $1', ['1']],
      ['SELECT nickname FROM people', undefined],
      ['SELECT nickname FROM people WHERE id = $1', [1]],
      ['SELECT p.nickname FROM people p', undefined],
      ['SELECT m.a, p.id FROM people p JOIN missing m ON m.id = p.id', undefined],
      ['INSERT INTO schema_migrations VALUES (1)', undefined],
      ['UPDATE schema_migrations SET a = 1 WHERE id = 1', undefined],
      ['SELECT nothing_of_that_name(1)', undefined],
    ] as const) {
      const [ours, theirs] = [
        await failure(client, text, values),
        await failure(direct, text, values),
      ]
      t.type(theirs, pg.DatabaseError, text)
      const { code, message } = theirs as pg.DatabaseError
      t.match(ours, { code, detail: /unread\// }, text)
      if (code !== '42883') t.match(ours, { message }, text)
    }
  })

  await t.test('where more than that is wrong, it is denied as before', async (t) => {
    for (const text of [
      'SELECT * FROM nowhere, pg_read_file($$/etc/passwd$$)',
      'SELECT 1; SELECT a FROM nowhere',
      'DO $$ BEGIN PERFORM 1; END $$',
    ]) {
      t.match(await failure(client, text), { code: '42501' }, text)
    }
  })

  await t.test('a table made by somebody else meanwhile is found', async (t) => {
    t.match(await failure(client, 'SELECT id FROM later'), { code: '42P01' })
    await direct.query('CREATE TABLE later (id int)')
    let found: unknown
    for (const end = Date.now() + 30_000; found !== 'no error' && Date.now() < end;) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      found = await failure(client, 'SELECT id FROM later')
    }
    t.equal(found, 'no error')
  })
})
