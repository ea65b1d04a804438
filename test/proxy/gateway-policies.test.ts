// Policies of a whole gateway: a server that is not heard of makes them stale, then nothing runs; signatures
// are asked for; the last good bundle carries over a start.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { settingsFrom } from '../../proxy/config/read-config.js'
import { createLog } from '../../proxy/log.js'
import { recordLines } from '../../proxy/recording/read-record.js'
import { startGateway } from '../../proxy/serve.js'
import { DEFAULTS } from '../../proxy/config/defaults.js'
import { startBundleServer } from '../peers/bundle-server.js'
import { TOOL_CACHE } from '../peers/gateway-config.js'
import { startTestGateway, type TestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'
import { bundleOf } from './policies/serving/lab.js'

const skip = missingPostgres('embedded')
const STALE_MS = 2000
const DENY_MS = 5000

t.setTimeout(120_000)

const RULES = `package sallyport.main

default decision := {"action": "allow", "rules": [], "masks": [], "limits": {}}

decision := {"action": "deny", "rules": [{"id": "stale/write", "message": "no"}], "masks": [], "limits": {}} if {
	input.policy.stale
	some effect in input.command.effects
	effect.op != "read"
}

degraded := decision

approval := {"allow": false, "reason": ""}
`

t.test(
  'a source that is not heard of: rules see it, then nothing runs, then all is well again',
  { skip },
  async (t) => {
    const server = await startPostgres({ kind: 'embedded' })
    let peer = await startBundleServer()
    peer.serve(await bundleOf(t, RULES, { revision: 'one' }))
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-policies-'))
    const [ca, token] = [join(folder, 'ca.pem'), join(folder, 'token')]
    mkdirSync(folder, { recursive: true })
    writeFileSync(ca, peer.certificate)
    writeFileSync(token, peer.token)
    const { host, port, superuser: user, password } = server
    const gateway = await startTestGateway({
      target: { name: 'postgres', host, port, accounts: [{ user, password }] },
      config: {
        policy: {
          source: peer.url,
          server: { token: `file:${token}`, ca, poll_ms: 1000, wait_ms: 0 },
          stale_ms: STALE_MS,
          deny_ms: DENY_MS,
        },
      },
    })
    t.teardown(async () => {
      await gateway.stop()
      await peer.close()
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    })
    const client = await connected(gateway)
    const write = (): Promise<unknown> => client.query('CREATE TABLE IF NOT EXISTS t (id int)')
    await write()

    peer.misbehave('error')
    await until(async () => (await age(gateway)) * 1000 > STALE_MS + 200)
    t.match(await client.query('SELECT 1 AS one'), { rows: [{ one: 1 }] }, 'reading goes on')
    await t.rejects(write(), { code: '42501', detail: 'rule stale/write' })

    await until(async () => (await age(gateway)) * 1000 > DENY_MS + 200)
    await t.rejects(client.query('SELECT 2'), { message: /older than allowed/ })
    await t.rejects(client.query('SELECT $1::int', [2]), { message: /older than allowed/ })
    await t.rejects(connected(gateway), { message: /older than allowed/ })

    peer.misbehave(undefined)
    await until(async () => (await age(gateway)) * 1000 < STALE_MS)
    t.match(await client.query('SELECT 3 AS three'), { rows: [{ three: 3 }] })
    await write()
    await client.end()

    const settings = settingsFrom(gateway.configFile, process.env)
    const { policy } = settings
    const elsewhere = { ...policy, source: { kind: 'path', path: '/elsewhere' } as const }
    await t.rejects(
      gateway.gateway.reload({ ...settings, policy: elsewhere }),
      { code: 'config_invalid', message: /start it again/ },
      'where bundles come from is settled at the start',
    )
    await gateway.gateway.reload({ ...settings, policy: { ...policy, staleMs: 1_000_000 } })

    await gateway.gateway.stop(0)
    await peer.close()
    const again = await startGateway(settingsFrom(gateway.configFile, process.env), {
      env: process.env,
      log: createLog({ level: 'error', destination: { write: () => undefined } }),
      version: 'test',
      toolCache: TOOL_CACHE,
    })
    peer = await startBundleServer()
    await again.stop(0)

    const stale: unknown[] = []
    const events: string[] = []
    const refusals: string[] = []
    const budgets: (number | undefined)[] = []
    for await (const { line } of recordLines(gateway.recordDirectory)) {
      if (line.kind === 'part' && 'policy' in line.value) stale.push(line.value['policy'])
      if (line.kind === 'bundle') events.push(`${line.event} ${line.step ?? line.revision ?? ''}`)
      if (line.kind === 'bundle' && line.event === 'activated') budgets.push(line.fuel)
      if (line.kind === 'command' && line.refusal !== undefined) refusals.push(line.refusal)
    }
    t.match(stale[0], { stale: true }, 'the facts say so')
    t.match(refusals, [/^sallyport\/policy-expired: /, /^sallyport\/policy-expired: /])
    t.same(events, ['activated one', 'refused download', 'refused download', 'activated one'])
    t.same(budgets, [DEFAULTS.fuel, DEFAULTS.fuel], 'with what it takes to execute them again')
  },
)

async function connected({ host, port, token }: TestGateway): Promise<pg.Client> {
  const password = await token('engineer')
  const client = new pg.Client({ host, port, user: 'engineer', password, database: 'postgres' })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function age({ webUrl }: TestGateway): Promise<number> {
  const page = await (await fetch(`${webUrl}/metrics`)).text()
  return Number(/^sallyport_bundle_age_seconds (\S+)$/m.exec(page)?.[1])
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
