// FuncCall: functions, aggregates, window functions, casts and columns written as functions.
import type { FuncCall, Node, WindowDef } from 'libpg-query'
import { called, candidatesOf, cast } from './calls.js'
import type { Arguments } from './calls.js'
import { rowColumn, rowItem } from './column-reference.js'
import { fieldsOf } from './composite.js'
import type { At } from './expression.js'
import { condition, valueOf } from './expression.js'
import { isSystemRoutine } from './functions.js'
import type { Routine } from './catalogue.js'
import { namedType, relationOfType } from './result-types.js'
import { namesOf } from './tree.js'
import { TYPE, isLabelled, joined, passed, sunk, typed } from './value.js'
import type { Value } from './value.js'

export function functionCall(body: FuncCall, at: At): Value {
  const parts = namesOf(body.funcname)
  const nodes = body.args ?? []
  const column = columnOfRow(body, parts, at)
  if (column !== undefined) return column
  const given: Arguments = {
    nodes,
    values: nodes.map((node) => valueOf(node, at)),
    ordered: body.func_variadic !== true && !nodes.some((node) => 'NamedArgExpr' in node),
  }
  const ordering = (body.agg_order ?? []).map((node) => sorted(node, at))
  condition(body.agg_filter, at)
  // WITHIN GROUP: what is ordered is an argument too.
  const all: Arguments =
    body.agg_within_group === true
      ? { ...given, values: [...given.values, ...ordering], ordered: false }
      : given
  const routines = candidatesOf(parts, all, at.analysis)
  CANDIDATES.set(body, routines)
  const over = body.over
  if (over !== undefined) window(over, at)
  const name = parts.at(-1) ?? ''
  if (over !== undefined || routines.some((routine) => routine.kind === 'a')) {
    return aggregated(name, routines, all, body, at)
  }
  return projected(body, parts, given, at, routines) ?? resolved(parts, given, at, routines)
}

// What the latest reading of a call found it could mean, for FROM, which also needs its columns.
const CANDIDATES = new WeakMap<FuncCall, readonly Routine[]>()

export function candidatesFound(body: FuncCall): readonly Routine[] {
  return CANDIDATES.get(body) ?? []
}

// The sort keys of ORDER BY anywhere.
export function sorted(node: Node, at: At): Value {
  const key = 'SortBy' in node ? node.SortBy : undefined
  const value = valueOf(key === undefined ? node : key.node, at)
  sunk(value, 'order', at.analysis)
  if (key?.useOp !== undefined) {
    // USING names an operator of some index class; users' ones run users' functions.
    const operator = namesOf(key.useOp).at(-1) ?? ''
    if (!['<', '>'].includes(operator)) at.analysis.unread('unknown_node', `USING ${operator}`)
  }
  return value
}

export function window(definition: WindowDef, at: At): void {
  for (const node of definition.partitionClause ?? []) sunk(valueOf(node, at), 'group', at.analysis)
  for (const node of definition.orderClause ?? []) sorted(node, at)
  for (const bound of [definition.startOffset, definition.endOffset]) {
    if (bound !== undefined) sunk(valueOf(bound, at), 'argument', at.analysis)
  }
}

function aggregated(
  name: string,
  routines: readonly Routine[],
  given: Arguments,
  body: FuncCall,
  at: At,
): Value {
  const { analysis } = at
  if (routines.length === 0) {
    analysis.unread('name_not_resolved', `function ${name}`, 'function')
  }
  // Counting tells how many are not NULL; counting distinct ones tells more.
  const counts =
    name === 'count' &&
    routines.every(isSystemRoutine) &&
    body.agg_distinct !== true &&
    body.over === undefined
  for (const value of given.values.filter(isLabelled)) {
    if (body.agg_distinct === true) sunk(value, 'group', analysis)
    if (!counts) sunk(passed(value, `aggregate:${name}`), 'aggregate', analysis)
  }
  const step = counts ? 'count' : `aggregate:${name}`
  // The call itself declares its effects; its arguments ended in the aggregate.
  const result = called(routines, { ...given, values: given.values.map(unlabelled) }, at, name)
  return passed(joined(given.values), step, name === 'count' ? TYPE.int8 : result.type)
}

function unlabelled(value: Value): Value {
  return typed(value.type)
}

// f(t) where f is a column of the item t and no function at all: that column alone is read.
function columnOfRow(body: FuncCall, parts: readonly string[], at: At): Value | undefined {
  const [name, ...qualified] = parts
  const [node, ...more] = body.args ?? []
  if (name === undefined || qualified.length > 0 || more.length > 0) return undefined
  const plain = !body.agg_star && !body.func_variadic && body.over === undefined
  const item = plain ? rowItem(node, at) : undefined
  if (item === undefined || item.rowType === 0) return undefined
  const row: Value = { type: item.rowType, sources: [] }
  const given: Arguments = { nodes: [], values: [row], ordered: true }
  const routines = candidatesOf(parts, given, at.analysis)
  return routines.length === 0 ? rowColumn(item, name) : undefined
}

// f(row) where f is a column of the row: PostgreSQL takes a function of that name first.
function projected(
  body: FuncCall,
  parts: readonly string[],
  given: Arguments,
  at: At,
  routines: readonly Routine[],
): Value | undefined {
  const [row] = given.values
  const [name, ...qualified] = parts
  if (row === undefined || given.values.length !== 1 || name === undefined) return undefined
  if (qualified.length > 0 || !given.ordered || body.agg_star === true) return undefined
  const isRow =
    row.fields !== undefined || relationOfType(row.type, at.analysis.catalogue) !== undefined
  if (!isRow) return undefined
  const field = fieldsOf(row, at)?.find((one) => one.name === name)
  if (field === undefined) return undefined
  if (routines.length === 0) return field.value
  return joined([field.value, called(routines, given, at, name)])
}

// A single argument and the name of a type is a cast (func_get_detail).
function resolved(
  parts: readonly string[],
  given: Arguments,
  at: At,
  routines: readonly Routine[],
): Value {
  const name = parts.at(-1) ?? ''
  if (routines.length > 0) return called(routines, given, at, name)
  const [value, ...more] = given.values
  const type = { names: parts.map((part): Node => ({ String: { sval: part } })) }
  if (value !== undefined && more.length === 0 && namedType(type, at.analysis) !== undefined) {
    return cast(value, type, at)
  }
  at.analysis.unread('name_not_resolved', `function ${parts.join('.')}`, 'function')
  for (const item of given.values) sunk(item, 'argument', at.analysis)
  return passed(joined(given.values), `function:${name}`)
}
