// Masks do not depend on where the network cuts: every way of asking, with the target's answer cut at each of
// its bytes in turn, and client and target in pieces of every small size, gives the same values.
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import t from 'tap'
import { NO_LIMITS } from '../oracle/arena.js'
import { changedLibrary } from '../peers/changed-library.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'
import { startCuttingProxy } from '../peers/cutting-proxy.js'

const CANARIES = /912-34-|4242424242424242|4111111111111111|@secret\.example/
const PIECES = [1, 2, 3, 5, 7, 16, 33]
const COLUMNS = 'id, name, ssn, card_number, email, notes'
const QUERY = `SELECT ${COLUMNS} FROM customers ORDER BY id`
const EXTENDED: pg.QueryConfig & { queryMode: string } = { text: QUERY, queryMode: 'extended' }
const BINARY: typeof EXTENDED & { binary: boolean } = { ...EXTENDED, binary: true }
// Of the target's answer to it; what lies beyond is like what comes before.
const LONGEST_ANSWER = 1_200

t.test('answers cut anywhere', { skip: missingPostgres('embedded') }, async (t) => {
  t.setTimeout(300_000)
  const server = await startPostgres({ kind: 'embedded' })
  const { superuser: user, password } = server
  const before = await startCuttingProxy(server.host, server.port)
  const direct = new pg.Client({ ...server, user, database: 'postgres' })
  await direct.connect()
  await direct.query(
    `CREATE TABLE customers (id int PRIMARY KEY, name text, ssn text, card_number text, email text, notes text);
     INSERT INTO customers VALUES
       (1, 'Ada', '912-34-5678', '4242424242424242', 'ada@secret.example', 'call 912-34-5678 or 4242 4242 4242 4242'),
       (2, NULL, NULL, '4111111111111111', 'b@secret.example', 'nothing to see'),
       (3, 'Ćiro', '912-34-9999', NULL, NULL, '4111-1111-1111-1111 and c@secret.example, then some')`,
  )
  const policies = changedLibrary(t, { limits: NO_LIMITS })
  const gateway = await startTestGateway({
    policies,
    target: {
      name: 'shop',
      database: 'postgres',
      host: before.host,
      port: before.port,
      labels: { env: 'test' },
      accounts: [{ user, password }],
    },
  })
  const behind = await startCuttingProxy(gateway.host, gateway.port)
  const client = new pg.Client({
    host: behind.host,
    port: behind.port,
    user: 'agent',
    password: await gateway.token('agent'),
    database: 'shop',
  })
  t.teardown(async () => {
    await client.end()
    await direct.end()
    await behind.close()
    await gateway.stop()
    await before.close()
    await server.stop()
  })
  await client.connect()

  const ways: Readonly<Record<string, () => Promise<unknown>>> = {
    simple: async () => (await client.query(QUERY)).rows,
    extended: async () => (await client.query(EXTENDED)).rows,
    prepared: async () => (await client.query({ name: 'each', text: QUERY })).rows,
    binary: async () => (await client.query(BINARY)).rows,
    cursor: async () => {
      const cursor = client.query(new Cursor(QUERY, []))
      const rows = [...(await cursor.read(2)), ...(await cursor.read(2))]
      await cursor.close()
      return rows
    },
    copy: async () => {
      const parts: Buffer[] = []
      for await (const part of client.query(copyTo(`COPY (${QUERY}) TO STDOUT`)))
        parts.push(part as Buffer)
      return Buffer.concat(parts).toString()
    },
    computed: async () =>
      (await client.query(`SELECT upper(ssn) AS a, left(email, 3) AS b, ${COLUMNS} FROM customers`))
        .rows,
  }
  const answered = async (way: string): Promise<string> => JSON.stringify(await ways[way]?.())

  for (const way of Object.keys(ways)) {
    await t.test(way, async (t) => {
      const whole = await answered(way)
      t.match(whole, /\*\*\*\*/)
      t.notMatch(whole, CANARIES)
      const wrong: string[] = []
      const cutAs = async (what: string): Promise<void> => {
        const answer = await answered(way)
        if (answer !== whole) wrong.push(`${what}: ${answer}`)
      }
      for (let after = 1; after <= LONGEST_ANSWER; after += 1) {
        before.cut({ of: 'server', after, first: true })
        await cutAs(`the answer cut after ${after} bytes`)
      }
      for (const after of PIECES) {
        before.cut({ of: 'server', after, first: false })
        await cutAs(`the target in pieces of ${after}`)
        behind.cut({ of: 'client', after, first: false })
        await cutAs(`both sides in pieces of ${after}`)
        before.cut(undefined)
        await cutAs(`the client in pieces of ${after}`)
        behind.cut(undefined)
      }
      t.same(wrong.slice(0, 5), [])
    })
  }
})
