// Reads a sample of a table's values and gives back counts, nothing else. In a transaction that is read-only,
// with a limit on time and on waiting for locks; values live as long as one table is looked at.
import { GatewayError } from '../errors.js'
import type { Query } from '../targets/catalogue.js'
import { jsonTallyOf, type JsonTally } from './json-tally.js'
import { tallyOf, type Tally } from './tally.js'

export type SampledForm = 'text' | 'json'

export type SampledColumn = { readonly name: string; readonly form: SampledForm }

export type TallyOfColumn =
  | { readonly form: 'text'; readonly tally: Tally }
  | { readonly form: 'json'; readonly tally: JsonTally }

export type Sampled =
  | { readonly ok: true; readonly rows: number; readonly columns: readonly TallyOfColumn[] }
  | { readonly ok: false; readonly why: string }

export type SampledTable = {
  readonly schema: string
  readonly name: string
  // Only tables and materialized views have pages to choose from.
  readonly hasPages: boolean
  readonly rows: number | undefined
  readonly columns: readonly SampledColumn[]
}

const STATEMENT_MS = 5000
const LOCK_MS = 1000
const TEXT_CHARACTERS = 4096
const JSON_CHARACTERS = 65_536
// From so many times the sample on, pages are chosen; below, the first rows are as good.
const PAGES_FROM = 20

export async function sampled(query: Query, table: SampledTable, rows: number): Promise<Sampled> {
  try {
    await query('BEGIN READ ONLY')
    await query(`SET LOCAL statement_timeout = ${STATEMENT_MS}`)
    await query(`SET LOCAL lock_timeout = ${LOCK_MS}`)
    await query('SET LOCAL search_path = pg_catalog, pg_temp')
    return countsOf(table, await rowsOf(query, table, rows))
  } catch (problem) {
    return { ok: false, why: whyNot(problem) }
  } finally {
    // What broke the connection has ended the transaction too.
    await query('ROLLBACK').catch(() => undefined)
  }
}

type Rows = Awaited<ReturnType<Query>>

async function rowsOf(query: Query, table: SampledTable, wanted: number): Promise<Rows> {
  const from = `${quoted(table.schema)}.${quoted(table.name)}`
  const select = `SELECT ${table.columns.map(expressionOf).join(', ')} FROM ${from}`
  if (table.hasPages && table.rows !== undefined && table.rows > wanted * PAGES_FROM) {
    // Twice as many as wanted, since rows are not spread evenly.
    const share = Math.min(100, (200 * wanted) / table.rows).toFixed(6)
    const some = await query(
      `${select} TABLESAMPLE SYSTEM (${share}) REPEATABLE (1) LIMIT ${wanted}`,
    )
    if (some.length >= wanted / 2) return some
  }
  return query(`${select} LIMIT ${wanted}`)
}

function expressionOf({ name, form }: SampledColumn): string {
  const column = quoted(name)
  return form === 'json'
    ? `pg_catalog."left"(pg_catalog.to_json(${column})::pg_catalog.text, ${JSON_CHARACTERS})`
    : `pg_catalog."left"(${column}::pg_catalog.text, ${TEXT_CHARACTERS})`
}

function countsOf(table: SampledTable, rows: Rows): Sampled {
  const columns = table.columns.map(({ form }, place): TallyOfColumn => {
    const values = rows.map((row) => row[place] ?? null)
    return form === 'json'
      ? { form, tally: jsonTallyOf(values, table.name) }
      : { form, tally: tallyOf(values) }
  })
  return { ok: true, rows: rows.length, columns }
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

// By SQLSTATE alone: the server's messages may quote values.
function whyNot(problem: unknown): string {
  const cause = problem instanceof GatewayError ? problem.cause : problem
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  switch (code) {
    case '42501':
      return 'the account has no right to read it'
    case '57014':
      return `its rows were not there within ${STATEMENT_MS / 1000} seconds`
    case '55P03':
      return 'somebody has locked it'
    case '42P01':
    case '3F000':
      return 'it is gone meanwhile'
    default:
      return /^[0-9A-Z]{5}$/.test(code) ? `the target said ${code}` : 'the target did not answer'
  }
}
