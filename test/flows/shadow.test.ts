// A second bundle beside the first on live traffic: what it would have done otherwise is counted, recorded
// and shown; what it does, however bad, changes nothing and slows nobody.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import { run } from '../../proxy/commands/policy.js'
import { buildBundle } from '../../proxy/policies/build.js'
import { recordLines } from '../../proxy/recording/read-record.js'
import { verifyRecord } from '../../proxy/recording/verify.js'
import { startTestGateway, type TestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres, type Postgres } from '../peers/postgres.js'
import { opaPath } from '../rego/library.js'

const skip = missingPostgres('embedded')
const WAIT_MS = 60_000
const COMMANDS = 400
const ROUNDS = 5

t.setTimeout(120_000)

const RULES = (id: string, denied: string): string => `package sallyport.main

default decision := {"action": "allow", "rules": [], "masks": [], "limits": {}}

decision := {"action": "deny", "rules": [{"id": "${id}", "message": "no"}], "masks": [], "limits": {}} if {
	${denied}
}

degraded := decision

default approval := {"allow": false, "reason": ""}

approval := {"allow": true, "reason": ""} if "approvers" in input.approver.groups
`

const NOTHING = 'input.command.postgres.tag == "NEVER"'

t.test('a second bundle decides in the shadow', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(() => server.stop())

  await t.test('what it would do otherwise is counted, recorded and shown', async (t) => {
    const { gateway, client } = await world(t, server, RULES('a/b', NOTHING), [
      'shadow/writes',
      'some effect in input.command.effects\n\teffect.op in {"create", "insert"}',
    ])
    await client.query('CREATE TABLE notes (id int, body text)')
    for (let n = 0; n < 50; n++) {
      await client.query(`INSERT INTO notes VALUES (${n}, 'secret-${n}')`)
      await client.query('SELECT count(*) FROM notes WHERE id < $1', [n])
    }
    t.match(await client.query('SELECT count(*)::int AS n FROM notes'), { rows: [{ n: 50 }] })
    const seen = await shown(gateway, (found) => found.same + found.differs >= 102)
    t.equal(seen.differs, 51)
    t.equal(seen.dropped + seen.failed, 0)
    t.match(seen.flips, [
      { action: 'allow', rules: [], shadow_action: 'deny', shadow_rules: ['shadow/writes'] },
    ])
    t.equal(seen.flips[0]?.count, 51)
    t.match(seen.flips[0]?.examples[0], { text: /^CREATE TABLE notes/, command: 1 })
    const text = (await typed(gateway, 'shadow')).out
    t.match(text, /51 {2}allow → deny {2}no rule → shadow\/writes\n/)
    const page = await (await fetch(`${gateway.webUrl}/metrics`)).text()
    t.match(page, /sallyport_shadow_decisions_total\{outcome="differs"\} 51/)

    await client.end()
    await gateway.gateway.stop(0)
    const lines = []
    for await (const { line } of recordLines(gateway.recordDirectory)) lines.push(line)
    const shadows = lines.flatMap((line) => (line.kind === 'shadow' ? [line] : []))
    t.ok(shadows.length >= 20 && shadows.length <= 40, 'of one kind so many a minute')
    for (const { session, command, bundle } of shadows) {
      t.ok(
        lines.some(
          (line) =>
            line.kind === 'command' &&
            line.session === session &&
            line.command === command &&
            line.bundle === bundle,
        ),
        'each belongs to a command on record',
      )
    }
    t.match(
      lines.filter((line) => line.kind === 'bundle').map((line) => line.slot ?? 'active'),
      ['active', 'shadow'],
    )
    t.ok((await verifyRecord({ directory: gateway.recordDirectory })).ok)
  })

  await t.test('a shadow that burns all its fuel slows nobody and changes nothing', async (t) => {
    const plain = await world(t, server, RULES('a/b', NOTHING))
    const beside = await world(t, server, RULES('a/b', NOTHING), [
      'shadow/burns',
      'input.target.name == "shop"\n\tstartswith(input.command.digest, "sha256:")\n\t' +
        'count([1 | some a in numbers.range(1, 999); some b in numbers.range(1, 999); a == b]) > 0',
    ])
    const times: number[][] = [[], []]
    for (let round = 0; round < ROUNDS; round++) {
      times[0]?.push(await timed(plain.client))
      times[1]?.push(await timed(beside.client))
    }
    const [alone = 0, loaded = 0] = times.map(median)
    t.comment(`${COMMANDS} commands: ${alone.toFixed(0)} ms, burning ${loaded.toFixed(0)} ms`)
    t.ok(loaded < alone * 2 + 500, 'no command waits for the shadow')
    const seen = await shown(beside.gateway, ({ differs }) => differs > 20)
    t.match(seen.flips, [{ shadow_action: 'deny', shadow_rules: ['sallyport/over-budget'] }])
    t.equal(seen.failed, 0)
    await plain.client.end()
    await beside.client.end()
  })

  await t.test('a shadow that cannot decide is refused, and nobody notices', async (t) => {
    const { gateway, client, shadow } = await world(t, server, RULES('a/b', NOTHING), [
      's/one',
      NOTHING,
    ])
    await shown(gateway, ({ bundle }) => bundle !== '')
    writeFileSync(shadow, 'not a bundle')
    const refused = await shown(gateway, (found) => found.refused !== null)
    t.match(refused, { refused: { step: 'archive' }, bundle: /^sha256:/ })
    t.match(await client.query('SELECT 1 AS one'), { rows: [{ one: 1 }] })
    writeFileSync(shadow, await bundle(t, RULES('s/two', 'input.stage == "command"')))
    await shown(gateway, (found) => found.refused === null)
    await client.query('SELECT 2')
    const seen = await shown(gateway, ({ differs }) => differs > 0)
    t.match(seen.flips, [{ shadow_rules: ['s/two'] }])
    await client.end()
  })
})

