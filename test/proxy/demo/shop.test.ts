// The demo's database: seeded once, kept over restarts, and begun anew where the first start was broken off.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { runAsSuperuser } from '../../../proxy/embedded-postgres.js'
import { readyForTour, seedShop } from '../../../proxy/demo/shop.js'
import { missingPostgres, startPostgres } from '../../peers/postgres.js'

t.test('the demo’s database', { skip: missingPostgres('embedded') }, async (t) => {
  const cluster = await startPostgres({ kind: 'embedded' })
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-shop-'))
  t.teardown(async () => {
    await cluster.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const server = { ...cluster, fresh: true }
  const file = join(folder, 'password')
  const asAccount = async (sql: string): Promise<unknown> => {
    const client = new pg.Client({
      host: cluster.host,
      port: cluster.port,
      user: 'shop_app',
      password: readFileSync(file, 'utf8').trim(),
      database: 'shop',
    })
    await client.connect()
    const { rows } = await client.query<{ n: unknown }>(sql)
    await client.end()
    return rows[0]?.n
  }
  const customers = 'SELECT count(*)::int AS n FROM customers'

  await runAsSuperuser(server, 'postgres', 'CREATE ROLE shop_owner NOLOGIN')
  await runAsSuperuser(server, 'postgres', 'CREATE DATABASE shop OWNER shop_owner')
  t.notOk(existsSync(file))
  await seedShop({ ...server, fresh: false }, 'first-password', file)
  t.equal(await asAccount(customers), 8, 'half a seeding is done again')

  await asAccount('DELETE FROM orders RETURNING 1 AS n')
  await seedShop({ ...server, fresh: false }, 'second-password', file)
  t.equal(await asAccount('SELECT count(*)::int AS n FROM orders'), 0, 'what was done stays done')
  t.equal(readFileSync(file, 'utf8'), 'second-password\n', 'under a password of this start')

  await readyForTour(server)
  t.equal(await asAccount(customers), 8)
})
