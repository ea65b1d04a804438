// Rows for the Join Order Benchmark, whose own data may not be passed on: few, made so that its queries
// find some. A text column holds what the queries look for in it, and every key finds its row.
import { loadModule, parseSync } from 'libpg-query'
import type { BenchmarkQuery } from './benchmarks.js'

const ROWS = 60
const NUMBER_KEYS = new Set(['production_year', 'season_nr', 'episode_nr'])

/** INSERT statements. */
export async function jobRows(schema: string, queries: readonly BenchmarkQuery[]): Promise<string> {
  await loadModule()
  const wanted = new Map<string, Set<string>>()
  for (const { sql } of queries) {
    const from = new Map<string, string>()
    const found: (readonly [column: string, words: string])[] = []
    walk(parseSync(sql), (node) => lookFor(node, from, found))
    for (const [column, words] of found) {
      const [alias = '', name = ''] = column.split('.')
      const key = `${from.get(alias) ?? alias}.${name}`
      wanted.set(key, (wanted.get(key) ?? new Set()).add(words))
    }
  }
  const tables = [...schema.matchAll(/CREATE TABLE (\w+) \((.*)\);/g)]
  return tables.map(([, table = '', columns = '']) => insert(table, columns, wanted)).join('\n')
}

type Tree = { readonly [key: string]: unknown }

function walk(node: unknown, seen: (node: Tree) => void): void {
  if (Array.isArray(node)) for (const one of node) walk(one, seen)
  else if (typeof node === 'object' && node !== null) {
    seen(node as Tree)
    for (const one of Object.values(node)) walk(one, seen)
  }
}

// `alias.column = 'words'`, IN, LIKE and BETWEEN; what LIKE leaves open is put in as it is.
function lookFor(
  node: Tree,
  from: Map<string, string>,
  found: (readonly [string, string])[],
): void {
  const range = node['RangeVar'] as Tree | undefined
  if (range !== undefined) {
    const relation = String(range['relname'])
    const alias = (range['alias'] as Tree | undefined)?.['aliasname']
    from.set(typeof alias === 'string' ? alias : relation, relation)
  }
  const expression = node['A_Expr'] as Tree | undefined
  if (expression === undefined) return
  const column = JSON.stringify(expression['lexpr'] ?? {})
  const names = [...column.matchAll(/"sval":"(\w+)"/g)].map(([, name = '']) => name)
  if (!column.startsWith('{"ColumnRef"') || names.length !== 2) return
  walk(expression['rexpr'], (inner) => {
    const words = (inner['A_Const'] as Tree | undefined)?.['sval'] as Tree | undefined
    const text = words?.['sval']
    if (typeof text === 'string') found.push([names.join('.'), text.replaceAll(/[%_]/g, '')])
  })
}

function insert(
  table: string,
  columns: string,
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
): string {
  const values = columns.split(/, (?=\w+ [A-Z])/).map((column) => {
    const [name = '', type = ''] = column.split(' ')
    const length = /\((\d+)\)/.exec(type)?.[1]
    if (name === 'id') return 'n'
    if (type === 'INTEGER' && NUMBER_KEYS.has(name)) return `1985 + n % 28`
    // Two different strides: rows that meet along one key meet along others as well.
    if (type === 'INTEGER') return `1 + (n * 7) % ${ROWS}`
    const words = [...(wanted.get(`${table}.${name}`) ?? [])].sort()
    const list = [...words, `${name} of ${table}`].map((word) => `'${word.replaceAll("'", "''")}'`)
    return `left((ARRAY[${list.join(', ')}])[1 + n % ${list.length}], ${length ?? 200})`
  })
  return `INSERT INTO ${table} SELECT ${values.join(', ')} FROM generate_series(1, ${ROWS}) AS n;`
}
