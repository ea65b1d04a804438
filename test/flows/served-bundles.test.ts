// A gateway and its bundle server: what is published signed by two of three decides within seconds, whatever
// else is published does not and stands in the record once, one command puts the last one back, and
// nothing of that is lost when the process is killed and the server is gone.
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import { run } from '../../proxy/commands/policy.js'
import { keptPolicies } from '../../proxy/commands/kept-policies.js'
import { DEFAULTS } from '../../proxy/config/defaults.js'
import { privateKey } from '../../proxy/policies/signing/keys.js'
import { signedBundle } from '../../proxy/policies/signing/sign.js'
import { recheckRecord } from '../../proxy/recording/recheck.js'
import { recordLines } from '../../proxy/recording/read-record.js'
import { startBundleServer } from '../peers/bundle-server.js'
import { startGatewayProcess, type GatewayProcess } from '../peers/gateway-process.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'
import { bundleOf } from '../proxy/policies/serving/lab.js'

const skip = missingPostgres('embedded')
const NAMES = ['ada', 'grace', 'eve'] as const
const SECONDS = 5000

t.setTimeout(180_000)

// Says who it is to whoever deletes.
function rules(id: string): string {
  return `package sallyport.main

default decision := {"action": "allow", "rules": [], "masks": [], "limits": {}}

decision := {"action": "deny", "rules": [{"id": "served/${id}", "message": "no"}], "masks": [], "limits": {}} if {
	some effect in input.command.effects
	effect.op == "delete"
}

degraded := decision

default approval := {"allow": false, "reason": ""}

approval := {"allow": true, "reason": ""} if "approvers" in input.approver.groups
`
}

// Every decision, be it the plainest, would take a minute.
const MINUTES = rules('minutes').replace(
  /some effect.*\n.*/,
  'count([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a == b]) > 0',
)

