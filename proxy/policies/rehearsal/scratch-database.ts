// A database of its own, from the embedded PostgreSQL, that reads DDL as a target would and tells which
// names there are then. It listens on loopback, by a password of chance, and is gone when closed.
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres } from '../../embedded-postgres.js'
import { GatewayError } from '../../errors.js'
import type { Query } from '../../targets/catalogue.js'

export type ScratchDatabase = {
  // Rejects with GatewayError('usage') and PostgreSQL's own words, the line of the text included.
  readonly apply: (sql: string, file?: string) => Promise<void>
  readonly query: Query
  readonly close: () => Promise<void>
}

// No durability, little memory: it lives for seconds.
const FLAGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'shared_buffers=16MB']

export async function openScratchDatabase(database: string): Promise<ScratchDatabase> {
  // Root runs the server as another user, who must pass through.
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-scratch-'))
  await chmod(folder, 0o711)
  const gone = (): Promise<void> => rm(folder, { recursive: true, force: true })
  let log = ''
  const server = await startEmbeddedPostgres({
    directory: join(folder, 'postgres'),
    port: await freePort(),
    newPassword: () => randomBytes(18).toString('base64url'),
    flags: FLAGS.flatMap((flag) => ['-c', flag]),
    log: (line) => (log = `${log}${line}\n`.slice(-4000)),
  }).catch(async (problem: unknown) => {
    await gone()
    throw problem
  })
  const down = async (): Promise<void> => {
    await server.stop()
    await gone()
  }
  try {
    const { host, port, superuser: user, password } = server
    const connect = async (name: string): Promise<pg.Client> => {
      // Values stay the text that the server sent.
      const types = { getTypeParser: () => (value: string | Buffer) => value }
      const client = new pg.Client({ host, port, user, password, database: name, types })
      await client.connect()
      return client
    }
    const first = await connect('postgres')
    if (database !== 'postgres') {
      await first.query(`CREATE DATABASE ${first.escapeIdentifier(database)}`)
    }
    await first.end()
    const client = await connect(database)
    return {
      apply: (sql, file = 'the DDL') =>
        client.query(sql).then(
          () => undefined,
          (problem: unknown) => {
            throw new GatewayError('usage', placed(problem, sql, file), { cause: problem })
          },
        ),
      query: async (sql) =>
        (await client.query<(string | null)[]>({ text: sql, rowMode: 'array' })).rows,
      close: async () => {
        await client.end().catch(() => undefined)
        await down()
      },
    }
  } catch (problem) {
    await down()
    throw problem
  }
}

function placed(problem: unknown, sql: string, file: string): string {
  if (!(problem instanceof pg.DatabaseError)) return `${file}: ${String(problem)}`
  const position = Number(problem.position)
  if (!Number.isInteger(position)) return `${file}: ${problem.message}`
  const before = [...sql]
    .slice(0, position - 1)
    .join('')
    .split('\n')
  return `${file}:${before.length}:${(before.at(-1) ?? '').length + 1}: ${problem.message}`
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
