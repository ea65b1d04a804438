// The gateway killed at random moments under load: whatever a client was told had happened stands in the
// record, the record verifies, and what was held never ran. SALLYPORT_KILLS says how often (20).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { buildBundle } from '../../proxy/policies/build.js'
import { findOpa } from '../../proxy/policies/opa.js'
import { recordLines } from '../../proxy/recording/read-record.js'
import { outcomesOf } from '../../proxy/recording/recorded-outcomes.js'
import { verifyRecord } from '../../proxy/recording/verify.js'
import { REPOSITORY, TOOL_CACHE } from '../peers/gateway-config.js'
import { startGatewayProcess } from '../peers/gateway-process.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const KILLS = Number(process.env['SALLYPORT_KILLS'] ?? '20')
const WRITERS = 4
const LOAD_MS = 250
// The first command after a start waits for the names of the database.
const LOAD_STARTS_MS = 10_000
const VERIFY_EVERY = 10

const skip = missingPostgres('embedded')

t.setTimeout(KILLS * 10_000 + 60_000)

t.test('killed under load, the record holds all that was acknowledged', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-kill-'))
  const policies = join(directory, 'bundle.tar.gz')
  writeFileSync(policies, await shippedBundle())
  const account = { user: server.superuser, password: server.password }
  await onServer(server, 'CREATE TABLE marks (id int PRIMARY KEY)')
  const gateway = await startGatewayProcess({
    policies,
    target: { name: 'postgres', host: server.host, port: server.port, accounts: [account] },
  })
  t.teardown(async () => {
    await gateway.stop()
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  })
  const [engineer, agent] = [await gateway.token('engineer'), await gateway.token('agent')]
  const acknowledged: string[] = []
  let next = 1
  const take = (): number => next++

  for (let kill = 1; kill <= KILLS; kill++) {
    const at = { host: '127.0.0.1', port: gateway.port, database: 'postgres' }
    const holding = held({ ...at, user: 'agent', password: agent })
    const writing = Array.from({ length: WRITERS }, () =>
      write({ ...at, user: 'engineer', password: engineer }, take, (text) =>
        acknowledged.push(text),
      ),
    )
    const before = acknowledged.length
    for (const end = Date.now() + LOAD_STARTS_MS; Date.now() < end; await pause(5)) {
      if (acknowledged.length > before) break
    }
    await pause(Math.random() * LOAD_MS)
    await gateway.kill()
    await Promise.all([...writing, holding])
    await gateway.start()
    if (kill % VERIFY_EVERY === 0 || kill === KILLS) {
      const verified = await verifyRecord({ directory: gateway.recordDirectory })
      t.ok(verified.ok, `after ${kill} kills the record verifies`)
    }
  }

  const { texts, used, open } = await recorded(gateway.recordDirectory)
  const missing = acknowledged.filter((text) => !texts.has(text))
  t.ok(acknowledged.length > KILLS, `${acknowledged.length} commands were acknowledged`)
  t.same(missing, [], 'none is without its record')
  const stored = await onServer(server, 'SELECT id FROM marks')
  t.same(
    stored.map(([id]) => Number(id)).filter((id) => !texts.has(insertOf(id))),
    [],
    'no row was written before its intent was recorded',
  )
  t.equal(used, 0, 'no held command was ever let go')
  t.equal(open, 0, 'each command that went has an outcome, be it “unknown”')
})

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function insertOf(id: number): string {
  return `INSERT INTO marks VALUES (${id})`
}

// One insert and one select after the other until the connection ends.
async function write(
  config: pg.ClientConfig,
  take: () => number,
  done: (text: string) => void,
): Promise<void> {
  const client = new pg.Client(config)
  client.on('error', () => undefined)
  try {
    await client.connect()
    for (;;) {
      const id = take()
      for (const text of [insertOf(id), `SELECT count(*) FROM marks WHERE id = ${id}`]) {
        await client.query(text)
        done(text)
      }
    }
  } catch {
    await client.end().catch(() => undefined)
  }
}

async function held(config: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(config)
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('DROP TABLE marks')
  } catch {
    await client.end().catch(() => undefined)
  }
}

async function recorded(
  directory: string,
): Promise<{ texts: ReadonlySet<string>; used: number; open: number }> {
  const texts = new Set<string>()
  const open = new Set<string>()
  let used = 0
  for await (const { line } of recordLines(directory)) {
    for (const { session, command } of outcomesOf(line)) open.delete(`${session} ${command}`)
    if (line.kind === 'command' && line.go) {
      texts.add(line.text)
      open.add(`${line.session} ${line.command}`)
    }
    if (line.kind === 'approval' && line.event === 'used') used++
  }
  return { texts, used, open: open.size }
}

async function shippedBundle(): Promise<Buffer> {
  const opa = await findOpa({ env: process.env, cache: TOOL_CACHE, progress: () => undefined })
  return buildBundle({ opa: opa.path, folder: join(REPOSITORY, 'rego') })
}

async function onServer(
  server: {
    readonly host: string
    readonly port: number
    readonly superuser: string
    readonly password: string
  },
  sql: string,
): Promise<readonly (readonly unknown[])[]> {
  const { host, port, superuser: user, password } = server
  const client = new pg.Client({ host, port, user, password, database: 'postgres' })
  await client.connect()
  try {
    return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows
  } finally {
    await client.end()
  }
}
