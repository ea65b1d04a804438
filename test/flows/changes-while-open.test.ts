// What changes while sessions are open: tokens end, policies are edited well and badly, the configuration
// is read again, the gateway stops.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { settingsFrom } from '../../proxy/config/read-config.js'
import { REPOSITORY } from '../peers/gateway-config.js'
import { startTestGateway, type TestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const skip = missingPostgres('embedded')
const NOTICED_MS = 60_000

t.test('changes while sessions are open', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(() => server.stop())
  const target = {
    name: 'shop',
    database: 'postgres',
    host: server.host,
    port: server.port,
    accounts: [{ user: server.superuser, password: server.password }],
  }
  const setUp = new pg.Client({
    host: server.host,
    port: server.port,
    user: server.superuser,
    password: server.password,
    database: 'postgres',
  })
  await setUp.connect()
  await setUp.query(
    "CREATE TABLE people (id int PRIMARY KEY, nickname text, ssn text); INSERT INTO people VALUES (1, 'Ada', '900-11-2222')",
  )
  await setUp.end()

  await t.test('a token that ends stops the next command, and says how to go on', async (t) => {
    const gateway = await startTestGateway({ target, tokenSeconds: 5 })
    t.teardown(() => gateway.stop())
    const client = await connected(gateway)
    t.match(await client.query('SELECT 1 AS one'), { rows: [{ one: 1 }] })
    let refused: unknown
    await until(async () => {
      refused = await client.query('SELECT 2').catch((problem: unknown) => problem)
      return refused instanceof Error
    })
    t.match(refused, { code: '28000', hint: /token|log in|login/i })
    await client.end()
  })

  await t.test(
    'an edited policy decides the next command; a broken one changes nothing',
    async (t) => {
      const policies = mkdtempSync(join(tmpdir(), 'sallyport-policies-'))
      cpSync(join(REPOSITORY, 'rego'), policies, { recursive: true })
      const gateway = await startTestGateway({ target, policies })
      t.teardown(async () => {
        await gateway.stop()
        rmSync(policies, { recursive: true, force: true })
      })
      const client = await connected(gateway)
      const nickname = async (): Promise<unknown> =>
        (await client.query<{ nickname: unknown }>('SELECT nickname FROM people')).rows[0]?.nickname
      t.equal(await nickname(), 'Ada')

      const labels = join(policies, 'data', 'labels', 'data.yaml')
      const before = readFileSync(labels, 'utf8')
      writeFileSync(labels, `${before}\n  - column: nickname\n    labels: [pii]\n`)
      await until(async () => (await nickname()) === '****')
      t.equal(await nickname(), '****', 'labelled, it is masked in the session that was open')

      writeFileSync(
        join(policies, 'policies', 'sallyport', 'main.rego'),
        'package sallyport.main\n\ndecision := ',
      )
      await until(async () => /refused/.test(gateway.log()))
      t.equal(await nickname(), '****', 'the policy before stays')
      await client.end()
    },
  )

  await t.test('a configuration is taken as a whole or not at all', async (t) => {
    const gateway = await startTestGateway({ target })
    t.teardown(() => gateway.stop())
    const client = await connected(gateway)
    const good = readFileSync(gateway.configFile, 'utf8')
    writeFileSync(gateway.configFile, good.replace('shop:', 'store:'))
    await gateway.gateway.reload(settingsFrom(gateway.configFile, process.env))
    t.match(
      await client.query('SELECT 1 AS one'),
      { rows: [{ one: 1 }] },
      'the open session goes on',
    )
    await t.rejects(connected(gateway), { code: '3D000' }, 'the old name is gone')
    const renamed = await connected(gateway, 'store')
    await renamed.end()

    writeFileSync(gateway.configFile, good.replace('issuers:', 'isuers:'))
    t.throws(() => settingsFrom(gateway.configFile, process.env), { code: 'config_invalid' })
    const still = await connected(gateway, 'store')
    await still.end()
    await client.end()
  })

  await t.test(
    'a gateway that stops lets open sessions finish, and takes no new ones',
    async (t) => {
      const gateway = await startTestGateway({ target })
      const client = await connected(gateway)
      const slow = client.query("SELECT pg_sleep(0.7), 'done' AS word")
      await new Promise((resolve) => setTimeout(resolve, 100))
      const stopped = gateway.gateway.stop(5000)
      await t.rejects(connected(gateway))
      t.match(await slow, { rows: [{ word: 'done' }] })
      await client.end()
      await stopped
      await gateway.stop()
    },
  )
})

async function connected(gateway: TestGateway, database = 'shop'): Promise<pg.Client> {
  const client = new pg.Client({
    host: gateway.host,
    port: gateway.port,
    user: 'agent',
    password: await gateway.token('agent'),
    database,
  })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function until(reached: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + NOTICED_MS
  while (!(await reached()) && Date.now() < end)
    await new Promise((resolve) => setTimeout(resolve, 200))
}
