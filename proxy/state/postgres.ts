// The state store of several gateways: a PostgreSQL database. One connection of its own listens for the
// word that an approval changed.
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import type { Log } from '../log.js'
import type { OpenedStore } from './state.js'
import type { StateTables } from './tables.js'

const CHANNEL = 'sallyport_approvals'

const POSTGRES_LIMITS = {
  // Approvals are few; a gateway must not use up the connections of a shared server.
  connections: 4,
  connectMs: 3_000,
  // A row lock is held while a line of the record goes to the disk, and never longer than this.
  statementMs: 5_000,
  reconnectMs: 1_000,
} as const

// OID of int8 in pg_type: milliseconds and counts, which fit a double exactly.
const INT8 = 20

export async function openPostgres(url: string, log: Log): Promise<OpenedStore> {
  const config = {
    connectionString: url,
    application_name: 'sallyport-state',
    connectionTimeoutMillis: POSTGRES_LIMITS.connectMs,
    statement_timeout: POSTGRES_LIMITS.statementMs,
    query_timeout: POSTGRES_LIMITS.statementMs + 1_000,
    idle_in_transaction_session_timeout: POSTGRES_LIMITS.statementMs,
    types: { getTypeParser: numbersForIntegers },
  }
  const pool = new pg.Pool({ ...config, max: POSTGRES_LIMITS.connections })
  pool.on('error', (problem) => log.warn({ err: problem }, 'a connection of the state store ended'))
  const db = new Kysely<StateTables>({ dialect: new PostgresDialect({ pool }) })
  const listeners = new Set<(approval: string) => void>()
  const ear = listening(config, log, (approval) => {
    for (const listener of listeners) listener(approval)
  })
  try {
    await ear.ready
  } catch (problem) {
    await Promise.allSettled([ear.close(), db.destroy()])
    throw problem
  }
  return {
    db,
    async announce(approval) {
      await sql`select pg_notify(${CHANNEL}, ${approval})`.execute(db)
    },
    onAnnounced(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      await ear.close()
      await db.destroy()
    },
  }
}

const numbersForIntegers: typeof pg.types.getTypeParser = (oid: number) =>
  oid === INT8 ? Number : pg.types.getTypeParser(oid)

type Ear = { readonly ready: Promise<void>; readonly close: () => Promise<void> }

// Connects again for as long as it takes; what was missed meanwhile is found by looking.
function listening(config: pg.ClientConfig, log: Log, heard: (approval: string) => void): Ear {
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const connect = async (): Promise<void> => {
    const next = new pg.Client(config)
    client = next
    next.on('notification', ({ payload }) => heard(payload ?? ''))
    next.on('error', (problem) => {
      log.warn({ err: problem }, 'the state store’s listening connection ended')
      again(next)
    })
    next.on('end', () => again(next))
    try {
      await next.connect()
      await next.query(`listen ${CHANNEL}`)
    } catch (problem) {
      again(next)
      throw problem
    }
  }

  const again = (ended: pg.Client): void => {
    if (closed || client !== ended) return
    client = undefined
    ended.end().catch(() => undefined)
    timer = setTimeout(() => {
      connect().catch(() => undefined)
    }, POSTGRES_LIMITS.reconnectMs)
    timer.unref()
  }

  return {
    ready: connect(),
    async close() {
      closed = true
      clearTimeout(timer)
      await client?.end().catch(() => undefined)
    },
  }
}