async function timed(client: pg.Client): Promise<number> {
  const started = performance.now()
  for (let n = 0; n < COMMANDS; n++) await client.query(`SELECT ${n}`)
  return performance.now() - started
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
}

type Shown = {
  readonly bundle: string
  readonly same: number
  readonly differs: number
  readonly dropped: number
  readonly failed: number
  readonly refused: unknown
  readonly flips: readonly {
    readonly count: number
    readonly examples: readonly { readonly text: string }[]
  }[]
}

async function shown(gateway: TestGateway, enough: (found: Shown) => boolean): Promise<Shown> {
  for (const end = Date.now() + WAIT_MS; ;) {
    const { out } = await typed(gateway, 'shadow', '--format', 'json')
    const found = JSON.parse(out) as Shown
    if (enough(found) || Date.now() > end) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function typed(gateway: TestGateway, ...argv: readonly string[]) {
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

async function world(
  test: Test,
  server: Postgres,
  rules: string,
  beside?: readonly [id: string, denied: string],
) {
  const folder = scratch(test)
  const [active, shadow] = [join(folder, 'active.tar.gz'), join(folder, 'shadow.tar.gz')]
  writeFileSync(active, await bundle(test, rules))
  if (beside !== undefined) writeFileSync(shadow, await bundle(test, RULES(...beside)))
  const account = { user: server.superuser, password: server.password }
  const { host, port } = server
  const gateway = await startTestGateway({
    target: { name: 'shop', database: 'postgres', host, port, accounts: [account] },
    config: {
      policy: {
        source: active,
        operators: ['approvers'],
        ...(beside === undefined ? {} : { shadow: { source: shadow } }),
      },
    },
  })
  test.teardown(() => gateway.stop())
  if (beside !== undefined) await shown(gateway, (found) => found.bundle !== '')
  const client = new pg.Client({
    host: gateway.host,
    port: gateway.port,
    user: 'engineer',
    password: await gateway.token('engineer'),
    database: 'shop',
  })
  await client.connect()
  return { gateway, client, shadow }
}

async function bundle(test: Test, rules: string): Promise<Buffer> {
  const folder = scratch(test)
  writeFileSync(join(folder, 'main.rego'), rules)
  return buildBundle({ opa: await opaPath(), folder })
}

function scratch(test: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-shadow-'))
  test.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
