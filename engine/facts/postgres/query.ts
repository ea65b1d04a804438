// Queries: SELECT, VALUES, set operations, with all their clauses. Each gives its columns with what
// they come from, and declares what the clauses read, compare, order and group by.
import type { Node, SelectStmt } from 'libpg-query'
import type { Sink } from '../../schemas/facts.js'
import type { Analysis } from './analysis.js'
import { columnName } from './column-names.js'
import { starColumns } from './column-reference.js'
import { fieldsOf } from './composite.js'
import { condition, commonType, valueOf, valuesOf } from './expression.js'
import type { At } from './expression.js'
import { FLOW_LIMITS } from './flow-limits.js'
import { fromScope } from './from.js'
import { sorted, window } from './function-call.js'
import { locks } from './locking.js'
import type { OutputColumn } from './reading.js'
import { columnAt, computedColumn } from './scope.js'
import type { Scope, ScopeColumn } from './scope.js'
import { constantInteger, tagOf } from './tree.js'
import { isCopy, isHarmless, joined, passed, sunk } from './value.js'
import type { Value } from './value.js'
import { withScope } from './with.js'

type Columns = readonly ScopeColumn[] | 'unknown'

// The result columns of a statement that is a query, and their flows to where its rows go.
export function outputsOfQuery(
  node: Node,
  analysis: Analysis,
  outer: Scope | undefined,
  sink: Sink,
): readonly OutputColumn[] | 'unknown' {
  const columns = columnsOfQuery(node, analysis, outer)
  if (columns === 'unknown') return 'unknown'
  const flows = columns.reduce((sum, { value }) => sum + value.sources.length, 0)
  if (flows > FLOW_LIMITS.flowsMax) {
    analysis.unread('over_limit', 'labelled columns in result columns')
    return 'unknown'
  }
  return columns.map(({ value }, place) => {
    sunk(value, sink, analysis, sink === 'output' ? place : undefined)
    const told = value.sources.filter((source) => !isHarmless(source.through))
    return {
      sources: [...new Set(told.map((source) => source.from))].sort(),
      labels: [...new Set(told.flatMap((source) => source.labels))].sort(),
      copy: isCopy(value),
      origin: value.origin ?? { table: 0, attnum: 0 },
    }
  })
}

export function columnsOfQuery(node: Node, analysis: Analysis, outer: Scope | undefined): Columns {
  if ('SelectStmt' in node) return columnsOfSelect(node.SelectStmt, analysis, outer)
  const returned = analysis.modifying(node, outer, analysis)
  if (returned === 'unknown') return 'unknown'
  return returned === undefined ? [] : columnsOfQuery(returned, analysis, outer)
}

export function columnsOfSelect(
  body: SelectStmt,
  analysis: Analysis,
  outer: Scope | undefined,
): Columns {
  if (!hasBudget(analysis)) return 'unknown'
  const scope = withScope(body.withClause, outer, analysis)
  if (body.op === 'SETOP_NONE' || body.op === undefined) {
    return body.valuesLists === undefined
      ? simpleSelect(body, scope, analysis)
      : valuesClause(body, scope, analysis)
  }
  return setOperation(body, scope, analysis)
}

// Recursive queries inside recursive queries are read again and again; a statement gets so many reads.
const READS = new WeakMap<Analysis['collected'], number>()

function hasBudget(analysis: Analysis): boolean {
  const reads = (READS.get(analysis.collected) ?? 0) + 1
  READS.set(analysis.collected, reads)
  if (reads <= FLOW_LIMITS.selectsMax) return true
  analysis.unread('over_limit', 'queries in queries')
  return false
}

function simpleSelect(body: SelectStmt, outer: Scope, analysis: Analysis): Columns {
  const scope = fromScope(body.fromClause, outer, analysis)
  const at: At = { scope, analysis, comparing: 'predicate' }
  const columns = targetColumns(body.targetList, at)
  condition(body.whereClause, at)
  condition(body.havingClause, at)
  for (const node of body.windowClause ?? []) {
    if ('WindowDef' in node) window(node.WindowDef, at)
    else analysis.unread('unknown_node', tagOf(node))
  }
  const known = columns === 'unknown' ? [] : columns
  for (const node of body.groupClause ?? []) grouped(node, known, at)
  distinct(body.distinctClause, known, at)
  ordered(body.sortClause, known, at)
  limits(body, at)
  locks(body.lockingClause, scope, at)
  return columns
}

function targetColumns(nodes: readonly Node[] | undefined, at: At): Columns {
  const columns: ScopeColumn[] = []
  for (const node of nodes ?? []) {
    if (!('ResTarget' in node)) {
      at.analysis.unread('unknown_node', tagOf(node))
      return 'unknown'
    }
    const { name, val } = node.ResTarget
    if (val === undefined) continue
    const expanded = expandedStar(val, at)
    if (expanded === 'unknown') return 'unknown'
    if (expanded !== undefined) {
      for (const column of expanded) {
        column.touch()
        columns.push(computedColumn(column.name, column.value))
      }
    } else columns.push(computedColumn(name ?? columnName(val), valueOf(val, at)))
  }
  return columns
}

