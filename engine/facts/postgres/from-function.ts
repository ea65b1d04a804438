// Functions in FROM, alone or in ROWS FROM: the columns they give, by their declaration, the type they
// return, or the list of columns written after them.
import type { Node, RangeFunction } from 'libpg-query'
import type { Catalogue, Routine } from './catalogue.js'
import { columnName } from './column-names.js'
import type { At } from './expression.js'
import { valueOf } from './expression.js'
import { lateral, renamed } from './from.js'
import { candidatesFound } from './function-call.js'
import type { Position } from './from.js'
import { namedType, relationOfType } from './result-types.js'
import { computedColumn, namedItem } from './scope.js'
import type { Item, ScopeColumn } from './scope.js'
import { namesOf, tagOf } from './tree.js'
import { TYPE, isLabelled, passed, sunk, typed } from './value.js'
import type { Value } from './value.js'

type Columns = readonly ScopeColumn[] | 'unknown'
type Given = { readonly columns: Columns; readonly scalar: boolean }

export function functionItem(body: RangeFunction, position: Position): Item {
  const at: At = {
    scope: lateral(position),
    analysis: position.analysis,
    comparing: 'predicate',
  }
  const calls = (body.functions ?? []).flatMap((node) => callOf(node, at))
  const alias = body.alias
  const given = calls
    .flatMap(({ call, list }) => expanded(call).map((one) => ({ call: one, list })))
    .map(({ call, list }) => {
      const coldefs = list.length > 0 ? list : (body.coldeflist ?? [])
      return columnsOf(call, coldefs, calls.length === 1 ? alias?.aliasname : undefined, at)
    })
  const all = given.map(({ columns }) => columns)
  const known = all.flatMap((columns) => (columns === 'unknown' ? [] : columns))
  const numbered = body.ordinality === true ? [computedColumn('ordinality', typed(TYPE.int8))] : []
  const open = all.includes('unknown')
  const [first] = given
  return namedItem(
    alias?.aliasname ?? (calls[0] === undefined ? undefined : columnName(calls[0].call)),
    renamed([...known, ...numbered], alias),
    {
      open,
      scalar: given.length === 1 && first?.scalar === true && body.ordinality !== true && !open,
      rowType: 0,
    },
  )
}

// Each is a list of the call and its own column definitions.
function callOf(
  node: Node,
  at: At,
): readonly { readonly call: Node; readonly list: readonly Node[] }[] {
  if (!('List' in node)) {
    at.analysis.unread('unknown_node', tagOf(node))
    return []
  }
  const [call, list] = node.List.items ?? []
  if (call === undefined) return []
  const defs = list !== undefined && 'List' in list ? (list.List.items ?? []) : []
  return [{ call, list: defs }]
}

// unnest(a, b) is unnest(a) beside unnest(b) (transformRangeFunction).
function expanded(call: Node): readonly Node[] {
  if (!('FuncCall' in call)) return [call]
  const { funcname, args, ...more } = call.FuncCall
  const plain = more.func_variadic !== true && more.agg_order === undefined
  if (namesOf(funcname).join('.') !== 'unnest' || args === undefined || !plain) return [call]
  return args.map((arg) => ({ FuncCall: { ...call.FuncCall, args: [arg] } }))
}

function columnsOf(call: Node, coldefs: readonly Node[], alias: string | undefined, at: At): Given {
  const value = valueOf(call, at)
  // What a function gives as rows tells of its arguments by their number too.
  if (isLabelled(value)) sunk(value, 'argument', at.analysis)
  if (coldefs.length > 0) return { columns: defined(coldefs, value, at), scalar: false }
  const routines = 'FuncCall' in call ? candidatesFound(call.FuncCall) : []
  const shapes = routines.map((routine) => shapeOf(routine, value, at))
  const [shape, ...others] = shapes
  if (shape !== undefined && others.some((other) => !sameShape(shape, other))) {
    return { columns: 'unknown', scalar: false }
  }
  if (shape === 'unknown') return { columns: 'unknown', scalar: false }
  if (shape !== undefined && shape !== 'scalar') return { columns: shape, scalar: false }
  const [routine] = routines
  const only = routine?.outputs?.length === 1 ? routine.outputs[0]?.name : undefined
  const name = only ?? alias ?? columnName(call)
  return { columns: [computedColumn(name, withoutOrigin(value))], scalar: true }
}

function shapeOf(routine: Routine, value: Value, at: At): Columns | 'scalar' {
  const { catalogue } = at.analysis
  const given = (type: number): Value => ({ ...passed(value, 'row', type), type })
  if (routine.outputs !== undefined && routine.outputs.length > 1) {
    return routine.outputs.map(({ name, type }) => computedColumn(name, given(type)))
  }
  const type = routine.returns === TYPE.record ? undefined : routine.returns
  if (type === undefined) return value.fields === undefined ? 'unknown' : rowColumns(value)
  if (!polymorphic(type)) return columnsOfType(type, value, catalogue) ?? 'scalar'
  // The row that json_populate_record(NULL::t, …) or unnest(array of rows) gives has the type of what it
  // was given, which is not always known here.
  if (value.fields !== undefined) return rowColumns(value)
  const actual = catalogue.typeByOid(value.type)
  if (actual === undefined) return 'unknown'
  return columnsOfType(value.type, value, catalogue) ?? (actual.kind === 'c' ? 'unknown' : 'scalar')
}

// Any of a row's columns may be made of all that the function was given.
function columnsOfType(type: number, value: Value, catalogue: Catalogue): Columns | undefined {
  return relationOfType(type, catalogue)?.columns.map((column) =>
    computedColumn(column.name, { ...passed(value, 'row', column.type), type: column.type }),
  )
}

function rowColumns(value: Value): Columns {
  return (value.fields ?? []).map((field) => computedColumn(field.name, field.value))
}

function polymorphic(type: number): boolean {
  return [2283, 2776, 3500, 5077, 5079].includes(type)
}

function sameShape(left: Columns | 'scalar', right: Columns | 'scalar'): boolean {
  if (typeof left === 'string' || typeof right === 'string') return left === right
  return left.map(({ name }) => name).join('\0') === right.map(({ name }) => name).join('\0')
}

function defined(nodes: readonly Node[], value: Value, at: At): Columns {
  return nodes.flatMap((node) => {
    if (!('ColumnDef' in node)) {
      at.analysis.unread('unknown_node', tagOf(node))
      return []
    }
    const { colname, typeName } = node.ColumnDef
    const type = namedType(typeName, at.analysis)?.oid ?? 0
    return [computedColumn(colname ?? '', { ...passed(value, 'row', type), type })]
  })
}

function withoutOrigin(value: Value): Value {
  const { origin: _, ...rest } = value
  return rest
}