t.test('bundles from a server to a gateway', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-served-'))
  const keys = NAMES.map((name) => {
    const pair = generateKeyPairSync('ed25519')
    const half = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    writeFileSync(join(folder, `${name}.pem`), half)
    return privateKey(name, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  })
  const signed = async (bytes: Buffer, ...by: readonly number[]): Promise<Buffer> => {
    let whole = bytes
    for (const [at, key] of keys.entries()) {
      if (by.includes(at)) whole = (await signedBundle(whole, { key })).bytes
    }
    return whole
  }
  const bundle = (id: string, more = {}): Promise<Buffer> =>
    bundleOf(t, rules(id), { revision: id, ...more })
  const peer = await startBundleServer({ longPolling: true })
  peer.serve(await signed(await bundle('one'), 0, 1))
  writeFileSync(join(folder, 'ca.pem'), peer.certificate)
  writeFileSync(join(folder, 'token'), peer.token)
  const server = await startPostgres({ kind: 'embedded' })
  const { host, port, superuser: user, password } = server
  const gateway = await startGatewayProcess({
    target: { name: 'postgres', host, port, accounts: [{ user, password }] },
    config: {
      policy: {
        source: peer.url,
        server: { token: `file:${folder}/token`, ca: join(folder, 'ca.pem'), poll_ms: 1000 },
        signatures: {
          required: 2,
          keys: Object.fromEntries(NAMES.map((name) => [name, join(folder, `${name}.pem`)])),
        },
        operators: ['approvers'],
      },
    },
  })
  t.teardown(async () => {
    await gateway.stop()
    await peer.close().catch(() => undefined)
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  t.equal(await decides(gateway), 'one')

  peer.serve(await signed(await bundle('two'), 1, 2))
  await until(
    t,
    'published, it decides within seconds',
    async () => (await decides(gateway)) === 'two',
  )

  const wrong: readonly (readonly [step: string, bytes: Buffer])[] = [
    ['signatures', await bundle('three')],
    ['signatures', await signed(await bundle('three'), 2)],
    ['archive', (await signed(await bundle('three'), 0, 1)).subarray(0, 3000)],
    ['schema', await signed(await bundle('four', { metadata: { sallyport_schema: 2 } }), 0, 1)],
    ['lineage', await signed(await bundle('three', { revision: 'two' }), 0, 1)],
    ['lineage', await signed(await bundle('one'), 0, 1)],
    ['probe', await signed(await bundleOf(t, MINUTES, { revision: 'five' }), 0, 1)],
  ]
  for (const [at, [step, bytes]] of wrong.entries()) {
    peer.serve(bytes)
    await until(t, `refused at “${step}”`, async () => (await refusals(gateway)).length === at + 1)
    t.equal((await refusals(gateway)).at(-1), step, 'at that step')
    t.equal(await decides(gateway), 'two', 'the old one decides')
  }

  peer.serve(await signed(await bundle('six'), 0, 1, 2))
  await until(t, 'a good one follows', async () => (await decides(gateway)) === 'six')
  t.match((await typed(gateway, 'status')).out, /signed by +ada, grace, eve\n/)
  t.match(await typed(gateway, 'rollback', '--reason', 'denies too little'), { code: 0 })
  t.equal(await decides(gateway), 'two', 'one command puts the last one back')

  await gateway.kill()
  await peer.close()
  await gateway.start()
  t.equal(await decides(gateway), 'two', 'killed and started without the server, it is still held')
  await until(t, 'its web side is there', async () => (await typed(gateway, 'status')).code === 0)
  t.match((await typed(gateway, 'status')).out, /held +by approver .*: denies too little\n/)
  t.match(await typed(gateway, 'pin', 'six'), { code: 0 })
  t.match(await typed(gateway, 'pin', '--off'), { code: 0 })
  t.equal(await decides(gateway), 'six', 'no longer held, and the source cannot say otherwise')
  await gateway.kill()
  await gateway.start()
  t.equal(await decides(gateway), 'six', 'the last good one')
  await gateway.kill()

  t.same(
    (await refusals(gateway)).slice(0, wrong.length),
    wrong.map(([step]) => step),
    'each once',
  )
  const again = await recheckRecord(
    gateway.recordDirectory,
    keptPolicies(gateway.recordDirectory, DEFAULTS.fuel),
  )
  t.match(again, { ok: true, different: 0, unchecked: 0 }, 'all decisions come out the same')
})

async function decides(gateway: GatewayProcess): Promise<string> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: gateway.port,
    user: 'engineer',
    password: await gateway.token('engineer'),
    database: 'postgres',
  })
  await client.connect()
  try {
    await client.query('DELETE FROM pg_description')
    return 'it ran'
  } catch (problem) {
    const detail = problem instanceof pg.DatabaseError ? problem.detail : undefined
    return /^rule served\/(\w+)$/.exec(detail ?? '')?.[1] ?? String(problem)
  } finally {
    await client.end()
  }
}

async function refusals(gateway: GatewayProcess): Promise<readonly string[]> {
  const steps: string[] = []
  for await (const { line } of recordLines(gateway.recordDirectory)) {
    if (line.kind === 'bundle' && line.event === 'refused') steps.push(line.step ?? '')
  }
  return steps
}

async function typed(gateway: GatewayProcess, ...argv: readonly string[]) {
  let [out, err] = ['', '']
  const env = { SALLYPORT_URL: gateway.webUrl, SALLYPORT_TOKEN: await gateway.token('approver') }
  const code = await run(argv, {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    env: { HOME: '/nonexistent', ...env },
    cwd: '/',
  })
  return { code, out, err }
}

async function until(test: Test, what: string, holds: () => Promise<boolean>): Promise<void> {
  const started = Date.now()
  while (!(await holds().catch(() => false)) && Date.now() - started < SECONDS * 3) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const ms = Date.now() - started
  test.ok(ms < SECONDS * 3, `${what} (${ms} ms)`)
}
