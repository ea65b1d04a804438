// An agent that was shown masks does not store them: not as a literal, not as a bound value in either format, not by
// a prepared statement, not within a document. What it may write, it writes; and the record decides alike again.
import pg from 'pg'
import t from 'tap'
import { run as audit } from '../../proxy/commands/audit.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const DDL = `
CREATE TABLE customers (id int PRIMARY KEY, name text, ssn text, email varchar(30), notes text);
INSERT INTO customers VALUES (1, 'Ann', 'kestrel over 4401', 'plover', 'a note');
`
const REFUSED = /would be given what stands for its value/

t.test('masks written back', { skip: missingPostgres('embedded') }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(() => server.stop())
  const { host, port, superuser: user, password } = server
  const direct = new pg.Client({ host, port, user, password, database: 'postgres' })
  await direct.connect()
  t.teardown(() => direct.end())
  await direct.query(DDL)
  const gateway = await startTestGateway({
    target: {
      name: 'shop',
      host,
      port,
      database: 'postgres',
      labels: { env: 'dev' },
      accounts: [{ user, password }],
    },
  })
  t.teardown(() => gateway.stop())
  const agent = new pg.Client({
    host: '127.0.0.1',
    port: gateway.port,
    user: 'agent',
    database: 'shop',
    password: await gateway.token('agent'),
  })
  t.teardown(() => agent.end().catch(() => undefined))
  await agent.connect()
  const stored = async (): Promise<unknown> =>
    (await direct.query('SELECT ssn, email, notes FROM customers WHERE id = 1')).rows[0]
  const before = await stored()

  t.test('what it reads and writes back as it is changes nothing', async (t) => {
    const { rows } = await agent.query<Record<string, string>>(
      'SELECT * FROM customers WHERE id = 1',
    )
    const [seen] = rows
    t.match(seen, { name: 'Ann', ssn: '****', email: '****' })
    const sql = 'UPDATE customers SET name = $2, ssn = $3, email = $4 WHERE id = $1'
    await t.rejects(agent.query(sql, [1, 'Anne', seen?.['ssn'], 'x']), REFUSED)
    await t.rejects(agent.query(sql, [1, 'Anne', 'x', seen?.['email']]), REFUSED)
    t.same(await stored(), before)
  })

  t.test('by literal, by EXECUTE, in binary, in an INSERT, in free text', async (t) => {
    const binary = Buffer.from('****')
    await t.rejects(agent.query("UPDATE customers SET ssn = '****' WHERE id = 1"), REFUSED)
    // A Buffer goes in the binary format.
    await t.rejects(agent.query('UPDATE customers SET ssn = $1 WHERE id = 1', [binary]), REFUSED)
    await t.rejects(
      agent.query("UPDATE customers SET ssn = convert_from($1, 'UTF8') WHERE id = 1", [binary]),
      REFUSED,
    )
    await agent.query('PREPARE p (text) AS UPDATE customers SET ssn = $1 WHERE id = 1')
    await t.rejects(agent.query("EXECUTE p ('****')"), REFUSED)
    await t.rejects(agent.query("INSERT INTO customers VALUES (2, 'n', 'x', '****', 'y')"), REFUSED)
    await t.rejects(
      agent.query({
        name: 'q',
        text: 'UPDATE customers SET notes = $1 WHERE id = 1',
        values: ['a note: ssn **** said on the phone'],
      }),
      REFUSED,
    )
    t.same(await stored(), before)
  })

  t.test(
    'a refusal names the column and what to do, and the same words with a value run',
    async (t) => {
      const text = 'UPDATE customers SET ssn = $1 WHERE id = 1'
      const refused = await agent.query({ name: 'r', text, values: ['****'] }).then(
        () => undefined,
        (problem: { message: string; hint: string; detail: string }) => problem,
      )
      t.match(refused, {
        message: /public\.customers\.ssn/,
        hint: /leave the column out/,
        detail: /protected\/mask-written-back/,
      })
      await agent.query({ name: 'r', text, values: ['wren'] })
      t.match(await stored(), { ssn: 'wren' })
      await t.rejects(agent.query({ name: 'r', text, values: ['****'] }), REFUSED)
      await agent.query({ name: 'r', text, values: ['owl'] })
      t.match(await stored(), { ssn: 'owl' })
      await agent.query("UPDATE customers SET name = '****' WHERE id = 1")
      await t.resolves(agent.query("EXECUTE p ('heron')"))
      t.match(await stored(), { ssn: 'heron' })
    },
  )

  t.test('what was decided is decided alike from the record', async (t) => {
    let out = ''
    const io = {
      stdout: { write: (text: string) => (out += text) },
      stderr: { write: (text: string) => (out += text) },
      env: process.env,
      cwd: process.cwd(),
    }
    await agent.end()
    await gateway.gateway.stop(0)
    t.equal(await audit(['recheck', gateway.recordDirectory], io), 0, out)
    t.equal(await audit(['verify', gateway.recordDirectory], io), 0, out)
  })
})
