// The state store of one gateway: a SQLite file. Every commit is on the disk before it returns. The file
// belongs to one gateway: what an earlier process left pending in it is void when the next one starts.
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { Kysely, SqliteDialect, type SqliteDatabase } from 'kysely'
import { GatewayError } from '../errors.js'
import type { OpenedStore } from './state.js'
import type { StateTables } from './tables.js'

// The event loop stands still while SQLite waits for a lock.
const BUSY_MS = 200

type Opened = SqliteDatabase & { readonly exec: (sql: string) => unknown }

export async function openSqlite(file: string): Promise<OpenedStore> {
  const database = await openedFile(file)
  try {
    // synchronous=full: with WAL, each commit is synced, not only each checkpoint (SQLite, Pragma).
    database.exec('pragma journal_mode = wal')
    database.exec('pragma synchronous = full')
    database.exec('pragma trusted_schema = off')
    // Fails now rather than at the first request where the file cannot be written.
    database.exec('begin immediate; commit')
  } catch (cause) {
    database.close()
    throw new GatewayError('state_failed', `${file} is no database, or in use`, {
      cause,
    })
  }
  const db = new Kysely<StateTables>({ dialect: new SqliteDialect({ database }) })
  const listeners = new Set<(approval: string) => void>()
  return {
    db,
    announce(approval) {
      for (const listener of listeners) listener(approval)
      return Promise.resolve()
    },
    onAnnounced(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: () => db.destroy(),
  }
}

async function openedFile(file: string): Promise<Opened> {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    // SQLite gives its journal files the permissions of the database.
    closeSync(openSync(file, 'a', 0o600))
    chmodSync(file, 0o600)
  } catch (cause) {
    throw new GatewayError('state_failed', `the state file ${file} cannot be written`, { cause })
  }
  return opened(file)
}

// libsql has the interface of better-sqlite3, which ends the process on Node 20 in its newest version and
// needs a compiler in the one before; libsql's binaries come as npm packages.
async function opened(file: string): Promise<Opened> {
  const { default: Database } = await import('libsql')
  return new Database(file, { timeout: BUSY_MS })
}
