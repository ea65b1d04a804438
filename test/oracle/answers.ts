// What a database says to one query, asked in one of the ways that clients have, as values that can be
// compared: rows as text, or the error.
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'

export type Way = 'simple' | 'extended' | 'binary' | 'prepared' | 'cursor' | 'copy' | 'table'

export type Told =
  | { readonly rows: readonly string[]; readonly columns: readonly string[] }
  | { readonly code: string; readonly words: string }

const AS_TEXT: pg.CustomTypesConfig = { getTypeParser: () => (value: unknown) => value }

/** Rows in the order sent, or sorted where the query states none. */
export async function told(
  client: pg.Client,
  { sql, ordered }: { readonly sql: string; readonly ordered: boolean },
  way: Way = 'simple',
): Promise<Told> {
  try {
    const { rows, columns } = await asked(client, sql, way)
    return { rows: ordered ? rows : [...rows].sort(), columns }
  } catch (problem) {
    if (!(problem instanceof pg.DatabaseError)) throw problem
    const { code = '', message, detail, hint, position } = problem
    return { code, words: JSON.stringify([message, detail, hint, position]) }
  }
}

type Asked = { readonly rows: readonly string[]; readonly columns: readonly string[] }

async function asked(client: pg.Client, sql: string, way: Way): Promise<Asked> {
  switch (way) {
    case 'simple':
      return rowsOf(client, { text: sql })
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
      await client.query('BEGIN')
      try {
        await client.query(`CREATE TEMP TABLE made AS ${sql}`)
        return await rowsOf(client, { text: 'SELECT made::text FROM made' })
      } finally {
        await client.query('ROLLBACK')
      }
    case 'copy': {
      const pieces: Buffer[] = []
      for await (const piece of client.query(copyTo(`COPY (${sql}) TO STDOUT`)))
        pieces.push(piece as Buffer)
      return { rows: Buffer.concat(pieces).toString('utf8').split('\n').slice(0, -1), columns: [] }
    }
  }
}

async function rowsOf(
  client: pg.Client,
  config: { readonly text: string; readonly queryMode?: 'extended'; readonly binary?: boolean },
): Promise<Asked> {
  const query = { ...config, rowMode: 'array', types: AS_TEXT }
  const result = await client.query<unknown[]>(query as pg.QueryArrayConfig)
  return {
    rows: result.rows.map((row) => JSON.stringify(row)),
    columns: result.fields.map(({ name, dataTypeID }) => `${name}:${dataTypeID}`),
  }
}
