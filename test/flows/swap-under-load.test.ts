// Bundles swapped under load: every command is decided once, by one bundle as a whole, the record names it,
// and all decisions come out the same when they are executed again. SALLYPORT_SWAPS says how often (1,000).
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import { keptPolicies } from '../../proxy/commands/kept-policies.js'
import { DEFAULTS } from '../../proxy/config/defaults.js'
import { recheckRecord } from '../../proxy/recording/recheck.js'
import { recordLines } from '../../proxy/recording/read-record.js'
import { verifyRecord } from '../../proxy/recording/verify.js'
import { startGatewayProcess } from '../peers/gateway-process.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'
import { bundleOf } from '../proxy/policies/serving/lab.js'

const SWAPS = Number(process.env['SALLYPORT_SWAPS'] ?? '1000')
const BUNDLES = ['b0', 'b1', 'b2', 'b3'] as const
const CLIENTS = 5
const PAUSE_MS = 2

const skip = missingPostgres('embedded')

t.setTimeout(SWAPS * 500 + 120_000)

// Each says who it is in all that a client can see: in two masked columns, and in the rule that denies.
function rules(id: string): string {
  return `package sallyport.main

default decision := {
	"action": "mask-fields", "rules": [], "limits": {}, "masks": [
		{"match": "column:public.people.name", "method": "constant", "value": "${id}"},
		{"match": "column:public.people.mail", "method": "constant", "value": "${id}"},
	],
}

decision := {"action": "deny", "rules": [{"id": "swap/${id}", "message": "no"}], "masks": [], "limits": {}} if {
	some effect in input.command.effects
	effect.op == "delete"
}

degraded := decision

default approval := {"allow": false, "reason": ""}

approval := {"allow": true, "reason": ""} if "approvers" in input.approver.groups
`
}

const LABELS = `labels:
  columns:
    - { table: people, column: name, labels: [pii] }
    - { table: people, column: mail, labels: [pii] }
`

t.test('bundles are swapped under load', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-swap-'))
  const source = join(folder, 'policies.tar.gz')
  const bundles = await Promise.all(BUNDLES.map((id) => bundleNamed(t, id)))
  const put = (n: number): void => {
    writeFileSync(`${source}.new`, bundles[n % bundles.length] ?? '')
    renameSync(`${source}.new`, source)
  }
  put(0)
  const { host, port, superuser: user, password } = server
  const setUp = new pg.Client({ host, port, user, password, database: 'postgres' })
  await setUp.connect()
  await setUp.query('CREATE TABLE people (id int PRIMARY KEY, name text, mail text)')
  await setUp.query("INSERT INTO people VALUES (1, 'Ada', 'ada@example.org')")
  await setUp.end()
  const gateway = await startGatewayProcess({
    target: { name: 'postgres', host, port, accounts: [{ user, password }] },
    config: { policy: { source, operators: ['approvers'] } },
  })
  t.teardown(async () => {
    await gateway.stop()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  await reachable(`${gateway.webUrl}/healthz`)
  let going = true
  const [engineer, approver] = [await gateway.token('engineer'), await gateway.token('approver')]
  const clients = Array.from({ length: CLIENTS }, (_, n) =>
    worked(
      {
        host: '127.0.0.1',
        port: gateway.port,
        user: 'engineer',
        password: engineer,
        database: 'postgres',
        application_name: `swap-${n}`,
      },
      () => going,
    ),
  )
  const started = performance.now()
  for (let swap = 1; swap <= SWAPS; swap++) {
    put(swap)
    const answer = await fetch(`${gateway.webUrl}/api/policy/activate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${approver}`, 'content-type': 'application/json' },
      body: '{}',
    })
    const found = (await answer.json()) as { readonly active?: { readonly revision: string } }
    const wanted = BUNDLES[swap % BUNDLES.length]
    if (found.active?.revision !== wanted) {
      t.fail(`swap ${swap}: ${JSON.stringify(found)}`)
      break
    }
  }
  const seconds = (performance.now() - started) / 1000
  going = false
  const seen = new Map((await Promise.all(clients)).map((one) => [one.application, one.seen]))
  await gateway.kill()

  const found = await recorded(gateway.recordDirectory)
  const total = [...seen.values()].reduce((sum, { length }) => sum + length, 0)
  t.comment(`${SWAPS} swaps in ${seconds.toFixed(1)} s, ${total} commands of ${CLIENTS} clients`)
  t.ok(total > SWAPS, 'there was load')
  t.equal(found.activations, SWAPS + 1, 'every swap is on record')
  t.same(found.twice, [], 'no command was decided twice')
  const wrong: string[] = []
  const used = new Set<string>()
  for (const [application, told] of seen) {
    for (const [at, who] of told.entries()) {
      const decided = found.decided.get(`${application} ${at + 1}`)
      used.add(who)
      if (decided !== who)
        wrong.push(`${application} ${at + 1}: ${who}, recorded ${decided ?? '-'}`)
    }
    const last = found.decided.get(`${application} ${told.length + 1}`)
    if (last !== undefined) wrong.push(`${application}: a command that nobody sent`)
  }
  t.same(wrong.slice(0, 5), [], 'each was decided once, by the bundle that the record names')
  t.equal(used.size, BUNDLES.length, 'all of them decided')
  t.ok((await verifyRecord({ directory: gateway.recordDirectory })).ok, 'it verifies')
  const again = await recheckRecord(
    gateway.recordDirectory,
    keptPolicies(gateway.recordDirectory, DEFAULTS.fuel),
  )
  t.match(again, { ok: true, different: 0, unchecked: 0, missingBundles: [] })
  t.equal(again.decisions, total, 'executed again, every one is the same')
})

