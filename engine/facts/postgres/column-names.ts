// The name that a result column gets where none is written (FigureColname, parse_target.c). What uses
// the columns of a sub-select finds them by it.
import type { Node, SQLValueFunctionOp } from 'libpg-query'
import { namesOf, tagOf, textOf } from './tree.js'

type Figured = { readonly name: string; readonly strong: boolean }

const DEFAULT = '?column?'

export function columnName(node: Node): string {
  return figured(node)?.name ?? DEFAULT
}

const FIXED: ReadonlyMap<string, string> = new Map([
  ['A_ArrayExpr', 'array'],
  ['RowExpr', 'row'],
  ['CoalesceExpr', 'coalesce'],
  ['GroupingFunc', 'grouping'],
  ['MergeSupportFunc', 'merge_action'],
  ['XmlSerialize', 'xmlserialize'],
  ['JsonParseExpr', 'json'],
  ['JsonScalarExpr', 'json_scalar'],
  ['JsonSerializeExpr', 'json_serialize'],
  ['JsonObjectConstructor', 'json_object'],
  ['JsonArrayConstructor', 'json_array'],
  ['JsonArrayQueryConstructor', 'json_array'],
  ['JsonObjectAgg', 'json_objectagg'],
  ['JsonArrayAgg', 'json_arrayagg'],
])

function figured(node: Node | undefined): Figured | undefined {
  if (node === undefined) return undefined
  const fixed = FIXED.get(tagOf(node))
  if (fixed !== undefined) return strong(fixed)
  if ('ColumnRef' in node) return lastName(node.ColumnRef.fields)
  if ('A_Indirection' in node) {
    return lastName(node.A_Indirection.indirection) ?? figured(node.A_Indirection.arg)
  }
  if ('FuncCall' in node) return lastName(node.FuncCall.funcname)
  if ('A_Expr' in node) return node.A_Expr.kind === 'AEXPR_NULLIF' ? strong('nullif') : undefined
  if ('CollateClause' in node) return figured(node.CollateClause.arg)
  if ('TypeCast' in node) {
    const inner = figured(node.TypeCast.arg)
    if (inner?.strong === true) return inner
    const name = namesOf(node.TypeCast.typeName?.names).at(-1)
    return name === undefined ? inner : { name, strong: false }
  }
  if ('CaseExpr' in node) {
    const inner = figured(node.CaseExpr.defresult)
    return inner?.strong === true ? inner : { name: 'case', strong: false }
  }
  if ('SubLink' in node) return subLinkName(node.SubLink)
  if ('MinMaxExpr' in node) return strong(node.MinMaxExpr.op === 'IS_LEAST' ? 'least' : 'greatest')
  if ('SQLValueFunction' in node) return strong(valueFunction(node.SQLValueFunction.op))
  if ('XmlExpr' in node) return xmlName(node.XmlExpr.op)
  if ('JsonFuncExpr' in node) return jsonName(node.JsonFuncExpr.op)
  return undefined
}

function strong(name: string): Figured {
  return { name, strong: true }
}

// The last name that is a string; `*` and subscripts are passed over.
function lastName(nodes: readonly Node[] | undefined): Figured | undefined {
  const name = (nodes ?? []).map(textOf).findLast((text) => text !== undefined)
  return name === undefined ? undefined : strong(name)
}

function subLinkName(
  link: Extract<Node, { readonly SubLink: unknown }>['SubLink'],
): Figured | undefined {
  switch (link.subLinkType) {
    case 'EXISTS_SUBLINK':
      return strong('exists')
    case 'ARRAY_SUBLINK':
      return strong('array')
    case 'EXPR_SUBLINK': {
      const query = link.subselect
      if (query === undefined || !('SelectStmt' in query)) return undefined
      return firstColumn(query.SelectStmt)
    }
    default:
      return undefined
  }
}

function firstColumn(
  query: Extract<Node, { readonly SelectStmt: unknown }>['SelectStmt'],
): Figured | undefined {
  if (query.larg !== undefined) return firstColumn(query.larg)
  if (query.valuesLists !== undefined) return strong('column1')
  const [first] = query.targetList ?? []
  if (first === undefined || !('ResTarget' in first)) return undefined
  if (first.ResTarget.name !== undefined) return strong(first.ResTarget.name)
  // The analysed query's column has its name by then, whatever it was made from.
  return strong(first.ResTarget.val === undefined ? DEFAULT : columnName(first.ResTarget.val))
}

function valueFunction(op: SQLValueFunctionOp | undefined): string {
  const word = (op ?? '').replace(/^SVFOP_/, '').replace(/_N$/, '')
  return word.toLowerCase()
}

function xmlName(op: string | undefined): Figured | undefined {
  if (op === undefined || op === 'IS_DOCUMENT') return undefined
  return strong(op.replace(/^IS_/, '').toLowerCase())
}

function jsonName(op: string | undefined): Figured | undefined {
  if (op === 'JSON_EXISTS_OP') return strong('json_exists')
  if (op === 'JSON_QUERY_OP') return strong('json_query')
  return op === 'JSON_VALUE_OP' ? strong('json_value') : undefined
}
