// The demo's target, seeded: roles, and the tables of `fixtures/demo/shop.sql` in database `shop`.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { runAsSuperuser, type RunningPostgres } from '../embedded-postgres.js'

const SEED = new URL('../../../fixtures/demo/shop.sql', import.meta.url)
const BEFORE_TOUR = new URL('../../../fixtures/demo/before-tour.sql', import.meta.url)

// The account's password goes to a file that the configuration refers to; it is changed at every start.
// A seeding that was broken off (Ctrl-C in the first start) is begun anew: the file is written last.
export async function seedShop(
  server: RunningPostgres,
  password: string,
  passwordFile: string,
): Promise<void> {
  const seeded =
    !server.fresh && (await readFile(passwordFile).catch(() => undefined)) !== undefined
  if (!seeded) {
    await rm(passwordFile, { force: true })
    await runAsSuperuser(server, 'postgres', 'DROP DATABASE IF EXISTS shop')
    await runAsSuperuser(server, 'postgres', 'DROP ROLE IF EXISTS shop_app, shop_owner')
    await runAsSuperuser(
      server,
      'postgres',
      'CREATE ROLE shop_owner NOLOGIN; CREATE ROLE shop_app LOGIN IN ROLE shop_owner',
    )
    await runAsSuperuser(server, 'postgres', 'CREATE DATABASE shop OWNER shop_owner')
    await runAsSuperuser(server, 'shop', 'GRANT CREATE ON SCHEMA public TO shop_owner')
    await runAsSuperuser(server, 'shop', await readFile(SEED, 'utf8'))
  }
  await runAsSuperuser(server, 'postgres', `ALTER ROLE shop_app PASSWORD '${password}'`)
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
}

// The agent finds what its script speaks of, however often the tour was played.
export async function readyForTour(server: RunningPostgres): Promise<void> {
  await runAsSuperuser(server, 'shop', await readFile(BEFORE_TOUR, 'utf8'))
}