async function reachable(url: string): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    if (
      await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

type Worked = { readonly application: string; readonly seen: readonly string[] }

// What each command of one client told of the bundle that decided it, in order.
async function worked(config: pg.ClientConfig, going: () => boolean): Promise<Worked> {
  const client = new pg.Client(config)
  await client.connect()
  const seen: string[] = []
  for (let n = 0; going(); n++) {
    switch (n % 4) {
      case 0:
        seen.push(one((await client.query<Row>('SELECT name, mail FROM people')).rows))
        break
      case 1:
        seen.push(
          one((await client.query<Row>('SELECT name, mail FROM people WHERE id = $1', [1])).rows),
        )
        break
      case 2: {
        // Two statements in one message are decided together.
        const both = (await client.query<Row>(
          'SELECT name, mail FROM people; SELECT mail FROM people',
        )) as unknown as readonly pg.QueryResult<Row>[]
        const who = both.map(({ rows }) => one(rows))
        seen.push(...(new Set(who).size === 1 ? who : who.map((each) => `mixed ${each}`)))
        break
      }
      default:
        seen.push(await denied(client))
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  await client.end()
  return { application: config.application_name ?? '', seen }
}

type Row = { readonly name?: string; readonly mail: string }

function one(rows: readonly Row[]): string {
  const told = new Set(rows.flatMap((row) => Object.values(row)))
  return told.size === 1 ? String([...told][0]) : `mixed ${[...told].join()}`
}

async function denied(client: pg.Client): Promise<string> {
  try {
    await client.query('DELETE FROM people')
    return 'it ran'
  } catch (problem) {
    const detail = problem instanceof pg.DatabaseError ? problem.detail : String(problem)
    return /^rule swap\/(b\d)$/.exec(detail ?? '')?.[1] ?? String(problem)
  }
}

async function recorded(directory: string) {
  const applications = new Map<string, string>()
  const revisions = new Map<string, string>()
  const decided = new Map<string, string>()
  const twice: string[] = []
  let activations = 0
  for await (const { line } of recordLines(directory)) {
    if (line.kind === 'session' && line.event === 'opened') {
      applications.set(line.session, line.application ?? '')
    }
    if (line.kind === 'bundle' && line.event === 'activated') {
      activations++
      revisions.set(line.bundle ?? '', line.revision ?? '')
    }
    if (line.kind !== 'command') continue
    const key = `${applications.get(line.session) ?? ''} ${line.command}`
    if (decided.has(key)) twice.push(key)
    decided.set(key, revisions.get(line.bundle) ?? `unknown ${line.bundle}`)
  }
  return { decided, twice, activations }
}

async function bundleNamed(test: Test, id: string): Promise<Buffer> {
  return bundleOf(test, rules(id), { revision: id }, { 'data.yaml': LABELS })
}
