// pgx, as published, through the gateway, over plaintext and TLS. The Go is in pgx/, with its versions
// pinned there; what it is built into goes to the cache.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { REPOSITORY } from '../peers/gateway-config.js'
import { cacheFolder, digestOf, made, missingProgram, stepsOf } from './program.js'
import { missingShop, openShop } from './shop.js'

const SOURCE = join(REPOSITORY, 'test/clients/pgx')
const skip = missingShop() || missingProgram('go', ['version'])

async function builtProgram(): Promise<string | undefined> {
  const sources = ['main.go', 'go.mod', 'go.sum'].map((name) => readFileSync(join(SOURCE, name)))
  const folder = cacheFolder(`pgx-${digestOf(sources)}`)
  const program = join(folder, 'session')
  const built = await made(folder, [['go', 'build', '-C', SOURCE, '-o', program, '.']])
  return built ? program : undefined
}

// A machine that sees it for the first time fetches and builds the client.
t.setTimeout(240_000)

t.test('pgx through the gateway', { skip }, async (t) => {
  const program = await builtProgram()
  if (program === undefined) {
    t.pass('pgx', { skip: 'skipped: pgx could not be built here' })
    return
  }
  const shop = await openShop(t)
  const as = async (name: string, steps: readonly string[], more = {}) =>
    stepsOf(program, steps, { ...(await shop.environment(name)), ...more })
  await t.test('queries, COPY, transactions and cancelling, as an engineer', async (t) => {
    const steps = await as('engineer', ['queries', 'copy', 'transactions', 'cancel'])
    t.match(steps['queries'], {
      count: 120,
      prepared: ['shipped', 'delivered'],
      array: [1, 2],
      time: '2026-01-06T16:00:00Z',
      piped: [0, 1, 2],
      modes: [2, 2, 2, 2],
      types: ['_orders', 'orders'],
    })
    t.match(steps['copy'], { binary: 2, text: 1, out: '1\tnorth\n2\tsouth\n3\twest\n' })
    t.match(steps['transactions'], { before: 'returned', after: 'paid' })
    t.match(steps['cancel'], { ended: { sqlstate: '57014' }, alive: 1 })
  })
  await t.test('masks and denials, as an agent', async (t) => {
    const { queries, masks, denials } = await as('agent', ['queries', 'masks', 'denials'])
    t.match(queries, { count: 120, types: ['_orders', 'orders'] })
    t.match(masks, { prepared: /\*/, simple: /\*/ })
    t.notMatch(JSON.stringify(masks), /941-22/)
    t.match(denials, {
      first: { sqlstate: '42501', detail: /[a-z]+\/[a-z-]+/, hint: /\w/ },
      alive: 1,
      aborted: { sqlstate: '25P02' },
      rolledBack: true,
    })
    t.not((await shop.truth('SELECT status FROM orders WHERE id = 9'))[0]?.[0], 'odd')
  })
  await t.test('a held command waits: a notice, then what the approver says', async (t) => {
    for (const verb of ['deny', 'approve'] as const) {
      const asked = as('agent', ['hold'])
      await shop.settle(/orders_import_2019/, verb)
      t.match((await asked)['hold'], {
        notices: [/held for approval/],
        refused: verb === 'deny' ? { sqlstate: '42501' } : null,
      })
    }
    t.same(await shop.truth("SELECT to_regclass('orders_import_2019')"), [[null]])
  })
  await t.test('TLS, the certificate and its name verified', async (t) => {
    for (const PGSSLNEGOTIATION of ['postgres', 'direct']) {
      const { reached, cancel } = await as('agent', ['reached', 'cancel'], {
        PGHOST: 'localhost',
        PGSSLMODE: 'verify-full',
        PGSSLROOTCERT: shop.certificate,
        PGSSLNEGOTIATION,
      })
      t.match(reached, { one: 1, encrypted: true })
      t.match(cancel, { ended: { sqlstate: '57014' }, alive: 1 })
    }
  })
})
