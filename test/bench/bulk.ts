// One million rows to one client that throws them away: how fast bytes flow, plain and masked.
import { spawn } from 'node:child_process'
import pg from 'pg'
import type { Endpoint } from './pgbench.js'

const ROWS = 1_000_000

export const bulkSeconds = {
  // A table with a column that the shipped policies protect.
  prepare: async (at: Endpoint): Promise<void> => {
    const client = new pg.Client(at)
    await client.connect()
    await client.query('DROP TABLE IF EXISTS bulk')
    await client.query(
      `CREATE TABLE bulk AS SELECT n AS id, md5(n::text) AS note, '900-12-' || lpad((n % 10000)::text, 4, '0') AS ssn FROM generate_series(1, ${ROWS}) n`,
    )
    await client.query('ANALYZE bulk')
    await client.end()
  },
  run: async (at: Endpoint, masked: boolean): Promise<number> => {
    const started = Date.now()
    const bytes = await drained(
      at,
      masked ? 'SELECT id, note, ssn FROM bulk' : 'SELECT id, note, id AS other FROM bulk',
    )
    if (bytes < ROWS * 20) throw new Error(`only ${bytes} bytes came`)
    return (Date.now() - started) / 1000
  },
}

// node-postgres reads every row, which would be what is measured; psql in its own process does not.
async function drained(at: Endpoint, sql: string): Promise<number> {
  const child = spawn(
    'psql',
    [
      '-X',
      '-q',
      '-t',
      '-A',
      '-h',
      at.host,
      '-p',
      String(at.port),
      '-U',
      at.user,
      '-c',
      sql,
      at.database,
    ],
    {
      env: { ...process.env, PGPASSWORD: at.password, PGSSLMODE: 'disable' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let bytes = 0
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (bytes += chunk.length))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(said))))
  })
  return bytes
}
