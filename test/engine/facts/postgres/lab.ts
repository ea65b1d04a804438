// What the tests of reading share: a catalogue loaded from a real PostgreSQL that holds
// fixtures/facts/schema.sql, and facts as short lines that fixtures can hold.
import { readFileSync } from 'node:fs'
import { Client } from 'pg'
import t from 'tap'
import type { Catalogue, NameContext } from '../../../../engine/facts/postgres/catalogue.js'
import { createReader } from '../../../../engine/facts/postgres/read.js'
import type { Reading, Statement } from '../../../../engine/facts/postgres/reading.js'
import type { Effect } from '../../../../engine/schemas/facts.js'
import { loadCatalogue } from '../../../../proxy/targets/catalogue.js'
import { startPostgres } from '../../../peers/postgres.js'

export type Lab = {
  readonly catalogue: Catalogue
  readonly names: NameContext
  readonly read: (sql: string) => Reading
}

export const NAMES: NameContext = { searchPath: ['pg_catalog', 'public'], role: 'postgres' }

export async function createLab(): Promise<Lab> {
  // A busy machine may be slow to start a server.
  t.setTimeout(180_000)
  const server = await startPostgres({ kind: 'embedded' })
  const { host, port, superuser: user, password } = server
  const client = new Client({ host, port, user, password, database: 'postgres' })
  await client.connect()
  await client.query(fixture('schema.sql'))
  const rows = async (sql: string) => {
    const types = { getTypeParser: () => (cell: string | Buffer) => String(cell) }
    const query = { text: sql, rowMode: 'array' as const, types }
    return (await client.query<(string | null)[]>(query)).rows
  }
  const catalogue = await loadCatalogue(rows, new Map())
  await client.end()
  await server.stop()
  const reader = await createReader()
  return {
    catalogue,
    names: NAMES,
    read: (sql) => {
      const reading = reader.read(sql, catalogue, NAMES)
      if (reading instanceof Promise) throw new Error('read elsewhere')
      return reading
    },
  }
}

export function fixture(name: string): string {
  return readFileSync(`fixtures/facts/${name}`, 'utf8')
}

// `delete public.orders [key] {detail} (columns) ~` – one effect, one line.
export function lineOf(effect: Effect): string {
  const { op, object, columns, where, detail, temporary } = effect
  return [
    op,
    object === '' ? '-' : object,
    ...(columns === undefined || columns.length === 0 ? [] : [`(${columns.join(' ')})`]),
    ...(where === undefined ? [] : [`[${where}]`]),
    ...(detail === undefined ? [] : [`{${detail}}`]),
    ...(temporary === true ? ['~'] : []),
  ].join(' ')
}

export function linesOf(statement: Statement): readonly string[] {
  return statement.command.effects.map(lineOf)
}

export function reasonsOf(statement: Statement): readonly string[] {
  return [...new Set(statement.command.unread.map((item) => item.reason))]
}
