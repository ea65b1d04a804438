// What the tests of data flow share: a real PostgreSQL with fixtures/lineage/schema.sql, its catalogue
// with a label on every column, and the corpus of queries.
import { readFileSync } from 'node:fs'
import { Client } from 'pg'
import { loadModule } from 'libpg-query'
import type { Catalogue, NameContext } from '../../../../engine/facts/postgres/catalogue.js'
import { labelled } from '../../../../engine/facts/postgres/labels.js'
import { createReader } from '../../../../engine/facts/postgres/read.js'
import type { Statement } from '../../../../engine/facts/postgres/reading.js'
import type { LabelRule } from '../../../../engine/policy/policy.js'
import { loadCatalogue } from '../../../../proxy/targets/catalogue.js'
import { startPostgres } from '../../../peers/postgres.js'
import type { PostgresKind } from '../../../peers/postgres.js'

export type Rows = (sql: string) => Promise<readonly (readonly (string | null)[])[]>

export type LineageLab = {
  readonly rows: Rows
  // Rows and what RowDescription says of them.
  readonly answer: (sql: string) => Promise<Answer>
  // Runs a script of several statements.
  readonly run: (sql: string) => Promise<void>
  readonly catalogue: () => Promise<Catalogue>
  readonly read: (sql: string, catalogue: Catalogue) => Statement
  readonly version: number
  readonly stop: () => Promise<void>
}

export type Answer = {
  readonly rows: readonly (readonly (string | null)[])[]
  readonly origins: readonly { readonly table: number; readonly attnum: number }[]
}

export type Query = { readonly sql: string; readonly from: number }

export const NAMES: NameContext = { searchPath: ['pg_catalog', 'public'], role: 'postgres' }
export const EVERYTHING: readonly LabelRule[] = [{ column: '*', labels: ['t'] }]

export async function startLineageLab(kind: PostgresKind): Promise<LineageLab> {
  const server = await startPostgres({ kind })
  const { host, port, superuser: user, password } = server
  const client = new Client({ host, port, user, password, database: 'postgres' })
  await client.connect()
  const types = { getTypeParser: () => (cell: string | Buffer) => String(cell) }
  const answer = async (sql: string): Promise<Answer> => {
    const query = { text: sql, rowMode: 'array' as const, types }
    const result = await client.query<(string | null)[]>(query)
    const origins = result.fields.map(({ tableID, columnID }) => ({
      table: tableID,
      attnum: columnID,
    }))
    return { rows: result.rows, origins }
  }
  const rows: Rows = async (sql) => (await answer(sql)).rows
  const run = async (sql: string): Promise<void> => {
    await client.query(sql)
  }
  await run(readFileSync('fixtures/lineage/schema.sql', 'utf8'))
  await run('REFRESH MATERIALIZED VIEW stored')
  await loadModule()
  const reader = await createReader()
  const parts = new Map()
  const catalogue = await loadCatalogue(rows, parts)
  return {
    rows,
    answer,
    run,
    version: Math.floor(catalogue.server / 10_000),
    catalogue: () => loadCatalogue(rows, parts),
    read: (sql, within) => {
      const reading = reader.read(sql, within, NAMES)
      if (reading instanceof Promise) throw new Error('read elsewhere')
      const [statement] = reading.statements
      if (statement === undefined) throw new Error('no statement')
      return statement
    },
    stop: async () => {
      await client.end()
      await server.stop()
    },
  }
}

// Each query ends with a semicolon at the end of a line; `-- from N` stands before it.
export function corpus(name: string): readonly Query[] {
  const text = readFileSync(`fixtures/lineage/${name}`, 'utf8')
  return text
    .split(/;\n/)
    .map((part) => {
      const from = /^-- from (\d+)$/m.exec(part)
      const sql = part.replaceAll(/^--.*$/gm, '').trim()
      return { sql, from: from === null ? 0 : Number(from[1]) }
    })
    .filter(({ sql }) => sql !== '')
}

export function labelledEverywhere(catalogue: Catalogue): Catalogue {
  return labelled(catalogue, EVERYTHING)
}
