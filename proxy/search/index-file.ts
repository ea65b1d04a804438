// The file that holds the index: opened, made where there is none or where it is of another version, and made
// anew on demand. All in it stands in the record as well, so a doubtful file is thrown away. Nobody else
// may read it: mode 0600, as the record.
import { randomUUID } from 'node:crypto'
import { chmodSync, closeSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'libsql'
import { GatewayError } from '../errors.js'
import { INDEX_VERSION, SCHEMA } from './schema.js'

// The one in use by another process is waited for so long.
const BUSY_MS = 2_000
const CACHE_KIB = 32_000
// Questions differ in their conditions; beyond this all are prepared anew.
const STATEMENTS_MAX = 500

export type Row = Readonly<Record<string, unknown>>
export type Value = string | number | null

export type Statement = {
  readonly run: (...values: readonly Value[]) => void
  readonly get: (...values: readonly Value[]) => Row | undefined
  readonly all: (...values: readonly Value[]) => readonly Row[]
}

export type IndexFile = {
  // Prepared once for each text.
  readonly sql: (text: string) => Statement
  readonly exec: (text: string) => void
  // All of it or nothing; nobody else writes meanwhile.
  readonly atomically: <T>(work: () => T) => T
  readonly meta: (name: string) => Value
  readonly setMeta: (name: string, value: Value) => void
  // False where the file was replaced or removed by somebody.
  readonly isCurrent: () => boolean
  readonly bytes: () => number
  readonly close: () => void
}

// `:memory:` lasts as long as the process.
export function openIndex(path: string): IndexFile {
  const found = path === ':memory:' ? undefined : opened(path)
  if (found !== undefined) return found
  removeIndex(path)
  const made = opened(path)
  if (made !== undefined) return made
  throw new GatewayError('state_failed', `the search index ${path} cannot be made`)
}

export function removeIndex(path: string): void {
  if (path === ':memory:') return
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${path}${end}`, { force: true })
}

// undefined: what is there is no index of this version.
function opened(path: string): IndexFile | undefined {
  let db: Database.Database | undefined
  try {
    if (path !== ':memory:') touched(path)
    db = new Database(path, { timeout: BUSY_MS })
    for (const pragma of [
      'journal_mode = wal',
      'synchronous = normal',
      'trusted_schema = off',
      // What was taken out of the record must not stay behind in free pages.
      'secure_delete = on',
      `cache_size = -${CACHE_KIB}`,
      // Mapped, a disk that fails would end the process.
      'mmap_size = 0',
      'temp_store = memory',
    ]) {
      db.exec(`pragma ${pragma}`)
    }
    const made = filled(db)
    if (!made) {
      db.close()
      return undefined
    }
    return indexFile(db, path)
  } catch (cause) {
    db?.close()
    if (isForeign(cause)) return undefined
    throw new GatewayError('state_failed', `the search index ${path} cannot be used`, { cause })
  }
}

function touched(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
  // SQLite gives its journal files the permissions of the database.
  chmodSync(path, 0o600)
}

function filled(db: Database.Database): boolean {
  db.exec('begin immediate')
  try {
    const tables = db.prepare("select count(*) as n from sqlite_schema where name = 'meta'").get()
    if (numberOf(tables, 'n') === 0) {
      db.exec(SCHEMA)
      const fill = db.prepare('insert into meta values (?, ?)')
      fill.run('version', INDEX_VERSION)
      fill.run('made', randomUUID())
    }
    const version = db.prepare("select value from meta where name = 'version'").get()
    db.exec('commit')
    return numberOf(version, 'value') === INDEX_VERSION
  } catch (problem) {
    if (db.inTransaction) db.exec('rollback')
    throw problem
  }
}

// Or tables that we did not make.
function isForeign(problem: unknown): boolean {
  return isDamage(problem) || /already exists|no such (table|column)/i.test(wordsOf(problem))
}

export function isDamage(problem: unknown): boolean {
  return /not a database|malformed|SQLITE_(NOTADB|CORRUPT)/i.test(wordsOf(problem))
}

function wordsOf(problem: unknown): string {
  if (!(problem instanceof Error)) return String(problem)
  return `${problem.message} ${'code' in problem ? String(problem.code) : ''}`
}

function indexFile(db: Database.Database, path: string): IndexFile {
  const statements = new Map<string, Statement>()
  const inode = path === ':memory:' ? 0 : statSync(path).ino
  const sql = (text: string): Statement => {
    const known = statements.get(text)
    if (known !== undefined) return known
    if (statements.size >= STATEMENTS_MAX) statements.clear()
    const made = db.prepare(text)
    const statement: Statement = {
      run: (...values) => void made.run(...values),
      get: (...values) => made.get(...values) as Row | undefined,
      all: (...values) => made.all(...values) as Row[],
    }
    statements.set(text, statement)
    return statement
  }
  return {
    sql,
    exec: (text) => void db.exec(text),
    atomically(work) {
      db.exec('begin immediate')
      try {
        const result = work()
        db.exec('commit')
        return result
      } catch (problem) {
        if (db.inTransaction) db.exec('rollback')
        throw problem
      }
    },
    meta: (name) => {
      const value = sql('select value from meta where name = ?').get(name)?.['value']
      return typeof value === 'string' || typeof value === 'number' ? value : null
    },
    setMeta: (name, value) => sql('insert or replace into meta values (?, ?)').run(name, value),
    isCurrent() {
      if (path === ':memory:') return true
      try {
        return statSync(path).ino === inode
      } catch {
        return false
      }
    },
    bytes: () => {
      const { n } = { n: numberOf(sql('pragma page_count').get(), 'page_count') }
      return n * numberOf(sql('pragma page_size').get(), 'page_size')
    },
    close() {
      statements.clear()
      closeWhole(db)
    },
  }
}

// libsql lets go of the file only with its last statement, some time later; until then others would have to
// look into the log beside it. Where somebody else is at it, that is left to them.
function closeWhole(db: Database.Database): void {
  try {
    db.exec('pragma wal_checkpoint(truncate)')
  } catch {
    db.close()
    return
  }
  db.close()
}

export function numberOf(row: unknown, name: string): number {
  const value: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, name) : 0
  return typeof value === 'number' ? value : Number(value ?? 0)
}

export function textOf(row: unknown, name: string): string {
  const value: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, name) : ''
  return typeof value === 'string' ? value : ''
}
