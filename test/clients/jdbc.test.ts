// The PostgreSQL JDBC driver, as published, through the gateway, over plaintext and TLS: what it asks when
// it connects, and what tools ask of it about tables. The Java is in jdbc/; the driver goes to the cache.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { REPOSITORY } from '../peers/gateway-config.js'
import { cacheFolder, digestOf, made, missingProgram, stepsOf } from './program.js'
import { missingShop, openShop } from './shop.js'

const VERSION = '42.7.7'
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy'
const SOURCE = join(REPOSITORY, 'test/clients/jdbc/Session.java')
const skip =
  missingShop() || missingProgram('javac', ['-version']) || missingProgram('mvn', ['-version'])

async function classPath(): Promise<string | undefined> {
  const folder = cacheFolder(`jdbc-${VERSION}-${digestOf([readFileSync(SOURCE)])}`)
  const jar = join(folder, `postgresql-${VERSION}.jar`)
  const built = await made(folder, [
    [
      ...(['mvn', '-q', '-B', COPY] as const),
      ...[`-Dartifact=org.postgresql:postgresql:${VERSION}`, `-DoutputDirectory=${folder}`],
    ],
    ['javac', '-cp', jar, '-d', folder, SOURCE],
  ])
  return built ? `${folder}:${jar}` : undefined
}

// A machine that sees it for the first time fetches and builds the client.
t.setTimeout(240_000)

t.test('JDBC through the gateway', { skip }, async (t) => {
  const path = await classPath()
  if (path === undefined) {
    t.pass('JDBC', { skip: 'skipped: the JDBC driver could not be fetched here' })
    return
  }
  const shop = await openShop(t)
  const as = async (name: string, steps: readonly string[], more = {}) =>
    stepsOf('java', ['-cp', path, 'Session', ...steps], {
      ...(await shop.environment(name)),
      ...more,
    })
  for (const name of ['agent', 'engineer']) {
    await t.test(`${name}: queries, portions, and what tools ask about tables`, async (t) => {
      const { queries, metadata } = await as(name, ['queries', 'metadata'])
      t.match(queries, {
        count: 120,
        prepared: ['shipped', 'delivered', 'returned', 'paid'],
        seen: 120,
        schema: 'public',
        isolation: 2,
        valid: true,
      })
      t.match(metadata, {
        tables: ['customers', 'employees', 'orders', 'orders_import_2019'],
        columns: ['id', 'name', 'title', 'salary'],
        keys: ['id'],
        foreign: ['customers'],
        indexes: ['orders_pkey'],
        schemas: true,
        types: true,
      })
    })
  }
  await t.test('COPY, transactions and cancelling, as an engineer', async (t) => {
    const steps = await as('engineer', ['copy', 'transactions', 'cancel'])
    t.match(steps['copy'], { in: 2, out: '1\tnorth\n2\tsouth\n' })
    t.match(steps['transactions'], { before: 'returned', after: 'paid' })
    t.match(steps['cancel'], { ended: { sqlstate: '57014' }, alive: 1 })
  })
  await t.test('masks and denials, as an agent', async (t) => {
    const { masks, denials } = await as('agent', ['masks', 'denials'])
    t.match(masks, { shown: [/\*/, /\*/, /\*/, /\*/] })
    t.notMatch(JSON.stringify(masks), /941-22/)
    t.match(denials, {
      first: { sqlstate: '42501', detail: /[a-z]+\/[a-z-]+/, hint: /\w/ },
      alive: 1,
      aborted: { sqlstate: '25P02' },
    })
    t.not((await shop.truth('SELECT status FROM orders WHERE id = 9'))[0]?.[0], 'odd')
  })
  await t.test('a held command waits: a notice, then what the approver says', async (t) => {
    for (const verb of ['deny', 'approve'] as const) {
      const asked = as('agent', ['hold'])
      await shop.settle(/orders_import_2019/, verb)
      const { hold } = await asked
      t.match(hold, { refused: verb === 'deny' ? { sqlstate: '42501' } : null })
      // The driver keeps a notice with the statement only where the statement succeeds.
      if (verb === 'approve') t.match(hold, { notices: [/held for approval/] })
    }
    t.same(await shop.truth("SELECT to_regclass('orders_import_2019')"), [[null]])
  })
  await t.test('TLS, negotiated and direct, the certificate and its name verified', async (t) => {
    for (const PGSSLNEGOTIATION of ['postgres', 'direct']) {
      const { masks, cancel } = await as('agent', ['masks', 'cancel'], {
        PGHOST: 'localhost',
        PGSSLMODE: 'verify-full',
        PGSSLROOTCERT: shop.certificate,
        PGSSLNEGOTIATION,
      })
      t.match(masks, { shown: [/\*/] })
      t.match(cancel, { ended: { sqlstate: '57014' }, alive: 1 })
    }
  })
})
