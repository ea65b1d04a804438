// What a database says to one query, asked in one of the ways that clients have, as values that can be
// compared: rows as text, or the error.
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import type { MadeQuery } from './queries.js'

export type Way =
  | 'simple'
  | 'script'
  | 'extended'
  | 'binary'
  | 'prepared'
  | 'cursor'
  | 'copy'
  | 'table'
  | 'filled'
  | 'view'
  | 'table copy'

export type Told =
  | { readonly rows: readonly string[]; readonly columns: readonly string[] }
  | { readonly code: string; readonly words: string }

const AS_TEXT: pg.CustomTypesConfig = { getTypeParser: () => (value: unknown) => value }

// `table copy`: of a table, with its form; the others: of a query.
/** Rows in the order sent, or sorted where the query states none. */
export async function told(
  client: pg.Client,
  { sql, ordered, width = 0 }: Pick<MadeQuery, 'sql' | 'ordered'> & { readonly width?: number },
  way: Way = 'simple',
): Promise<Told> {
  try {
    const { rows, columns } = await asked(client, sql, way, width)
    return { rows: ordered ? rows : [...rows].sort(), columns }
  } catch (problem) {
    if (!(problem instanceof pg.DatabaseError)) throw problem
    const { code = '', message, detail, hint, position } = problem
    return { code, words: JSON.stringify([message, detail, hint, position]) }
  }
}

type Asked = { readonly rows: readonly string[]; readonly columns: readonly string[] }

async function asked(client: pg.Client, sql: string, way: Way, width: number): Promise<Asked> {
  switch (way) {
    case 'simple':
      return rowsOf(client, { text: sql })
    case 'script':
      return rowsOf(
        client,
        { text: `SELECT 1 AS n; ${sql}; SELECT ssn FROM orders WHERE id = 3` },
        1,
      )
    case 'extended':
      return rowsOf(client, { text: sql, queryMode: 'extended' })
    case 'binary':
      return rowsOf(client, { text: sql, queryMode: 'extended', binary: true })
    case 'prepared':
      await client.query(`PREPARE made AS ${sql}`)
      return rowsOf(client, { text: 'EXECUTE made' }).finally(() =>
        client.query('DEALLOCATE made').catch(() => undefined),
      )
    case 'cursor':
      await client.query('BEGIN')
      try {
        await client.query(`DECLARE made CURSOR FOR ${sql}`)
        return await rowsOf(client, { text: 'FETCH ALL FROM made' })
      } finally {
        await client.query('ROLLBACK')
      }
    case 'table':
    case 'filled':
    case 'view':
      await client.query('BEGIN')
      try {
        for (const text of making(way, sql, width)) await client.query(text)
        return await rowsOf(client, { text: 'SELECT * FROM made' })
      } finally {
        await client.query('ROLLBACK')
      }
    case 'copy':
      return copied(client, `COPY (${sql}) TO STDOUT`)
    case 'table copy': {
      const [table = '', form] = sql.split(/ (?=\(FORMAT)/)
      return copied(client, `COPY ${table} TO STDOUT ${form ?? ''}`)
    }
  }
}

// Under names that no label speaks of.
function making(way: 'table' | 'filled' | 'view', sql: string, width: number): readonly string[] {
  const names = Array.from({ length: width }, (_, at) => `m${at}`).join(', ')
  const query = `SELECT * FROM (${sql}) AS q(${names})`
  if (way === 'filled')
    return [`CREATE TEMP TABLE made AS ${query} WITH NO DATA`, `INSERT INTO made ${query}`]
  return [`CREATE TEMP ${way.toUpperCase()} made AS ${query}`]
}

async function copied(client: pg.Client, text: string): Promise<Asked> {
  const pieces: Buffer[] = []
  for await (const piece of client.query(copyTo(text))) pieces.push(piece as Buffer)
  return { rows: Buffer.concat(pieces).toString('latin1').split('\n').slice(0, -1), columns: [] }
}

async function rowsOf(
  client: pg.Client,
  config: { readonly text: string; readonly queryMode?: 'extended'; readonly binary?: boolean },
  // Of a text that holds several statements: whose rows.
  place = 0,
): Promise<Asked> {
  const query = { ...config, rowMode: 'array', types: AS_TEXT }
  const results = [await client.query<unknown[]>(query as pg.QueryArrayConfig)].flat()
  const result = results[place]
  if (result === undefined) throw new Error('a result is missing')
  return {
    rows: result.rows.map((row) => JSON.stringify(row)),
    columns: result.fields.map(({ name, dataTypeID }) => `${name}:${dataTypeID}`),
  }
}
