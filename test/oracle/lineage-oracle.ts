// The lineage oracle: what the reader says of a query against what PostgreSQL itself resolved, for queries
// that can be views. Their tables come and go in scripts; what is dropped goes only when its name is
// wanted again, and what was asked meanwhile is looked at in one go.
import pg from 'pg'
import { loadModule, parseSync } from 'libpg-query'
import type { Catalogue } from '../../engine/facts/postgres/catalogue.js'
import { labelled } from '../../engine/facts/postgres/labels.js'
import { createReader, type Reader } from '../../engine/facts/postgres/read.js'
import type { Statement } from '../../engine/facts/postgres/reading.js'
import { loadCatalogue, type ServerParts } from '../../proxy/targets/catalogue.js'
import { treeOf } from './node-tree.js'
import { ruleLineage } from './rule-lineage.js'

export type Tally = {
  queries: number
  // Not every part of the query was read: all of it is refused where something is masked.
  unread: number
  columns: number
  exact: number
  // A source that was not told, in a query that was read; what was told, and is none.
  readonly missed: string[]
  readonly more: string[]
  readonly unreadReasons: Map<string, string[]>
}

export type Oracle = {
  /** Something other than a query: makes, changes, drops. */
  readonly run: (sql: string) => Promise<void>
  readonly ask: (sql: string) => void
  /** The script is at its end: what it asked is looked at, and what it dropped goes. */
  readonly ended: () => Promise<void>
  readonly tally: Tally
}

export async function createOracle(client: pg.Client): Promise<Oracle> {
  await loadModule()
  const reader = await createReader()
  const parts: ServerParts = new Map()
  const tally: Tally = {
    queries: 0,
    unread: 0,
    columns: 0,
    exact: 0,
    missed: [],
    more: [],
    unreadReasons: new Map(),
  }
  const asked = new Set<string>()
  let pending: string[] = []
  const drops: string[] = []
  let inTransaction = false
  const rows = async (sql: string) => {
    const query = { text: sql, rowMode: 'array' as const, types: AS_TEXT }
    return (await client.query<(string | null)[]>(query)).rows
  }
  const looked = async (): Promise<void> => {
    const queries = pending
    pending = []
    if (queries.length === 0) return
    const catalogue = labelled(await loadCatalogue(rows, parts), [{ column: '*', labels: ['t'] }])
    const [[path = '{}'] = []] = await rows(`SELECT array_to_json(current_schemas(true))`)
    const names = { searchPath: JSON.parse(path ?? '[]') as string[], role: 'postgres' }
    for (const sql of queries) await look(client, reader, catalogue, names, sql, tally)
  }
  const tried = (sql: string): Promise<string | undefined> =>
    client.query(sql).then(
      () => undefined,
      (problem: unknown) => (problem instanceof pg.DatabaseError ? problem.code : 'other'),
    )
  return {
    tally,
    ended: async () => {
      await looked()
      for (const drop of drops.splice(0)) await tried(drop)
      await tried('RESET search_path')
    },
    ask: (sql) => {
      if (asked.has(sql)) return
      asked.add(sql)
      pending.push(sql)
    },
    run: async (sql) => {
      if (/^\s*drop\b/i.test(sql)) return void drops.push(sql)
      if (/^\s*(begin|start|commit|end|rollback|abort)\b/i.test(sql)) {
        inTransaction = /^\s*(begin|start)\b/i.test(sql)
        return
      }
      // An operator made only to be rolled back would be one of all queries that follow.
      if (inTransaction && /^\s*create\s+operator\b/i.test(sql)) return
      if (/^\s*(set|reset)\s+(local\s+|session\s+)?search_path/i.test(sql)) await looked()
      const code = await tried(sql)
      if (code === undefined || !EXISTS.has(code)) return
      await looked()
      for (const drop of drops.splice(0)) await tried(drop)
      await tried(sql)
    },
  }
}

const AS_TEXT = { getTypeParser: () => (cell: string | Buffer) => String(cell) }
// duplicate_table, _object, _column, _function, _schema.
const EXISTS = new Set(['42P07', '42710', '42701', '42723', '42P06'])

