// Walks over parse trees as plain data: what a statement holds that masking at the source leaves alone,
// and whether a tree is another one with some nodes replaced.
import type { CopyStmt, Node, RangeVar } from 'libpg-query'
import { queryOfInsert } from './splice-insert.js'

type Fields = Readonly<Record<string, unknown>>

// Where a node stands in the text says nothing of what it means.
const PLACES: ReadonlySet<string> = new Set([
  'location',
  'name_location',
  'stmt_location',
  'stmt_len',
  'list_start',
  'list_end',
  'rexpr_list_start',
  'rexpr_list_end',
])

// Samples, and what writes or makes something.
const LEFT_ALONE: ReadonlySet<string> = new Set([
  'RangeTableSample',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
])

const SYSTEM: ReadonlySet<string> = new Set(['ctid', 'xmin', 'cmin', 'xmax', 'cmax', 'tableoid'])

export type Inventory = {
  readonly ranges: readonly RangeVar[]
  readonly ctes: ReadonlySet<string>
  // Why the statement is left alone.
  readonly obstacle: string | undefined
}

/** Everything within a query, whatever it is wrapped in. */
export function inventoryOf(root: Node): Inventory {
  const ranges: RangeVar[] = []
  const ctes = new Set<string>()
  let obstacle: string | undefined
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const one of value) visit(one)
      return
    }
    if (!isFields(value)) return
    for (const [key, inner] of Object.entries(value)) {
      if (LEFT_ALONE.has(key)) obstacle ??= key
      if (key === 'RangeVar') ranges.push(inner as RangeVar)
      if (key === 'CommonTableExpr' && isFields(inner)) ctes.add(String(inner['ctename']))
      if (key === 'ColumnRef' && isFields(inner)) obstacle ??= objection(inner['fields'])
      else visit(inner)
    }
  }
  visit(root)
  return { ranges, ctes, obstacle }
}

// The query of a SELECT, or within what hands its rows on: a cursor, a prepared statement, a copy, a new
// table, an INSERT.
export function queryWithin(statement: Node): Node | undefined {
  if ('InsertStmt' in statement) return queryOfInsert(statement.InsertStmt)
  const query = 'SelectStmt' in statement ? statement : wrapped(statement)
  return query !== undefined && 'SelectStmt' in query ? query : undefined
}

/** A view keeps its query, with the masks in it, for whoever reads it; one that is there already its own. */
export function queryOfView(statement: Node): Node | undefined {
  const view = 'ViewStmt' in statement ? statement.ViewStmt : undefined
  return view?.replace === true ? undefined : view?.query
}

/** A statement that copies a table to the client. */
export function copiedTable(statement: Node): CopyStmt | undefined {
  if (!('CopyStmt' in statement)) return undefined
  const { CopyStmt: copy } = statement
  return copy.relation !== undefined && copy.is_from !== true ? copy : undefined
}

// A materialized view keeps its query, with the masks in it.
const MADE: ReadonlySet<unknown> = new Set(['OBJECT_TABLE', 'OBJECT_MATVIEW'])

function wrapped(statement: Node): Node | undefined {
  if ('DeclareCursorStmt' in statement) return statement.DeclareCursorStmt.query
  if ('PrepareStmt' in statement) return statement.PrepareStmt.query
  if ('CopyStmt' in statement) return statement.CopyStmt.query
  if ('CreateTableAsStmt' in statement && MADE.has(statement.CreateTableAsStmt.objtype))
    return statement.CreateTableAsStmt.query
  return undefined
}

function objection(fields: unknown): string | undefined {
  if (!Array.isArray(fields)) return 'a name'
  const names = fields.map(nameOf)
  const last = names.at(-1)
  if (names.length > 2) return 'a name of three parts'
  return last !== undefined && SYSTEM.has(last) ? 'a system column' : undefined
}

// undefined for `*`.
function nameOf(field: unknown): string | undefined {
  if (!isFields(field)) return undefined
  const { String: text } = field as { readonly String?: { readonly sval?: string } }
  return text === undefined ? undefined : (text.sval ?? '')
}

// Is `after` the tree `before` in which exactly the nodes of these ranges were replaced?
export function isReplaced(
  before: unknown,
  after: unknown,
  replacements: ReadonlyMap<unknown, Node>,
): boolean {
  if (isFields(before) && replacements.size > 0) {
    const node = replacements.get(Object.values(before)[0])
    if (node !== undefined) return isReplaced(node, after, new Map())
  }
  if (Array.isArray(before)) {
    return (
      Array.isArray(after) &&
      before.length === after.length &&
      before.every((one, place) => isReplaced(one, after[place], replacements))
    )
  }
  if (!isFields(before) || !isFields(after)) return before === after
  const keys = Object.keys(before).filter((key) => !PLACES.has(key))
  const others = Object.keys(after).filter((key) => !PLACES.has(key))
  return (
    keys.length === others.length &&
    keys.every((key) => key in after && isReplaced(before[key], after[key], replacements))
  )
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
