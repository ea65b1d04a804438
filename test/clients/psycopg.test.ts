// psycopg 3, as published, through the gateway, over plaintext and every way of TLS, and with the token
// sent by OAUTHBEARER. The Python is in psycopg/; the package goes to the cache, at a pinned version.
import { join } from 'node:path'
import t from 'tap'
import { REPOSITORY } from '../peers/gateway-config.js'
import { cacheFolder, made, missingProgram, stepsOf } from './program.js'
import { missingShop, openShop, type Shop } from './shop.js'

// Brings libpq 18 with it.
const PACKAGE = 'psycopg[binary]==3.3.9'
const SESSION = join(REPOSITORY, 'test/clients/psycopg/session.py')
const skip = missingShop() || missingProgram('python3', ['-c', 'import venv, ensurepip'])

async function pythonWithPackage(): Promise<string | undefined> {
  const folder = cacheFolder('psycopg-3.3.9')
  const python = join(folder, 'bin/python')
  const there = await made(folder, [
    ['python3', '-m', 'venv', folder],
    [python, '-m', 'pip', '-q', '--disable-pip-version-check', 'install', PACKAGE],
  ])
  return there ? python : undefined
}

// A machine that sees it for the first time fetches and builds the client.
t.setTimeout(240_000)

t.test('psycopg through the gateway', { skip }, async (t) => {
  const python = await pythonWithPackage()
  if (python === undefined) {
    t.pass('psycopg', { skip: 'skipped: psycopg could not be installed here' })
    return
  }
  const shop = await openShop(t)
  const run = (steps: readonly string[], env: Readonly<Record<string, string>>) =>
    stepsOf(python, ['-B', SESSION, ...steps], env)
  await t.test('queries, COPY, transactions and cancelling, as an engineer', async (t) => {
    const steps = await run(
      ['queries', 'copy', 'transactions', 'cancel'],
      await shop.environment('engineer'),
    )
    t.match(steps['queries'], {
      count: 120,
      prepared: ['shipped', 'delivered'],
      total: '26.35',
      piped: [0, 1, 2],
      first: [1, 2, 3],
    })
    t.same(steps['copy']?.['rows'], [
      ['1', 'north'],
      ['2', 'south'],
      ['3', 'west'],
    ])
    t.match(steps['transactions'], { before: 'returned', after: 'paid' })
    t.match(steps['cancel'], { ended: { sqlstate: '57014' }, alive: 1 })
  })
  await t.test('masks and denials, as an agent', async (t) => {
    const { masks, denials } = await run(['masks', 'denials'], await shop.environment('agent'))
    t.match(masks, { plain: [/\*/, 'north'], binary: [/\*/, 'north'] })
    t.notMatch(JSON.stringify(masks), /941-22/)
    t.match(denials, {
      first: { sqlstate: '42501', detail: /[a-z]+\/[a-z-]+/, hint: /\w/ },
      alive: 1,
      aborted: '25P02',
      commit: 'ROLLBACK',
    })
    t.not((await shop.truth('SELECT status FROM orders WHERE id = 9'))[0]?.[0], 'odd')
  })
  await t.test('a held command waits: a notice, then what the approver says', async (t) => {
    const env = await shop.environment('agent')
    for (const verb of ['deny', 'approve'] as const) {
      const asked = run(['hold'], env)
      await shop.settle(/orders_import_2019/, verb)
      const { hold } = await asked
      t.match(hold, {
        notices: [/held for approval/],
        refused: verb === 'deny' ? { sqlstate: '42501' } : null,
      })
    }
    t.same(await shop.truth("SELECT to_regclass('orders_import_2019')"), [[null]])
  })
  await t.test('TLS, negotiated and direct, the certificate and its name verified', async (t) => {
    for (const PGSSLNEGOTIATION of ['postgres', 'direct']) {
      const env = { ...(await verifying(shop)), PGSSLNEGOTIATION }
      const { reached, cancel } = await run(['reached', 'cancel'], env)
      t.match(reached, { one: 1, encrypted: true })
      t.match(cancel, { ended: { sqlstate: '57014' }, alive: 1 })
    }
  })
  await t.test('the token by OAUTHBEARER, its issuer found through the gateway', async (t) => {
    const { PGPASSWORD: _, ...env } = await verifying(shop)
    const { reached } = await run(['reached'], {
      ...env,
      PGPORT: String(shop.bearerPort),
      PGREQUIREAUTH: 'oauth',
      BEARER: await shop.token('agent'),
      OAUTH_ISSUER: shop.gateway.issuer,
      OAUTH_CLIENT_ID: 'sallyport-cli',
      // The development issuer is on loopback and speaks plain HTTP.
      PGOAUTHDEBUG: 'UNSAFE',
    })
    t.match(reached, { one: 1, encrypted: true })
  })
})

async function verifying(shop: Shop): Promise<Readonly<Record<string, string>>> {
  return {
    ...(await shop.environment('agent')),
    PGHOST: 'localhost',
    PGHOSTADDR: '127.0.0.1',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: shop.certificate,
  }
}
