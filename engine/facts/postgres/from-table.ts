// XMLTABLE and JSON_TABLE: documents taken apart into rows. How many rows come out, and whether it
// fails, depends on the document, so a labelled value ends here as an argument.
import type {
  JsonTable,
  JsonTableColumn,
  JsonTablePathSpec,
  Node,
  RangeTableFunc,
  RangeTableFuncCol,
} from 'libpg-query'
import type { At } from './expression.js'
import { valueOf } from './expression.js'
import { lateral, renamed } from './from.js'
import type { Position } from './from.js'
import { behaviour, jsonValue, passing } from './json-expression.js'
import { namedType } from './result-types.js'
import { computedColumn, namedItem } from './scope.js'
import type { Item, ScopeColumn } from './scope.js'
import { tagOf } from './tree.js'
import { isLabelled, joined, passed, sunk } from './value.js'
import type { Value } from './value.js'

export function xmlTableItem(body: RangeTableFunc, position: Position): Item {
  const at = atOf(position)
  const columns = (body.columns ?? []).flatMap((node) =>
    'RangeTableFuncCol' in node ? [node.RangeTableFuncCol] : [],
  )
  const namespaces = (body.namespaces ?? []).map((node) =>
    valueOf('ResTarget' in node ? node.ResTarget.val : node, at),
  )
  const values = [valueOf(body.docexpr, at), valueOf(body.rowexpr, at), ...namespaces]
  const more = columns.flatMap((column) => [
    valueOf(column.colexpr, at),
    valueOf(column.coldefexpr, at),
  ])
  const value = ended([...values, ...more], 'xmltable', at)
  return namedItem(
    body.alias?.aliasname ?? 'xmltable',
    renamed(
      columns.map((column) => xmlColumn(column, value, at)),
      body.alias,
    ),
  )
}

export function jsonTableItem(body: JsonTable, position: Position): Item {
  const at = atOf(position)
  const columns = jsonColumns(body.columns, at)
  const values = [
    jsonValue(body.context_item, at),
    path(body.pathspec, at),
    ...passing(body.passing, at),
    ...behaviour(body.on_error, at),
    ...columns.values,
  ]
  const value = ended(values, 'json_table', at)
  return namedItem(
    body.alias?.aliasname ?? 'json_table',
    renamed(
      columns.named.map(({ name, type }) => computedColumn(name, { ...value, type })),
      body.alias,
    ),
  )
}

type JsonColumns = {
  readonly named: readonly { readonly name: string; readonly type: number }[]
  readonly values: readonly Value[]
}

// NESTED PATH adds its columns where it stands.
function jsonColumns(nodes: readonly Node[] | undefined, at: At): JsonColumns {
  const all = (nodes ?? []).map((node): JsonColumns => {
    if (!('JsonTableColumn' in node)) {
      at.analysis.unread('unknown_node', tagOf(node))
      return { named: [], values: [] }
    }
    const column = node.JsonTableColumn
    const values = columnValues(column, at)
    if (column.coltype === 'JTC_NESTED') {
      const inner = jsonColumns(column.columns, at)
      return { named: inner.named, values: [...values, ...inner.values] }
    }
    const type = namedType(column.typeName, at.analysis)?.oid ?? 0
    return { named: [{ name: column.name ?? '', type }], values }
  })
  return {
    named: all.flatMap((column) => column.named),
    values: all.flatMap((column) => column.values),
  }
}

function columnValues(column: JsonTableColumn, at: At): readonly Value[] {
  return [
    path(column.pathspec, at),
    ...behaviour(column.on_empty, at),
    ...behaviour(column.on_error, at),
  ]
}

function path(spec: JsonTablePathSpec | undefined, at: At): Value {
  return valueOf(spec?.string, at)
}

function xmlColumn(column: RangeTableFuncCol, value: Value, at: At): ScopeColumn {
  const type = namedType(column.typeName, at.analysis)?.oid ?? 0
  return computedColumn(column.colname ?? '', { ...value, type })
}

function ended(values: readonly Value[], step: string, at: At): Value {
  const value = passed(joined(values), step)
  if (isLabelled(value)) sunk(value, 'argument', at.analysis)
  return value
}

// Both see the items to their left without LATERAL.
function atOf(position: Position): At {
  return { scope: lateral(position), analysis: position.analysis, comparing: 'predicate' }
}
