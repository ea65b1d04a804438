// The values that INSERT, UPDATE and MERGE write, each with the columns that it goes to: lists of columns,
// SET, and what stands for several columns at once.
import type { InsertStmt, MergeWhenClause, Node } from 'libpg-query'
import type { Relation } from '../catalogue.js'
import { isLiteral } from '../tree.js'

// What is computed, and the columns that it goes to.
export type Assigned = { readonly value: Node; readonly columns: readonly string[] }

// SET (a, b) = (SELECT …) names one source for several columns.
export function written(targets: readonly Node[] | undefined): readonly Assigned[] {
  const all = targetNames(targets)
  return (targets ?? []).flatMap((node): readonly Assigned[] => {
    if (!('ResTarget' in node)) return []
    const { val, name, indirection } = node.ResTarget
    const columns = name === undefined ? all : [name]
    const places = subscripts(indirection).map((value) => ({ value, columns }))
    if (val === undefined) return places
    return [...places, ...assigned(val, columns, all)]
  })
}

function assigned(
  val: Node,
  columns: readonly string[],
  all: readonly string[],
): readonly Assigned[] {
  if (!('MultiAssignRef' in val)) return [{ value: val, columns }]
  const { source, colno } = val.MultiAssignRef
  if (source === undefined) return []
  if ('RowExpr' in source) {
    const value = source.RowExpr.args?.[(colno ?? 1) - 1]
    return value === undefined ? [] : [{ value, columns }]
  }
  // The first of the columns has the whole row; which of them gets what is not told.
  return (colno ?? 1) === 1 ? [{ value: rowOf(source), columns: all }] : []
}

// SET a = 5 reads nothing.
export function isConstant({ value }: Assigned): boolean {
  return isLiteral(value)
}

// SET a[f()] = 1 evaluates f().
function subscripts(indirection: readonly Node[] | undefined): readonly Node[] {
  return (indirection ?? []).flatMap((node) =>
    'A_Indices' in node
      ? [node.A_Indices.lidx, node.A_Indices.uidx].filter((index) => index !== undefined)
      : [],
  )
}

// A sub-select of several columns, read for its flows alone: ARRAY does not count its columns here.
function rowOf(source: Node): Node {
  if (!('SubLink' in source)) return source
  return { SubLink: { ...source.SubLink, subLinkType: 'EXPR_SUBLINK' } }
}

export function insertedColumns(
  body: InsertStmt,
  relation: Relation | undefined,
): readonly string[] {
  const named = targetNames(body.cols)
  if (named.length > 0 || body.selectStmt === undefined) return named
  return firstColumns(relation, widthOf(body.selectStmt))
}

// Values without a list go to the first columns, in order.
export function firstColumns(relation: Relation | undefined, width: number | undefined) {
  const names = (relation?.columns ?? [])
    .filter((column) => column.attnum > 0)
    .map((column) => column.name)
  return width === undefined ? names : names.slice(0, width)
}

function widthOf(query: Node): number | undefined {
  const [row] = 'SelectStmt' in query ? (query.SelectStmt.valuesLists ?? []) : []
  return row !== undefined && 'List' in row ? row.List.items?.length : undefined
}

export function targetNames(nodes: readonly Node[] | undefined): readonly string[] {
  return (nodes ?? []).flatMap((node) =>
    'ResTarget' in node && node.ResTarget.name !== undefined ? [node.ResTarget.name] : [],
  )
}

export function insertedBy(
  { targetList, values = [] }: MergeWhenClause,
  relation: Relation | undefined,
): readonly Assigned[] {
  const named = targetNames(targetList)
  const columns = named.length > 0 ? named : firstColumns(relation, values.length)
  return values.map((value, place) => ({ value, columns: columns.slice(place, place + 1) }))
}

// What an INSERT's query lists for each column, in all rows of VALUES and all queries of a set operation. A star
// stands for what comes from elsewhere.
export function insertedValues(query: Node, columns: readonly string[]): readonly Assigned[] {
  if (!('SelectStmt' in query)) return []
  const { valuesLists = [], targetList = [], larg, rarg } = query.SelectStmt
  const sides = [larg, rarg].flatMap((side) =>
    side === undefined ? [] : insertedValues({ SelectStmt: side }, columns),
  )
  const rows = valuesLists.map((row) => ('List' in row ? (row.List.items ?? []) : []))
  const listed = targetList.flatMap((node) =>
    'ResTarget' in node && node.ResTarget.val !== undefined ? [node.ResTarget.val] : [],
  )
  const isPlain = !listed.some(isStar)
  const lists = [...rows, ...(isPlain ? [listed] : [])]
  const more = isPlain ? [] : listed.map((value) => ({ value, columns }))
  const own = lists.flatMap((list) =>
    list.map((value, place) => ({ value, columns: columns.slice(place, place + 1) })),
  )
  return [...sides, ...own, ...more]
}

function isStar(node: Node): boolean {
  if ('A_Indirection' in node) return true
  const last = 'ColumnRef' in node ? node.ColumnRef.fields?.at(-1) : undefined
  return last !== undefined && 'A_Star' in last
}

// Where else the values of an INSERT's query may come from.
export function besideLists(query: Node): readonly unknown[] {
  if (!('SelectStmt' in query)) return []
  const { fromClause, withClause, larg, rarg } = query.SelectStmt
  const sides = [larg, rarg].flatMap((side) =>
    side === undefined ? [] : besideLists({ SelectStmt: side }),
  )
  return [fromClause, withClause, ...sides]
}
