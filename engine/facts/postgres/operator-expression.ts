// A_Expr: operators, and the syntax that stands for them: IN, BETWEEN, LIKE, IS DISTINCT FROM, NULLIF,
// op ANY (array). Rows are compared column by column.
import type { A_Expr, Node } from 'libpg-query'
import { compared, operated } from './calls.js'
import type { At } from './expression.js'
import { valueOf } from './expression.js'
import { namesOf } from './tree.js'
import { TYPE, isLabelled, joined, passed, sunk } from './value.js'
import type { Value } from './value.js'

export function operatorExpression(body: A_Expr, at: At): Value {
  const names = namesOf(body.name)
  switch (body.kind) {
    case 'AEXPR_OP':
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR':
      return plain(names, body, at)
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      return overArray(names, valueOf(body.lexpr, at), valueOf(body.rexpr, at), at)
    case 'AEXPR_IN':
      return among(names, body, at)
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT':
      return pairwise(['='], valueOf(body.lexpr, at), valueOf(body.rexpr, at), at)
    case 'AEXPR_NULLIF':
      return nullIf(body, at)
    case 'AEXPR_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
      return between(['>=', '<='], body, at)
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_NOT_BETWEEN_SYM':
      return between(['<', '>'], body, at)
    default:
      at.analysis.unread('unknown_node', `A_Expr ${String(body.kind)}`)
      return joined([valueOf(body.lexpr, at), valueOf(body.rexpr, at)])
  }
}

function plain(names: readonly string[], body: A_Expr, at: At): Value {
  if (body.rexpr === undefined) {
    at.analysis.unread('unknown_node', 'operator without right side')
  }
  const left = body.lexpr === undefined ? undefined : valueOf(body.lexpr, at)
  const right = valueOf(body.rexpr, at)
  return left === undefined
    ? operated(names, undefined, right, at)
    : pairwise(names, left, right, at)
}

// make_row_comparison_op: (a, b) = (c, d).
function pairwise(names: readonly string[], left: Value, right: Value, at: At): Value {
  const [ls, rs] = [rowParts(left), rowParts(right)]
  if (ls === undefined || rs === undefined || ls.length !== rs.length || ls.length === 0) {
    return { ...operated(names, left, right, at), ...booleanIfKnown(names) }
  }
  const parts = ls.map((value, place) => operated(names, value, rs[place], at))
  return passed(joined(parts), 'row', TYPE.bool)
}

function booleanIfKnown(names: readonly string[]): { readonly type?: number } {
  const name = names.at(-1) ?? ''
  return ['=', '<>', '<', '>', '<=', '>='].includes(name) ? { type: TYPE.bool } : {}
}

function rowParts(value: Value): readonly Value[] | undefined {
  return value.type === TYPE.record ? value.fields?.map((field) => field.value) : undefined
}

// The right side is an array of what the operator takes.
export function overArray(names: readonly string[], left: Value, right: Value, at: At): Value {
  const array = at.analysis.catalogue.typeByOid(right.type)
  const literal = right.type === TYPE.unknown || right.type === 0
  const element: Value = {
    ...right,
    type: literal ? right.type : array?.category === 'A' ? array.element : 0,
  }
  return { ...operated(names, left, element, at), type: TYPE.bool }
}

function among(names: readonly string[], body: A_Expr, at: At): Value {
  const left = valueOf(body.lexpr, at)
  const items = listed(body.rexpr)
  const parts = items.map((item) => pairwise(names, left, valueOf(item, at), at))
  return passed(joined(parts), 'in', TYPE.bool)
}

// Whether the result is NULL tells whether the two are equal.
function nullIf(body: A_Expr, at: At): Value {
  const [left, right] = [valueOf(body.lexpr, at), valueOf(body.rexpr, at)]
  const equal = compared('=', left, right, at)
  if (isLabelled(equal)) sunk(equal, 'predicate', at.analysis)
  return passed(left, 'nullif', left.type)
}

function between(operators: readonly string[], body: A_Expr, at: At): Value {
  const left = valueOf(body.lexpr, at)
  const bounds = listed(body.rexpr)
  // SYMMETRIC takes the bounds in either order, so each is compared both ways.
  const parts = bounds.flatMap((bound) => {
    const value = valueOf(bound, at)
    return operators.map((operator) => operated([operator], left, value, at))
  })
  return passed(joined(parts), 'between', TYPE.bool)
}

function listed(node: Node | undefined): readonly Node[] {
  if (node === undefined) return []
  return 'List' in node ? (node.List.items ?? []) : [node]
}
