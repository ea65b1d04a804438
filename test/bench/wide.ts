// One million rows of ten texts, one of them masked, to a client that only counts what comes: through the
// gateway beside what PgBouncer carries unmasked, round by round.
import type { Socket } from 'node:net'
import pg from 'pg'
import { startGatewayProcess } from '../peers/gateway-process.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'
import { cpuSeconds } from './cpu.js'
import { median } from './median.js'
import type { Endpoint } from './pgbench.js'
import { startPgbouncer } from './proxies.js'

const ROWS = 1_000_000
const TABLE = `
DROP TABLE IF EXISTS wide;
CREATE TABLE wide AS SELECT 'name ' || n AS name, 'place ' || n % 977 AS place, 'open' AS state,
  lpad((100 + n % 900)::text, 3, '0') || '-' || lpad((n % 97)::text, 2, '0') || '-' || lpad((n % 10000)::text, 4, '0') AS ssn,
  md5(n::text) AS digest, 'account ' || n * 7 AS account, 'north' AS region, 'a note of some length ' || n AS note,
  to_char(DATE '2020-01-01' + n % 2000, 'YYYY-MM-DD') AS day, 'x' || n AS code
  FROM generate_series(1, ${ROWS}) AS n;
ANALYZE wide;`

export async function wideTimes(rounds: number, profile = ''): Promise<string> {
  const server = await startPostgres({
    kind: missingPostgres('embedded') === false ? 'embedded' : 'debian',
    config: { shared_buffers: '512MB', max_parallel_workers_per_gather: '0' },
  })
  const { host, port, superuser: user, password } = server
  const direct: Endpoint = { host, port, user, password, database: 'postgres' }
  const gateway = await startGatewayProcess({
    nodeFlags: [
      '--max-semi-space-size=64',
      ...(profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
    ],
    target: { name: 'postgres', host, port, accounts: [{ user, password }], refreshMs: 60_000 },
  })
  const pgbouncer = await startPgbouncer(direct)
  const own = {
    ...direct,
    port: gateway.port,
    user: 'engineer',
    password: await gateway.token('engineer'),
  }
  const others = '1::text AS ssn'
  const list = 'name, place, state, digest, account, region, note, day, code'
  const ways = [
    { name: 'direct', at: direct, sql: 'SELECT * FROM wide', pid: undefined },
    ...(pgbouncer === undefined
      ? []
      : [
          {
            name: pgbouncer.name,
            at: { ...direct, port: pgbouncer.port },
            sql: 'SELECT * FROM wide',
            pid: pgbouncer.pid,
          },
        ]),
    {
      name: 'Sallyport, nothing masked',
      at: own,
      sql: `SELECT ${list}, ${others} FROM wide`,
      pid: gateway.pid(),
    },
    { name: 'Sallyport, one masked', at: own, sql: 'SELECT * FROM wide', pid: gateway.pid() },
    {
      name: 'Sallyport, one masked at the source',
      at: own,
      sql: `SELECT * FROM wide WHERE ssn <> ''`,
      pid: gateway.pid(),
    },
  ]
  try {
    const client = new pg.Client(direct)
    await client.connect()
    await client.query(TABLE)
    await client.end()
    const times = ways.map((): number[] => [])
    const spent = ways.map((): number[] => [])
    for (let round = 0; round <= rounds; round++) {
      for (const [i, { at, sql, pid }] of ways.entries()) {
        const before = cpuSeconds(pid) ?? 0
        const seconds = await drained(at, sql)
        if (round === 0) continue
        times[i]?.push(seconds)
        spent[i]?.push((cpuSeconds(pid) ?? 0) - before)
      }
    }
    const base = times[pgbouncer === undefined ? 0 : 1] ?? []
    const lines = ways.map(({ name, pid }, i) => {
      const taken = times[i] ?? []
      // Pair by pair: both halves of a pair saw the same machine.
      const ratio = median(base.map((seconds, at) => seconds / (taken[at] ?? seconds)))
      const cpu = pid === undefined ? '' : `${median(spent[i] ?? []).toFixed(2)} s`
      return `| ${name} | ${median(taken).toFixed(2)} s | ${ratio.toFixed(2)} | ${cpu} |`
    })
    return [
      `| 1 M rows of ten texts | time | rate to ${ways[pgbouncer === undefined ? 0 : 1]?.name ?? ''} | CPU |`,
      '|---|---|---|---|',
      ...lines,
      '',
      '',
    ].join('\n')
  } finally {
    pgbouncer?.stop()
    await gateway.stop()
    await server.stop()
  }
}

// Reads from the socket beneath the driver, which would be what is measured.
async function drained(at: Endpoint, sql: string): Promise<number> {
  const client = new pg.Client(at)
  await client.connect()
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  stream.removeAllListeners('data')
  let bytes = 0
  let tail = Buffer.alloc(0)
  const started = performance.now()
  await new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      tail = Buffer.concat([tail, chunk.subarray(-READY.length)]).subarray(-READY.length)
      if (tail.equals(READY)) resolve()
    })
    stream.on('close', () => reject(new Error('the connection ended')))
    const text = Buffer.from(`${sql}\0`)
    const head = Buffer.from([0x51, 0, 0, 0, 0])
    head.writeInt32BE(text.length + 4, 1)
    stream.write(Buffer.concat([head, text]))
  })
  const seconds = (performance.now() - started) / 1000
  stream.removeAllListeners('close')
  stream.destroy()
  if (bytes < ROWS * 80) throw new Error(`only ${bytes} bytes came: ${tail.toString('latin1')}`)
  return seconds
}

// ReadyForQuery, outside a transaction.
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])