async function look(
  client: pg.Client,
  reader: Reader,
  catalogue: Catalogue,
  names: { readonly searchPath: readonly string[]; readonly role: string },
  sql: string,
  tally: Tally,
): Promise<void> {
  const rule = await ruleOf(client, sql)
  if (rule === undefined) return
  const truth = ruleLineage(treeOf(rule), (relation, attribute) => {
    const found = catalogue.relationByOid(relation)
    const columns = found?.columns.filter(({ attnum }) => attribute === 0 || attnum === attribute)
    return (columns ?? [])
      .filter(({ labels }) => labels.length > 0)
      .map(({ name }) => `${found?.schema}.${found?.name}.${name}`)
  })
  tally.queries++
  const reading = reader.read(sql, catalogue, names)
  const [statement] = reading instanceof Promise ? [] : reading.statements
  const why = statement === undefined ? 'no statement' : whyUnread(statement)
  if (statement === undefined || why !== undefined) {
    tally.unread++
    tally.unreadReasons.set(why ?? '', [...(tally.unreadReasons.get(why ?? '') ?? []), sql])
    return
  }
  const outputs = statement.outputs === 'unknown' ? [] : (statement.outputs ?? [])
  if (outputs.length !== truth.length) {
    tally.missed.push(`${outputs.length} columns, not ${truth.length}: ${sql}`)
    return
  }
  truth.forEach((sources, place) => {
    tally.columns++
    const told = new Set(outputs[place]?.sources)
    const elsewhere = new Set(statement.command.flows.map(({ from }) => from))
    const missing = [...sources].filter((source) => !told.has(source))
    const below = new Set([...sources].flatMap((source) => derivedOf(source, catalogue)))
    const more = [...told].filter((source) => !sources.has(source) && !below.has(source))
    if (missing.length === 0 && more.length === 0) tally.exact++
    const unsaid = missing.filter((source) => !elsewhere.has(source))
    if (unsaid.length > 0) tally.missed.push(`${place}: ${unsaid.join()} :: ${sql}`)
    else if (missing.length + more.length > 0)
      tally.more.push(`${place}: -${missing.join()} +${more.join()} :: ${sql}`)
  })
}

// What a view's columns come from, and what inherits, is told as well.
function derivedOf(source: string, catalogue: Catalogue): readonly string[] {
  const column = source.slice(source.lastIndexOf('.') + 1)
  const relation = source.slice(0, -column.length - 1)
  const schema = relation.slice(0, relation.indexOf('.'))
  const found = catalogue.relation(schema, relation.slice(schema.length + 1))
  return (found?.columns.find(({ name }) => name === column)?.derived ?? []).map(({ from }) => from)
}

function whyUnread({ command, outputs }: Statement): string | undefined {
  const [unread] = command.unread
  if (unread !== undefined) return `${unread.reason}: ${unread.detail}`
  return outputs === 'unknown' || outputs === undefined ? 'unknown columns' : undefined
}

// As a view of its own, gone again at once; undefined where it cannot be one.
async function ruleOf(client: pg.Client, sql: string): Promise<string | undefined> {
  const columns = columnsAsWritten(sql)
  const attempt = async (list: string): Promise<string | undefined> => {
    const result = await client
      .query(
        `BEGIN; CREATE VIEW lineage_probe${list} AS ${sql}\n; SELECT ev_action::text AS rule FROM pg_rewrite
         WHERE ev_class = 'lineage_probe'::regclass; ROLLBACK`,
      )
      .catch(() => undefined)
    if (result === undefined) await client.query('ROLLBACK')
    const all = [result ?? []].flat() as readonly pg.QueryResult<{ rule: string }>[]
    return all.flatMap((one) => one.rows)[0]?.rule
  }
  return (await attempt('')) ?? (columns === undefined ? undefined : attempt(columns))
}

// Names of their own, where two columns share one.
function columnsAsWritten(sql: string): string | undefined {
  try {
    const [only] = parseSync(sql).stmts ?? []
    const node = only?.stmt
    const list = node !== undefined && 'SelectStmt' in node ? node.SelectStmt.targetList : undefined
    if (list === undefined) return undefined
    return `(${list.map((_, at) => `c${at}`).join(', ')})`
  } catch {
    return undefined
  }
}

/** What a statement of a script is to the oracle. */
export function kindOf(sql: string): 'query' | 'definition' | 'other' {
  if (/^\s*\(*\s*(select|with|values|table)\b/i.test(sql)) {
    try {
      const [only, another] = parseSync(sql).stmts ?? []
      const node = only?.stmt
      if (node === undefined || another !== undefined || !('SelectStmt' in node)) return 'other'
      return node.SelectStmt.intoClause === undefined ? 'query' : 'definition'
    } catch {
      return 'other'
    }
  }
  return MAKES.test(sql) && !OTHER.test(sql) ? 'definition' : 'other'
}

const MAKES =
  /^\s*(create|alter|drop|do|comment|import|begin|start|commit|end|rollback|abort|(set|reset)\s+(local\s+|session\s+)?search_path)\b/i
const OTHER =
  /^\s*(create\s+(database|tablespace|subscription)|(alter|drop)\s+(system|database|tablespace|role|user))\b/i
