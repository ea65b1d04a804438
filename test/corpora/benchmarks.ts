// TPC-H, TPC-DS and the Join Order Benchmark: queries, tables and a little data, as published packages
// hold them, put into a database; and which of their columns are about people, who are protected.
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { LabelRule } from '../../engine/policy/policy.js'
import { REPOSITORY } from '../peers/gateway-config.js'
import { fetched, type Corpus } from './fetched.js'
import { jobRows } from './job-rows.js'

export const BENCHMARKS = ['tpch', 'tpcds', 'job'] as const

export type Benchmark = (typeof BENCHMARKS)[number]

export type BenchmarkQuery = { readonly name: string; readonly sql: string }

const PACKAGES = [
  'duckdb==1.5.5',
  'duckdb-extension-tpch==1.5.5',
  'duckdb-extension-tpcds==1.5.5',
  'benchbox==0.4.2',
]

/** What is known of people, by table. */
export const PERSONAL: Readonly<Record<Benchmark, Readonly<Record<string, readonly string[]>>>> = {
  tpch: { customer: ['c_name', 'c_address', 'c_phone', 'c_acctbal'] },
  tpcds: {
    customer: [
      ['c_salutation', 'c_first_name', 'c_last_name', 'c_login', 'c_email_address'],
      ['c_birth_day', 'c_birth_month', 'c_birth_year', 'c_birth_country'],
    ].flat(),
    customer_address: ['ca_street_number', 'ca_street_name', 'ca_suite_number', 'ca_zip'],
  },
  job: { name: ['name', 'gender'], aka_name: ['name'], person_info: ['info', 'note'] },
}

export function benchmarks(): Promise<Corpus> {
  return fetched('benchmarks-1', (folder) => [
    ['python3', '-m', 'venv', join(folder, 'python')],
    [
      join(folder, 'python/bin/python'),
      ...['-m', 'pip', '-q', '--disable-pip-version-check', 'install', '--no-deps', ...PACKAGES],
    ],
    [
      join(folder, 'python/bin/python'),
      ...['-B', join(REPOSITORY, 'test/corpora/benchmarks.py'), folder],
    ],
    ['rm', '-rf', join(folder, 'python')],
  ])
}

export function queriesOf(folder: string, benchmark: Benchmark): readonly BenchmarkQuery[] {
  return JSON.parse(
    readFileSync(join(folder, benchmark, 'queries.json'), 'utf8'),
  ) as readonly BenchmarkQuery[]
}

/** The tables with their rows, their keys as indexes, analyzed. */
export async function filled(
  client: pg.Client,
  folder: string,
  benchmark: Benchmark,
): Promise<void> {
  const schema = readFileSync(join(folder, benchmark, 'schema.sql'), 'utf8')
  await client.query(schema)
  if (benchmark === 'job') await client.query(await jobRows(schema, queriesOf(folder, benchmark)))
  else {
    for (const { table, key } of tablesOf(schema)) {
      const file = join(folder, benchmark, `${table}.csv`)
      if (!existsSync(file)) continue
      await pipeline(
        createReadStream(file),
        client.query(copyFrom(`COPY ${table} FROM STDIN (FORMAT csv)`)),
      )
      await client.query(`CREATE INDEX ON ${table} (${key})`)
    }
  }
  await client.query('ANALYZE')
}

/** In both, the first column is the key, or its first part. */
export function tablesOf(
  schema: string,
): readonly { readonly table: string; readonly key: string }[] {
  return [...schema.matchAll(/CREATE TABLE (\w+) ?\((\w+)/g)].map(([, table = '', key = '']) => ({
    table,
    key,
  }))
}

/** What labels them `pii`. */
export function labelRules(benchmark: Benchmark): readonly LabelRule[] {
  return Object.entries(PERSONAL[benchmark]).flatMap(([table, columns]) =>
    columns.map((column) => ({ table, column, labels: ['pii'] })),
  )
}
