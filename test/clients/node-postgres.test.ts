// node-postgres, as published, through the gateway: queries, prepared statements, cursors, COPY,
// transactions, cancelling, and how it sees masks, denials and holds.
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import t, { type Test } from 'tap'
import { missingShop, openShop, type Shop } from './shop.js'

const skip = missingShop()

async function connected(t: Test, shop: Shop, name: string): Promise<pg.Client> {
  const client = new pg.Client({
    host: shop.host,
    port: shop.port,
    database: 'shop',
    user: name,
    password: await shop.token(name),
  })
  client.on('error', () => undefined)
  await client.connect()
  t.teardown(() => client.end())
  return client
}

async function refusal(asked: Promise<unknown>): Promise<pg.DatabaseError> {
  try {
    await asked
  } catch (problem) {
    if (problem instanceof pg.DatabaseError) return problem
    throw problem
  }
  throw new Error('it was not refused')
}

t.test('node-postgres through the gateway', { skip }, async (t) => {
  const shop = await openShop(t)
  await t.test('queries and named prepared statements answer', async (t) => {
    const client = await connected(t, shop, 'engineer')
    const { rows } = await client.query('SELECT count(*)::int AS n FROM orders')
    t.same(rows, [{ n: 120 }])
    for (const [id, status] of [
      [1, 'shipped'],
      [2, 'delivered'],
    ]) {
      const query = { name: 'one', text: 'SELECT status FROM orders WHERE id = $1', values: [id] }
      t.same((await client.query(query)).rows, [{ status }])
    }
    const several: unknown = await client.query('SELECT 1 AS a; SELECT 2 AS b')
    t.match(several, [{ rows: [{ a: 1 }] }, { rows: [{ b: 2 }] }])
  })
  await t.test('a cursor reads row by row', async (t) => {
    const client = await connected(t, shop, 'agent')
    const cursor = client.query(new Cursor<{ id: number }>('SELECT id FROM orders ORDER BY id'))
    t.equal((await cursor.read(50)).length, 50)
    t.equal((await cursor.read(50)).at(0)?.id, 51)
    await cursor.close()
    t.equal((await client.query('SELECT 1')).rowCount, 1, 'the connection goes on')
  })
  await t.test('COPY in and out', async (t) => {
    const client = await connected(t, shop, 'engineer')
    await client.query('CREATE TEMPORARY TABLE parcels (id int, place text)')
    await pipeline(
      Readable.from(['1\tnorth\n', '2\tsouth\n']),
      client.query(copyFrom('COPY parcels FROM STDIN')),
    )
    const out: Buffer[] = []
    const stream = client.query(copyTo('COPY parcels TO STDOUT'))
    stream.on('data', (bytes: Buffer) => out.push(bytes))
    await once(stream, 'end')
    t.equal(Buffer.concat(out).toString(), '1\tnorth\n2\tsouth\n')
  })
  await t.test('transactions commit and roll back', async (t) => {
    const client = await connected(t, shop, 'engineer')
    const total = (): Promise<readonly unknown[][]> =>
      shop.truth('SELECT status FROM orders WHERE id = 7')
    await client.query('BEGIN')
    await client.query("UPDATE orders SET status = 'lost' WHERE id = 7")
    await client.query('ROLLBACK')
    t.same(await total(), [['returned']])
    await client.query('BEGIN')
    await client.query("UPDATE orders SET status = 'paid' WHERE id = $1", [7])
    await client.query('COMMIT')
    t.same(await total(), [['paid']])
  })
  await t.test('protected fields come masked', async (t) => {
    const client = await connected(t, shop, 'agent')
    const { rows } = await client.query<{ ssn: string; region: string }>(
      'SELECT ssn, region FROM customers WHERE id = $1',
      [1],
    )
    t.equal(rows[0]?.region, 'north')
    t.match(rows[0]?.ssn, /\*/)
    t.notMatch(rows[0]?.ssn, /941-22/)
  })
  await t.test('a denial is an error with rule and hint; the connection lives', async (t) => {
    const client = await connected(t, shop, 'agent')
    const denied = await refusal(client.query("UPDATE orders SET status = 'lost'"))
    t.equal(denied.code, '42501')
    t.match(denied.detail, /[a-z]+\/[a-z-]+/)
    t.ok(denied.hint)
    t.equal((await client.query('SELECT 1')).rowCount, 1)
    await client.query('BEGIN')
    await client.query("UPDATE orders SET status = 'odd' WHERE id = 9")
    await refusal(client.query("UPDATE orders SET status = 'lost'"))
    t.equal((await refusal(client.query('SELECT 1'))).code, '25P02', 'the transaction is aborted')
    t.equal((await client.query('COMMIT')).command, 'ROLLBACK')
    t.not((await shop.truth('SELECT status FROM orders WHERE id = 9'))[0]?.[0], 'odd')
  })
  await t.test('a held command waits: a notice, then what the approver says', async (t) => {
    const client = await connected(t, shop, 'agent')
    const notices: string[] = []
    client.on('notice', ({ message }) => notices.push(message ?? ''))
    const first = refusal(client.query('DROP TABLE orders_import_2019'))
    await shop.settle(/orders_import_2019/, 'deny')
    t.equal((await first).code, '42501')
    t.match(notices.join('\n'), /approv/)
    const second = client.query('DROP TABLE orders_import_2019')
    await shop.settle(/orders_import_2019/, 'approve')
    t.equal((await second).command, 'DROP')
    t.same(await shop.truth("SELECT to_regclass('orders_import_2019')"), [[null]])
  })
  await t.test('a command is cancelled and the connection lives', async (t) => {
    const client = await connected(t, shop, 'engineer')
    const sleeping = refusal(client.query('SELECT count(*) FROM generate_series(1, 2000000000)'))
    await shop.running('generate_series(1, 2000000000)')
    const canceller = new pg.Client({ host: shop.host, port: shop.port }) as unknown as {
      cancel: (client: unknown, query: unknown) => void
    }
    canceller.cancel(client, (client as unknown as { readonly activeQuery: unknown }).activeQuery)
    t.equal((await sleeping).code, '57014')
    t.equal((await client.query('SELECT 1')).rowCount, 1)
  })
})
