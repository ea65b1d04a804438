// Every known attempt to change more rows than a command may, on real databases: each is undone or
// refused, and leaves every table as it was. Without the cap each changes what it is after.
import { readFileSync } from 'node:fs'
import pg from 'pg'
import t from 'tap'
import type { Test } from 'tap'
import { message } from '../../proxy/protocols/postgres/wire-bytes.js'
import { errorFields, WireClient } from '../conformance/wire-client.js'
import { REPOSITORY } from '../peers/gateway-config.js'
import { missingPostgres, startPostgres, type PostgresKind } from '../peers/postgres.js'
import { ALLOW, startArena, type Arena } from '../proxy/protocols/postgres/relay-arena.js'

type Case = {
  readonly id: string
  readonly title: string
  readonly outcome: 'undone' | 'refused' | 'kept'
  readonly steps: readonly string[]
  readonly ways?: 'all'
  readonly sqlstate?: string
  readonly bare?: string
}

type Attacks = {
  readonly max: number
  readonly setup: string
  readonly reset: string
  readonly tables: readonly string[]
  readonly cases: readonly Case[]
}

const ATTACKS = JSON.parse(
  readFileSync(`${REPOSITORY}/fixtures/evasions/row-cap.json`, 'utf8'),
) as Attacks

const KINDS: readonly PostgresKind[] = ['debian', 'embedded']
for (const kind of KINDS) {
  t.test(`on PostgreSQL (${kind})`, { skip: missingPostgres(kind) }, (t) => attacked(t, kind))
}

async function attacked(t: Test, kind: PostgresKind): Promise<void> {
  const server = await startPostgres({
    kind,
    hba: ['host all all 127.0.0.1/32 trust'],
    config: { max_prepared_transactions: '2' },
  })
  const direct = await connected(server.port)
  await direct.query(ATTACKS.setup)
  const { rows: versions } = await direct.query('show server_version_num')
  const version = Number(versions[0]?.['server_version_num'])
  const arena = await startArena({ host: server.host, port: server.port, user: 'postgres' })
  arena.decide = () => ({ ...ALLOW, limits: { rows_affected_max: ATTACKS.max } })
  t.teardown(async () => {
    await direct.end()
    await arena.close()
    await server.stop()
  })
  const world = async (): Promise<string> => {
    const found: unknown[] = []
    for (const table of [...ATTACKS.tables, 'seen']) {
      const { rows } = await direct.query(`select x::text from ${table} x order by 1`)
      found.push(table, rows)
    }
    return JSON.stringify(found)
  }

  for (const one of ATTACKS.cases) {
    for (const steps of waysOf(one)) {
      // MERGE … RETURNING came with 17: before, it is no statement at all.
      if (version < 170000 && /merge .* returning/.test(steps.join())) continue
      await t.test(`${one.id}: ${one.title} (${steps[0]?.split(' ')[0] ?? ''})`, async (t) => {
        await direct.query(ATTACKS.reset)
        const before = await world()
        const codes = await run(arena, steps)
        for (const step of steps) if (step.startsWith('clean ')) await direct.query(step.slice(6))
        if (one.outcome === 'kept') t.same(codes, [])
        else {
          const left = steps.includes('terminate')
          const wanted = one.sqlstate ?? (one.outcome === 'undone' ? '54000' : '42501')
          if (!left) t.ok(codes.includes(wanted), `${wanted} of ${codes.join()}`)
          if (left) await settled(arena)
          t.equal(await world(), before)
        }
      })
    }
  }
  await t.test('without the cap each changes what it is after', async (t) => {
    // What was decided before is known to the first one.
    const free = await startArena({ host: server.host, port: server.port, user: 'postgres' })
    t.teardown(() => free.close())
    free.decide = () => ALLOW
    for (const one of ATTACKS.cases) {
      if (one.outcome === 'kept' || one.bare !== undefined) continue
      const [steps = []] = waysOf(one)
      if (version < 170000 && /merge .* returning/.test(steps.join())) continue
      await direct.query(ATTACKS.reset)
      const before = await world()
      await run(free, steps)
      for (const step of steps) if (step.startsWith('clean ')) await direct.query(step.slice(6))
      t.not(await world(), before, `${one.id} ${one.title}`)
    }
  })
  await t.test('nothing is left of prepared transactions', async (t) => {
    t.same((await direct.query('select * from pg_prepared_xacts')).rows, [])
  })
}