// `*`, `t.*` and `(row).*`; undefined for anything else.
function expandedStar(val: Node, at: At): Columns | undefined {
  if ('ColumnRef' in val) {
    const fields = val.ColumnRef.fields ?? []
    const last = fields.at(-1)
    if (last === undefined || !('A_Star' in last)) return undefined
    return starColumns(fields, at) ?? 'unknown'
  }
  if ('A_Indirection' in val) {
    const steps = val.A_Indirection.indirection ?? []
    const last = steps.at(-1)
    if (last === undefined || !('A_Star' in last)) return undefined
    const row = valueOf(
      { A_Indirection: { ...val.A_Indirection, indirection: steps.slice(0, -1) } },
      at,
    )
    const fields = fieldsOf(row, at)
    if (fields === undefined) {
      at.analysis.unread('name_not_resolved', '(row).*')
      return 'unknown'
    }
    return fields.map((field) => computedColumn(field.name, field.value))
  }
  return undefined
}

// findTargetlistEntrySQL92: a number is a place; a name is a column of FROM and then one of the
// list in GROUP BY, the other way round in ORDER BY and DISTINCT ON; all else is an expression.
function listed(
  node: Node,
  columns: readonly ScopeColumn[],
  at: At,
  fromFirst: boolean,
): Value | undefined {
  const place = constantInteger(node)
  if (place !== undefined) return columns[place - 1]?.value
  if (!('ColumnRef' in node)) return undefined
  const [field, ...more] = node.ColumnRef.fields ?? []
  if (field === undefined || more.length > 0 || !('String' in field)) return undefined
  const name = field.String.sval ?? ''
  if (fromFirst && at.scope !== undefined && columnAt(at.scope, name).kind !== 'nothing') {
    return undefined
  }
  const found = columns.filter((column) => column.name === name)
  if (found.length === 0) return undefined
  return joined(found.map((column) => column.value))
}

function grouped(node: Node, columns: readonly ScopeColumn[], at: At): void {
  if ('GroupingSet' in node) {
    for (const inner of node.GroupingSet.content ?? []) grouped(inner, columns, at)
    return
  }
  if ('RowExpr' in node && node.RowExpr.row_format === 'COERCE_IMPLICIT_CAST') {
    for (const inner of node.RowExpr.args ?? []) grouped(inner, columns, at)
    return
  }
  sunk(listed(node, columns, at, true) ?? valueOf(node, at), 'group', at.analysis)
}

// DISTINCT is a list with one empty node, DISTINCT ON a list of expressions.
function distinct(
  nodes: readonly Node[] | undefined,
  columns: readonly ScopeColumn[],
  at: At,
): void {
  if (nodes === undefined) return
  const on = nodes.filter((node) => tagOf(node) !== '')
  if (on.length === 0) {
    for (const column of columns) sunk(column.value, 'group', at.analysis)
  }
  for (const node of on) {
    sunk(listed(node, columns, at, false) ?? valueOf(node, at), 'group', at.analysis)
  }
}

function ordered(
  nodes: readonly Node[] | undefined,
  columns: readonly ScopeColumn[],
  at: At,
): void {
  for (const node of nodes ?? []) {
    const key = 'SortBy' in node ? node.SortBy.node : undefined
    const value = key === undefined ? undefined : listed(key, columns, at, false)
    if (value === undefined) sorted(node, at)
    else sunk(value, 'order', at.analysis)
  }
}

function limits(body: SelectStmt, at: At): void {
  for (const node of [body.limitCount, body.limitOffset]) {
    if (node !== undefined) sunk(valueOf(node, at), 'predicate', at.analysis)
  }
}

function valuesClause(body: SelectStmt, scope: Scope, analysis: Analysis): Columns {
  const at: At = { scope, analysis, comparing: 'predicate' }
  const rows = (body.valuesLists ?? []).map((node) =>
    valuesOf('List' in node ? node.List.items : [node], at),
  )
  const width = Math.max(0, ...rows.map((row) => row.length))
  const columns = Array.from({ length: width }, (_, place) => {
    const values = rows.flatMap((row) => row[place] ?? [])
    const { origin: _origin, ...value } = joined(values, commonType(values))
    return computedColumn(`column${place + 1}`, value)
  })
  ordered(body.sortClause, columns, at)
  limits(body, at)
  return columns
}

// UNION ALL puts rows together; the others compare them. The names are those of the left side.
function setOperation(body: SelectStmt, scope: Scope, analysis: Analysis): Columns {
  const left = body.larg === undefined ? [] : columnsOfSelect(body.larg, analysis, scope)
  const right = body.rarg === undefined ? [] : columnsOfSelect(body.rarg, analysis, scope)
  if (left === 'unknown' || right === 'unknown') return 'unknown'
  const columns = mergedSides(left, right)
  const all = body.op === 'SETOP_UNION' && body.all === true
  if (!all) {
    for (const { value } of columns) sunk(value, 'group', analysis)
  }
  const at: At = {
    scope: { items: [], ctes: new Map(), outer: scope },
    analysis,
    comparing: 'predicate',
  }
  ordered(body.sortClause, columns, at)
  limits(body, at)
  if (body.lockingClause !== undefined) analysis.unread('unknown_node', 'FOR UPDATE of a set')
  return columns
}

export function mergedSides(
  left: readonly ScopeColumn[],
  right: readonly ScopeColumn[],
): readonly ScopeColumn[] {
  return left.map((column, place) => {
    const sides = [column.value, right[place]?.value].filter((value) => value !== undefined)
    return computedColumn(column.name, passed(joined(sides), 'set_operation', commonType(sides)))
  })
}
