// Runs one case: brings the database to its start, plays the steps through the gateway, and looks at
// the effect straight on the server.
import pg from 'pg'
import { filled, type Case, type Step, type WireMessage } from './cases.js'
import { faultsOf, isDenial } from './verdict.js'
import { encoded, errorFields, WireClient, type Reply } from './wire-client.js'

export type Login = { readonly user: string; readonly password: string }

export type Arena = {
  readonly database: string
  readonly template: string
  readonly owner: string
  readonly scratch: string
  readonly server: {
    readonly host: string
    readonly port: number
    readonly superuser: string
    readonly password: string
  }
  readonly gateway: { readonly host: string; readonly port: number }
  readonly logins: { readonly owner: Login; readonly super: Login }
  readonly canaries: readonly string[]
}

// What needs no transaction of its own.
const UNTOLD = /slot/

const CONNECT_MS = 30_000
const STEP_MS = 4000
// What a case must see may come late on a busy machine.
const SEEN_MS = 20_000

// The server's latest transaction when the database was made; undefined: it is not as it was made.
let made: string | undefined

export type Attempted = {
  readonly faults: readonly string[]
  // A step was refused by the gateway, where others are answered (masked, perhaps).
  readonly refused: boolean
}

export async function attempt(test: Case, arena: Arena): Promise<Attempted> {
  const login = arena.logins[test.upstream ?? 'owner']
  const words = new Map<string, string>([
    ['DB', arena.database],
    ['HOST', arena.server.host],
    ['PORT', String(arena.server.port)],
    ['USER', login.user],
    ['PASSWORD', login.password],
    ['SUPER', arena.server.superuser],
    ['SUPERPW', arena.server.password],
    ['SCRATCH', arena.scratch],
  ])
  await reset(test, arena)
  for (const sql of test.setup ?? []) await onServer(arena, filled(sql, words))
  const effect = (): Promise<string | undefined> =>
    test.expect.effect === undefined
      ? Promise.resolve(undefined)
      : onServer(arena, filled(test.expect.effect.sql, words)).catch(String)
  const clients = new Map<string, WireClient>()
  const replies: (Reply | undefined)[] = []
  let problem: string | undefined
  const before = await effect()
  try {
    for (const step of test.steps) replies.push(await play(step, { arena, login, words, clients }))
  } catch (thrown) {
    problem = thrown instanceof Error ? thrown.message : String(thrown)
  }
  await new Promise((resolve) => setTimeout(resolve, test.settle_ms ?? 5))
  const received = (): string =>
    [...clients.values()].map((c) => Buffer.concat(c.chunks).toString('latin1')).join('\n')
  const lacks = (): boolean => (test.expect.sees ?? []).some((value) => !received().includes(value))
  for (const end = Date.now() + SEEN_MS; lacks() && Date.now() < end;)
    await new Promise((resolve) => setTimeout(resolve, 20))
  const everything = received()
  const after = await effect()
  for (const client of clients.values()) client.end()
  for (const sql of test.teardown ?? [])
    await onServer(arena, filled(sql, words)).catch(() => undefined)
  const faults = faultsOf(test, { replies, everything, before, after, problem }, arena.canaries)
  return { faults, refused: replies.some(isDenial) }
}

type Stage = {
  readonly arena: Arena
  readonly login: Login
  readonly words: Map<string, string>
  readonly clients: Map<string, WireClient>
}

async function play(step: Step, stage: Stage): Promise<Reply | undefined> {
  const started = Date.now()
  const reply = await replyTo(step, stage)
  if (reply !== undefined) reply.elapsedMs = Date.now() - started
  return reply
}

async function replyTo(step: Step, stage: Stage): Promise<Reply | undefined> {
  const { arena, words, clients } = stage
  const name = step.session ?? 'A'
  switch (step.via) {
    case 'sleep':
      await new Promise((resolve) => setTimeout(resolve, step.ms ?? 0))
      return undefined
    case 'admin':
      await onServer(arena, filled(step.sql ?? '', words))
      return undefined
    case 'connect':
      return connected(name, filled(step, words), stage)
    case 'raw': {
      const client =
        clients.get(name) ?? (await WireClient.open(arena.gateway.host, arena.gateway.port))
      if (!clients.has(name)) client.framed = step.framed ?? false
      clients.set(name, client)
      // A cancel that comes before its statement runs is lost, here as everywhere.
      if (step.send?.some(({ t }) => t === 'cancel') === true) await busy(arena)
      const bytes = Buffer.concat((filled(step, words).send ?? []).map(encoded))
      return client.exchange(bytes, step.until ?? 'idle', step.count ?? 1, step.ms ?? 500)
    }
    case 'simple':
    case 'extended':
    case 'protocol': {
      const client = clients.get(name) ?? (await loggedIn(name, stage))
      const bytes = Buffer.concat((await messagesOf(filled(step, words), arena)).map(encoded))
      if (step.fragment !== undefined)
        return fragmented(client, bytes, step.fragment, step.ms ?? STEP_MS)
      return client.exchange(bytes, step.until ?? 'Z', step.count ?? 1, step.ms ?? STEP_MS)
    }
  }
}

