// The npm package `postgres`, as published, through the gateway. It prepares, describes and pipelines
// whatever it sends, and asks the target for its array types when it connects.
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import postgres from 'postgres'
import t, { type Test } from 'tap'
import { missingShop, openShop, type Shop } from './shop.js'

const skip = missingShop()

async function connected(
  t: Test,
  shop: Shop,
  name: string,
  notices: string[] = [],
): Promise<postgres.Sql> {
  const sql = postgres({
    host: shop.host,
    port: shop.port,
    database: 'shop',
    username: name,
    password: await shop.token(name),
    max: 1,
    onnotice: (notice) => notices.push(notice['message'] ?? ''),
  })
  t.teardown(() => sql.end({ timeout: 1 }))
  return sql
}

async function refusal(asked: Promise<unknown>): Promise<postgres.PostgresError> {
  try {
    await asked
  } catch (problem) {
    if (problem instanceof postgres.PostgresError) return problem
    throw problem
  }
  throw new Error('it was not refused')
}

t.test('postgres (npm) through the gateway', { skip }, async (t) => {
  const shop = await openShop(t)
  await t.test('prepared queries answer, many at once', async (t) => {
    const sql = await connected(t, shop, 'engineer')
    const answers = await Promise.all(
      [1, 2, 3].map((id) => sql`SELECT status FROM orders WHERE id = ${id}`),
    )
    t.match(answers, [[{ status: 'shipped' }], [{ status: 'delivered' }], [{ status: 'returned' }]])
    t.match(await sql`SELECT ARRAY[1, 2] AS numbers`, [{ numbers: [1, 2] }])
    t.match(await sql.unsafe('SELECT 1 AS a; SELECT 2 AS b'), [[{ a: 1 }], [{ b: 2 }]])
  })
  await t.test('a cursor reads in portions', async (t) => {
    const sql = await connected(t, shop, 'agent')
    const portions: number[] = []
    for await (const rows of sql`SELECT id FROM orders ORDER BY id`.cursor(50)) {
      portions.push(rows.length)
    }
    t.same(portions, [50, 50, 20])
  })
  await t.test('COPY in and out', async (t) => {
    const sql = await connected(t, shop, 'engineer')
    await sql`CREATE TEMPORARY TABLE parcels (id int, place text)`
    const into = await sql`COPY parcels FROM STDIN`.writable()
    await pipeline(Readable.from(['1\tnorth\n', '2\tsouth\n']), into)
    t.equal(await text(await sql`COPY parcels TO STDOUT`.readable()), '1\tnorth\n2\tsouth\n')
  })
  await t.test('transactions commit and roll back', async (t) => {
    const sql = await connected(t, shop, 'engineer')
    const broken = sql.begin(async (sql) => {
      await sql`UPDATE orders SET status = 'lost' WHERE id = ${7}`
      throw new Error('changed my mind')
    })
    await t.rejects(broken, { message: 'changed my mind' })
    t.same(await shop.truth('SELECT status FROM orders WHERE id = 7'), [['returned']])
    await sql.begin((sql) => sql`UPDATE orders SET status = 'paid' WHERE id = ${7}`)
    t.same(await shop.truth('SELECT status FROM orders WHERE id = 7'), [['paid']])
  })
  await t.test('protected fields come masked', async (t) => {
    const sql = await connected(t, shop, 'agent')
    const [row] = await sql<
      { ssn: string; region: string }[]
    >`SELECT ssn, region FROM customers WHERE id = ${1}`
    t.equal(row?.region, 'north')
    t.match(row?.ssn, /\*/)
    t.notMatch(row?.ssn, /941-22/)
  })
  await t.test('a denial is an error with rule and hint; the connection lives', async (t) => {
    const sql = await connected(t, shop, 'agent')
    const denied = await refusal(sql`UPDATE orders SET status = 'lost'`)
    t.equal(denied.code, '42501')
    t.match(denied.detail, /[a-z]+\/[a-z-]+/)
    t.ok(denied.hint)
    t.match(await sql`SELECT 1 AS one`, [{ one: 1 }])
    const aborted = sql.begin(async (sql) => {
      await sql`UPDATE orders SET status = 'odd' WHERE id = 9`
      await refusal(sql`UPDATE orders SET status = 'lost'`)
      await sql`SELECT 1`
    })
    t.equal((await refusal(aborted)).code, '42501', 'the library gives the first error')
    t.not((await shop.truth('SELECT status FROM orders WHERE id = 9'))[0]?.[0], 'odd')
  })
  await t.test('a held command waits: a notice, then what the approver says', async (t) => {
    const notices: string[] = []
    const sql = await connected(t, shop, 'agent', notices)
    const first = refusal(sql`DROP TABLE orders_import_2019`)
    await shop.settle(/orders_import_2019/, 'deny')
    t.equal((await first).code, '42501')
    t.match(notices.join('\n'), /approv/)
    const second = sql`DROP TABLE orders_import_2019`.execute()
    await shop.settle(/orders_import_2019/, 'approve')
    t.equal((await second).command, 'DROP TABLE')
    t.same(await shop.truth("SELECT to_regclass('orders_import_2019')"), [[null]])
  })
  await t.test('a command is cancelled and the connection lives', async (t) => {
    const sql = await connected(t, shop, 'engineer')
    await sql`SELECT 1`
    const long = sql`SELECT count(*) FROM generate_series(1, 2000000000)`.execute()
    const ended = refusal(long)
    await shop.running('generate_series(1, 2000000000)')
    long.cancel()
    t.equal((await ended).code, '57014')
    t.match(await sql`SELECT 1 AS one`, [{ one: 1 }])
  })
})
