// What a column reference means (transformColumnRef): a column, a whole row, a row's field by the
// notation of a column, or nothing that can be told for certain.
import type { ColumnRef, Node } from 'libpg-query'
import { schemaOf } from './analysis.js'
import { projectedField } from './composite.js'
import type { At } from './expression.js'
import { columnNamed, columnOf, itemNamed, rowOf } from './scope.js'
import type { Found, Item, ScopeColumn } from './scope.js'
import { textOf } from './tree.js'
import { NOTHING } from './value.js'
import type { Value } from './value.js'

export function columnReference(reference: ColumnRef, at: At): Value {
  const fields = reference.fields ?? []
  const last = fields.at(-1)
  const star = last !== undefined && 'A_Star' in last
  const parts = (star ? fields.slice(0, -1) : fields).map((field) => textOf(field) ?? '')
  if (star) {
    const item = qualifiedItem(parts, at)
    return item === undefined ? unresolved([...parts, '*'], at) : rowOf(item)
  }
  const [only, ...more] = parts
  if (only !== undefined && more.length === 0) return bareName(only, at)
  const name = parts.at(-1) ?? ''
  const item = qualifiedItem(parts.slice(0, -1), at)
  if (item === undefined) return parameterField(parts, at) ?? unresolved(parts, at)
  const found = columnOf(item, name)
  if (found.kind === 'column') return touched(found.column)
  if (found.kind === 'uncertain') return unresolved(parts, at)
  // `item.f` where the item has no such column is f(item).
  return projectedField(rowOf(item), name, at) ?? unresolved(parts, at, 'column')
}

// The item that a reference names as a whole row, without reading it; undefined for anything else.
export function rowItem(node: Node | undefined, at: At): Item | undefined {
  if (node === undefined || !('ColumnRef' in node)) return undefined
  const [field, ...more] = node.ColumnRef.fields ?? []
  const name = textOf(field)
  if (name === undefined || more.length > 0) return undefined
  if (columnNamed(at.scope, name).kind !== 'nothing') return undefined
  const found = itemNamed(at.scope, name)
  return found.kind === 'item' && found.item.scalar !== true ? found.item : undefined
}

// One column of a row, read alone; undefined where the row has no such column for certain.
export function rowColumn(item: Item, name: string): Value | undefined {
  const found = item.columns.filter((column) => column.name === name)
  const [only, ...more] = found
  return only === undefined || more.length > 0 || item.open ? undefined : touched(only)
}

// In a function, `p.f` and `function.p.f` are fields of its parameter p (sql_fn_post_column_ref).
function parameterField(parts: readonly string[], at: At): Value | undefined {
  const field = parts.at(-1)
  let level = at.scope
  while (level?.outer !== undefined) level = level.outer
  const item = level?.items.find((one) => one.parameters === true)
  if (item === undefined || field === undefined) return undefined
  const [name, ...more] = parts.slice(0, -1).reverse()
  if (more.length > 1 || (more[0] !== undefined && more[0] !== item.name)) return undefined
  const found = item.columns.find((column) => column.name === name)
  return found === undefined ? undefined : projectedField(touched(found), field, at)
}

// The columns that `*`, `t.*`, `s.t.*` stand for; undefined where that cannot be told.
export function starColumns(fields: readonly Node[], at: At): readonly ScopeColumn[] | undefined {
  const parts = fields.slice(0, -1).map((field) => textOf(field) ?? '')
  const items =
    parts.length === 0
      ? (at.scope?.items.filter((item) => item.columnsVisible) ?? [])
      : [qualifiedItem(parts, at)]
  const columns: ScopeColumn[] = []
  for (const item of items) {
    if (item === undefined || item.open) {
      unresolved([...parts, '*'], at)
      return undefined
    }
    columns.push(...item.columns)
  }
  return columns
}

function bareName(name: string, at: At): Value {
  const column = columnNamed(at.scope, name)
  if (column.kind === 'column') return touched(column.column)
  if (column.kind === 'uncertain') return unresolved([name], at)
  const item = itemNamed(at.scope, name)
  return item.kind === 'item' ? rowOf(item.item) : unresolved([name], at, 'column')
}

// By a name, a schema and a name, or a database, a schema and a name.
function qualifiedItem(parts: readonly string[], at: At): Item | undefined {
  const [name = '', schemaname, database, ...more] = [...parts].reverse()
  if (more.length > 0) return undefined
  const { catalogue, names } = at.analysis
  if (database !== undefined && database !== catalogue.database) return undefined
  const schema = schemaname === undefined ? undefined : schemaOf(names, schemaname)
  if (schemaname !== undefined && schema === undefined) return undefined
  const found: Found = itemNamed(at.scope, name, schema)
  return found.kind === 'item' ? found.item : undefined
}

function touched(column: ScopeColumn): Value {
  column.touch()
  return column.value
}

function unresolved(parts: readonly string[], at: At, missing?: 'column'): Value {
  at.analysis.unread('name_not_resolved', parts.join('.'), missing)
  return NOTHING
}