async function connected(name: string, step: Step, stage: Stage): Promise<Reply> {
  const { arena, login, clients } = stage
  const client = await WireClient.open(arena.gateway.host, arena.gateway.port)
  const asked = (step.params ?? []) as readonly (readonly [string, string])[]
  const parameters = step.raw_params ?? [
    ['user', step.user ?? login.user] as const,
    ['database', arena.database] as const,
    ...asked,
  ]
  const { ok, reply } = await client.login(
    parameters,
    step.password ?? login.password,
    step.protocol,
    step.ms ?? STEP_MS,
  )
  remember(name, client, stage)
  if (!ok) clients.delete(name)
  if (!ok) clients.set(`${name} (refused)`, client)
  return { ...reply, closed: client.closed, timedOut: false }
}

async function loggedIn(name: string, stage: Stage): Promise<WireClient> {
  const { arena, login } = stage
  const client = await WireClient.open(arena.gateway.host, arena.gateway.port)
  const parameters = [['user', login.user] as const, ['database', arena.database] as const]
  const { ok, reply } = await client.login(parameters, login.password, undefined, CONNECT_MS)
  if (!ok) {
    const refused = reply.messages.find(({ type }) => type === 'E')
    throw new Error(
      `login failed: ${refused === undefined ? 'no answer' : errorFields(refused.body).get('M')}`,
    )
  }
  remember(name, client, stage)
  return client
}

function remember(name: string, client: WireClient, { clients, words }: Stage): void {
  clients.set(name, client)
  words.set(`pid:${name}`, String(client.processId))
  words.set(`key:${name}`, String(client.secretKey))
}

async function messagesOf(step: Step, arena: Arena): Promise<readonly WireMessage[]> {
  if (step.via === 'simple') return [{ t: 'Query', sql: step.sql, sql_hex: step.sql_hex }]
  if (step.via === 'extended') {
    return [
      { t: 'Parse', name: step.stmt, sql: step.sql, oids: step.oids },
      {
        t: 'Bind',
        portal: step.portal,
        stmt: step.stmt,
        params: step.params,
        pf: step.pf,
        rf: step.result_formats,
      },
      ...(step.describe === false ? [] : [{ t: 'Describe', kind: 'P', name: step.portal }]),
      { t: 'Execute', portal: step.portal, max: step.max_rows },
      { t: 'Sync' },
    ]
  }
  return Promise.all(
    (step.send ?? []).map(async (message) =>
      message.t === 'FunctionCall' && typeof message['fn'] === 'string'
        ? {
            ...message,
            oid: await onServer(arena, `SELECT '${message['fn']}'::regprocedure::oid::text`).then(
              firstCell,
            ),
          }
        : message,
    ),
  )
}

async function fragmented(
  client: WireClient,
  bytes: Buffer,
  size: number,
  ms: number,
): Promise<Reply> {
  const mark = client.mark()
  for (let at = 0; at < bytes.length; at += size) {
    client.write(bytes.subarray(at, at + size))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const ready = (): boolean => client.messages.slice(mark.messages).some(({ type }) => type === 'Z')
  return client.since(mark, !(await client.until(ready, ms)))
}

// A database that nothing was written to, as its server tells, is as good as a new one.
async function reset(test: Case, arena: Arena): Promise<void> {
  if (made === undefined || made !== (await writtenTo(arena))) {
    await remade(arena)
    made = await writtenTo(arena)
  }
  if (UNTOLD.test(JSON.stringify([test.setup, test.steps]))) made = undefined
}

// A transaction that is still open counts as written to.
async function writtenTo({ server, database }: Arena): Promise<string> {
  const sql = `SELECT pg_snapshot_xmax(pg_current_snapshot())::text, (SELECT count(*) FROM pg_stat_activity
    WHERE datname = '${database}' AND backend_xid IS NOT NULL)::text`
  return onServer({ server, database: 'postgres' }, sql)
}

// Until a client's statement runs, so long as there is one to wait for.
async function busy({ server, database }: Arena): Promise<void> {
  const sql = `SELECT count(*)::text FROM pg_stat_activity WHERE datname = '${database}'
    AND state = 'active' AND query ~ 'pg_sleep'`
  for (let i = 0; i < 100; i++) {
    if (firstCell(await onServer({ server, database: 'postgres' }, sql)) !== '0') return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

// One connection for all that a new database takes. A replication slot left by a case keeps its
// database from being dropped.
async function remade({ server, database, template, owner }: Arena): Promise<void> {
  await asAdministrator({ server, database: 'postgres' }, async (client) => {
    const slots = `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '${database}'`
    await client.query(slots).catch(() => undefined)
    await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
    await client.query(`CREATE DATABASE ${database} TEMPLATE ${template} OWNER ${owner}`)
  })
}

function firstCell(json: string): string {
  return String((JSON.parse(json) as readonly (readonly unknown[])[])[0]?.[0])
}

// Runs SQL straight on the server, past the gateway; gives the rows as JSON.
export async function onServer(
  arena: Pick<Arena, 'server' | 'database'>,
  sql: string,
  database = arena.database,
): Promise<string> {
  return asAdministrator({ server: arena.server, database }, async (client) => {
    const results: unknown = await client.query({ text: sql, rowMode: 'array' })
    const last: unknown = Array.isArray(results) ? results.at(-1) : results
    return JSON.stringify(
      typeof last === 'object' && last !== null && 'rows' in last ? last.rows : [],
    )
  })
}

async function asAdministrator<T>(
  { server, database }: Pick<Arena, 'server' | 'database'>,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const { host, port, superuser: user, password } = server
  const client = new pg.Client({ host, port, user, password, database })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
