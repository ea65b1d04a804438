// How far a WHERE clause narrows an update or delete: by its conditions on the target, or by a join to
// something that is narrowed itself.
import type { Node } from 'libpg-query'
import type { Narrowing } from '../../schemas/facts.js'
import type { Analysis } from './analysis.js'
import { bare, narrowsItself, rangeNarrowed, shownBy } from './condition.js'
import type { Target } from './condition.js'
import { plainOperator } from './tested-column.js'
import { namesOf } from './tree.js'

// `sources` are the other relations of the statement (FROM, USING): joining them narrows only where
// they are narrowed themselves.
export function narrowingOf(
  where: Node | undefined,
  target: Target,
  sources: readonly Node[],
  analysis: Analysis,
): Narrowing {
  if (where === undefined) return 'absent'
  if ('CurrentOfExpr' in where) return 'cursor'
  const own = shownBy(where, target, analysis)
  if (own.grade !== 'trivial') return own.grade
  return joinNarrows(where, target, sources, analysis) ? 'range' : 'trivial'
}

// target.a = source.b, with the source itself narrowed by a constant, or a list of values.
function joinNarrows(
  where: Node,
  target: Target,
  sources: readonly Node[],
  analysis: Analysis,
): boolean {
  const conjuncts = conjunctsOf(where)
  return sources.some((source) => {
    const alias = aliasOf(source)
    if (alias === undefined || !conjuncts.some((one) => joins(one, target, alias, analysis))) {
      return false
    }
    if ('RangeVar' in source) return rangeNarrowed(source, where, analysis)
    if ('RangeSubselect' in source) {
      const query = source.RangeSubselect.subquery
      if (query === undefined || !('SelectStmt' in query)) return false
      const listed = query.SelectStmt.valuesLists !== undefined
      return listed || narrowsItself(query.SelectStmt, analysis)
    }
    return 'RangeFunction' in source
  })
}

function conjunctsOf(node: Node): readonly Node[] {
  if ('BoolExpr' in node && node.BoolExpr.boolop === 'AND_EXPR') {
    return (node.BoolExpr.args ?? []).flatMap(conjunctsOf)
  }
  return [node]
}

function aliasOf(source: Node): string | undefined {
  if ('RangeVar' in source) return source.RangeVar.alias?.aliasname ?? source.RangeVar.relname
  if ('RangeSubselect' in source) return source.RangeSubselect.alias?.aliasname
  return 'RangeFunction' in source ? source.RangeFunction.alias?.aliasname : undefined
}

function joins(node: Node, target: Target, alias: string, analysis: Analysis): boolean {
  if (!('A_Expr' in node) || node.A_Expr.kind !== 'AEXPR_OP') return false
  const { lexpr, rexpr } = node.A_Expr
  if (plainOperator(node.A_Expr, analysis) !== '=' || !lexpr || !rexpr) return false
  return (
    (bare(lexpr, target) !== undefined && belongs(rexpr, alias)) ||
    (bare(rexpr, target) !== undefined && belongs(lexpr, alias))
  )
}

function belongs(node: Node, alias: string): boolean {
  if ('TypeCast' in node && node.TypeCast.arg !== undefined) {
    return belongs(node.TypeCast.arg, alias)
  }
  if (!('ColumnRef' in node)) return false
  const parts = namesOf(node.ColumnRef.fields)
  return parts.length >= 2 && parts.at(-2) === alias
}
