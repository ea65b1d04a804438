// A gateway in a process of its own, told what to do as an init system tells it: SIGHUP reads the
// configuration again, all or nothing; SIGTERM lets open sessions finish, takes no new ones, and ends with 0.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { verifyRecord } from '../../proxy/recording/verify.js'
import { startGatewayProcess } from '../peers/gateway-process.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const NOTICED_MS = 60_000

t.test('signals', { skip: missingPostgres('embedded') }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  const { host, port, superuser: user, password } = server
  const gateway = await startGatewayProcess({
    target: { name: 'shop', database: 'postgres', host, port, accounts: [{ user, password }] },
    config: { limits: { drain_ms: 20_000 } },
  })
  t.teardown(async () => {
    await gateway.stop()
    await server.stop()
  })
  const token = await gateway.token('engineer')
  const client = (): pg.Client => {
    const one = new pg.Client({
      host: '127.0.0.1',
      port: gateway.port,
      user: 'engineer',
      password: token,
      database: 'shop',
    })
    one.on('error', () => undefined)
    return one
  }
  const connected = async (): Promise<pg.Client> => {
    const one = client()
    await one.connect()
    return one
  }
  const refusal = (): Promise<unknown> =>
    client()
      .connect()
      .then(
        () => 'connected',
        (problem: unknown) => problem,
      )
  const file = join(gateway.directory, 'sallyport.yaml')
  const configuration = readFileSync(file, 'utf8')
  const first = await connected()

  await t.test('SIGHUP: a configuration that does not fit changes nothing', async (t) => {
    writeFileSync(file, configuration.replace('drain_ms: 20000', 'drain_ms: soon'))
    process.kill(gateway.pid(), 'SIGHUP')
    await until(() => /was not taken; the one before stays/.test(gateway.log()))
    t.match(gateway.log(), /drain_ms/, 'and the log says what is wrong')
    t.match(await first.query('SELECT 1 AS one'), { rows: [{ one: 1 }] })
  })

  await t.test('SIGHUP: one that fits counts from then on, open sessions go on', async (t) => {
    const limited = 'drain_ms: 20000\n  sessions_per_identity: 1'
    writeFileSync(file, configuration.replace('drain_ms: 20000', limited))
    process.kill(gateway.pid(), 'SIGHUP')
    await until(() => /the configuration was read again/.test(gateway.log()))
    t.match(await first.query('SELECT 1 AS one'), { rows: [{ one: 1 }] })
    t.match(await refusal(), { code: '53300' })
  })

  await t.test('SIGTERM: what is open may finish, nothing new begins', async (t) => {
    await first.query('BEGIN')
    const pid = gateway.pid()
    process.kill(pid, 'SIGTERM')
    await until(() => /stopping/.test(gateway.log()))
    t.match(await refusal(), { code: 'ECONNREFUSED' })
    t.match(await first.query('SELECT 2 AS two'), { rows: [{ two: 2 }] })
    t.match(await first.query('COMMIT'), { command: 'COMMIT' })
    await first.end()
    await until(() => !isRunning(pid))
    t.match(gateway.log(), /"msg":"stopped"/)
    t.match(await verifyRecord({ directory: gateway.recordDirectory }), { ok: true, notes: [] })
  })
})

function isRunning(pid: number): boolean {
  try {
    // A process that has ended stays listed until it is waited for, as a zombie.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

async function until(held: () => boolean): Promise<void> {
  const end = Date.now() + NOTICED_MS
  while (!held()) {
    if (Date.now() > end) throw new Error('it did not come about')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