function waysOf({ steps, ways }: Case): readonly (readonly string[])[] {
  const [text = ''] = steps
  if (ways !== 'all') return [steps]
  return [
    [`query ${text}`],
    [`parse ${text}`, 'bind', 'execute', 'sync'],
    [`named ${text}`, 'bind named', 'execute', 'sync', 'bind named', 'execute', 'sync'],
  ]
}

// SQLSTATEs of all errors. What can be sent at once is sent at once.
async function run(arena: Arena, steps: readonly string[]): Promise<readonly string[]> {
  const wire = await WireClient.open('127.0.0.1', arena.port)
  await wire.login([['user', 'x']], '', undefined, 30_000)
  const mark = wire.messages.length
  const ready = (): number => wire.messages.slice(mark).filter(({ type }) => type === 'Z').length
  let due = 0
  let waiting: Buffer[] = []
  let copies = false
  const send = (): void => {
    wire.write(Buffer.concat(waiting))
    waiting = []
  }
  for (const step of steps) {
    const [word = '', ...rest] = step.split(' ')
    const text = rest.join(' ')
    const bytes = bytesOf(word, text)
    if (bytes === undefined) continue
    if (word === 'query') {
      // A Query behind a pipeline goes with it; else what came before is answered first.
      if (waiting.length === 0) await wire.until(() => wire.closed || ready() >= due, 30_000)
      due++
    }
    if (word === 'sync' && !copies) due++
    waiting.push(bytes)
    copies = /^copy \w+ from stdin/.test(text) || (copies && word !== 'done')
    if (word === 'query' || word === 'sync') send()
    // Data of a copy may only come once the copy was let in.
    if (/^copy \w+ from stdin/.test(text) && word === 'query') await copying(wire, mark)
  }
  if (waiting.length > 0) send()
  await wire.until(() => wire.closed || ready() >= due, 30_000)
  wire.end()
  const errors = wire.messages.slice(mark).filter(({ type }) => type === 'E')
  return errors.map(({ body }) => errorFields(body).get('C') ?? '')
}

async function copying(wire: WireClient, mark: number): Promise<void> {
  await wire.until(
    () => wire.messages.slice(mark).some(({ type }) => type === 'G' || type === 'E'),
    5000,
  )
}

function bytesOf(word: string, text: string): Buffer | undefined {
  switch (word) {
    case 'query':
      return message('Q', text)
    case 'parse':
      return message('P', '', text, 0)
    case 'named':
      return message('P', 's', text, 0)
    case 'bind':
      return message('B', '', text === 'named' ? 's' : '', 0, 0, 0)
    case 'execute': {
      const most = Buffer.alloc(4)
      most.writeInt32BE(Number(text === '' ? 0 : text))
      return message('E', '', most)
    }
    case 'sync':
      return message('S')
    case 'flush':
      return message('H')
    case 'data':
      return message('d', Buffer.from(`${text}\n`))
    case 'done':
      return message('c')
    case 'terminate':
      return message('X')
    case 'clean':
      return undefined
    default:
      throw new Error(`a step that nobody knows: ${word}`)
  }
}

// The gateway has dealt with a session whose client has left.
async function settled(arena: Arena): Promise<void> {
  const ends = arena.ends.length
  const until = Date.now() + 1000
  while (arena.ends.length === ends && Date.now() < until) {
    await new Promise((go) => setTimeout(go, 20))
  }
}

async function connected(port: number): Promise<pg.Client> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
  client.on('error', () => undefined)
  await client.connect()
  return client
}
