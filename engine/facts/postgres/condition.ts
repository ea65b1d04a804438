// What a condition shows about the rows it leaves out. Only what is positively shown counts: a condition
// that might hold for every row shows nothing, however it is written.
import type { A_Expr, Node, SelectStmt } from 'libpg-query'
import type { Narrowing } from '../../schemas/facts.js'
import { resolveRelation } from './analysis.js'
import type { Analysis } from './analysis.js'
import type { Relation } from './catalogue.js'
import { weaker } from './effects.js'
import { isConstant, plainOperator, testedColumn } from './tested-column.js'
import { constantText, isNull, namesOf } from './tree.js'

export type Target = {
  readonly relation: Relation
  // The name that qualifies its columns in this statement.
  readonly alias: string
}

// What a condition shows: how much it narrows, on which columns of the target.
export type Shown = { readonly grade: Narrowing; readonly columns: ReadonlySet<string> }

const NOTHING: Shown = { grade: 'trivial', columns: new Set() }

export function shownBy(node: Node, target: Target, analysis: Analysis): Shown {
  if ('BoolExpr' in node) {
    const args = node.BoolExpr.args ?? []
    switch (node.BoolExpr.boolop) {
      case 'AND_EXPR':
        return allOf(args, target, analysis)
      case 'OR_EXPR':
        return anyOf(args.map((arg) => shownBy(arg, target, analysis)))
      case 'NOT_EXPR':
        return notOf(args[0], target, analysis)
      case undefined:
        return NOTHING
    }
  }
  if ('A_Expr' in node) return comparison(node.A_Expr, target, analysis)
  if ('NullTest' in node && node.NullTest.nulltesttype === 'IS_NULL') {
    return on('range', testedColumn(node.NullTest.arg, target))
  }
  if ('BooleanTest' in node) {
    const known = node.BooleanTest.booltesttype
    const decided = known === 'IS_TRUE' || known === 'IS_FALSE' || known === 'IS_UNKNOWN'
    return decided ? on('range', testedColumn(node.BooleanTest.arg, target)) : NOTHING
  }
  if ('SubLink' in node) return inQuery(node, target, analysis)
  // A boolean column alone.
  return on('range', 'ColumnRef' in node ? testedColumn(node, target) : undefined)
}

function on(grade: Narrowing, column: string | undefined): Shown {
  return column === undefined ? NOTHING : { grade, columns: new Set([column]) }
}

// The strongest member counts. Together, equalities may cover a whole key.
function allOf(args: readonly Node[], target: Target, analysis: Analysis): Shown {
  const shown = args.map((arg) => shownBy(arg, target, analysis))
  const equal = shown.filter(({ grade }) => grade === 'key' || grade === 'equality')
  const fixed = new Set(args.flatMap((arg) => [...fixedColumns(arg, target, analysis)]))
  const columns = new Set(shown.flatMap((one) => [...one.columns]))
  if (coversKey(fixed, target.relation)) return { grade: 'key', columns }
  if (equal.length > 0) return { grade: 'equality', columns }
  return shown.some(({ grade }) => grade === 'range') ? { grade: 'range', columns } : NOTHING
}

// Every row is left out only by leaving it out in each arm. Ranges over the same column may add up to
// everything (id > 5 OR id <= 5), so they show nothing together.
function anyOf(arms: readonly Shown[]): Shown {
  const grade = arms.map((arm) => arm.grade).reduce(weaker, 'equality')
  if (grade === 'trivial') return NOTHING
  const columns = new Set(arms.flatMap((arm) => [...arm.columns]))
  if (grade === 'range') {
    const total = arms.reduce((sum, arm) => sum + arm.columns.size, 0)
    if (total > columns.size) return NOTHING
  }
  return { grade: weaker(grade, 'equality'), columns }
}

function notOf(node: Node | undefined, target: Target, analysis: Analysis): Shown {
  if (node === undefined) return NOTHING
  if ('A_Expr' in node && node.A_Expr.kind === 'AEXPR_OP') {
    const shown = comparison(node.A_Expr, target, analysis)
    return shown.grade === 'trivial' ? NOTHING : { ...shown, grade: 'range' }
  }
  if ('A_Expr' in node && ['AEXPR_IN', 'AEXPR_BETWEEN', 'AEXPR_LIKE'].includes(kindOf(node))) {
    const shown = comparison(node.A_Expr, target, analysis)
    return shown.grade === 'trivial' ? NOTHING : { ...shown, grade: 'range' }
  }
  if ('ColumnRef' in node) return on('range', testedColumn(node, target))
  return NOTHING
}

function kindOf(node: Extract<Node, { A_Expr: unknown }>): string {
  return node.A_Expr.kind ?? ''
}

function comparison(expression: A_Expr, target: Target, analysis: Analysis): Shown {
  const { kind, lexpr, rexpr } = expression
  const name = plainOperator(expression, analysis)
  if (name === undefined || lexpr === undefined || rexpr === undefined) return NOTHING
  switch (kind) {
    case 'AEXPR_OP':
      return operation(name, lexpr, rexpr, target, analysis)
    case 'AEXPR_IN':
      return name === '=' || name === '<>' ? inList(name, lexpr, rexpr, target) : NOTHING
    case 'AEXPR_OP_ANY': {
      const grade = name === '=' ? 'equality' : 'trivial'
      const listed = isConstant(rexpr) && !isNull(rexpr)
      return listed && grade === 'equality' ? on(grade, bare(lexpr, target)) : NOTHING
    }
    case 'AEXPR_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN': {
      const bounds = 'List' in rexpr ? (rexpr.List.items ?? []) : []
      const known = bounds.length === 2 && bounds.every(isConstant)
      return known ? on('range', testedColumn(lexpr, target)) : NOTHING
    }
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
      return like(lexpr, rexpr, target)
    case 'AEXPR_NOT_DISTINCT':
      return isConstant(rexpr) ? on('equality', bare(lexpr, target)) : NOTHING
    default:
      return NOTHING
  }
}

const RANGES = new Set(['<', '>', '<=', '>=', '<>', '!='])

function operation(
  name: string,
  lexpr: Node,
  rexpr: Node,
  target: Target,
  analysis: Analysis,
): Shown {
  if ('RowExpr' in lexpr && 'RowExpr' in rexpr && name === '=') {
    const left = lexpr.RowExpr.args ?? []
    const right = rexpr.RowExpr.args ?? []
    const pairs = left.flatMap((arg, at) => {
      const other = right[at]
      return other === undefined ? [] : [equality(arg, other)]
    })
    return left.length === right.length ? allOf(pairs, target, analysis) : NOTHING
  }
  const [column, constant] = isConstant(rexpr) ? [lexpr, rexpr] : [rexpr, lexpr]
  if (!isConstant(constant)) return NOTHING
  if (name === '=') {
    const direct = bare(column, target)
    if (direct === undefined) return on('range', testedColumn(column, target))
    return coversKey(new Set([direct]), target.relation)
      ? on('key', direct)
      : on('equality', direct)
  }
  return RANGES.has(name) ? on('range', testedColumn(column, target)) : NOTHING
}

function equality(lexpr: Node, rexpr: Node): Node {
  return { A_Expr: { kind: 'AEXPR_OP', name: [{ String: { sval: '=' } }], lexpr, rexpr } }
}

// Columns that this condition compares for equality with one constant each.
function fixedColumns(node: Node, target: Target, analysis: Analysis): ReadonlySet<string> {
  if ('BoolExpr' in node && node.BoolExpr.boolop === 'AND_EXPR') {
    const args = node.BoolExpr.args ?? []
    return new Set(args.flatMap((arg) => [...fixedColumns(arg, target, analysis)]))
  }
  if (!('A_Expr' in node) || node.A_Expr.kind !== 'AEXPR_OP') return new Set()
  if (plainOperator(node.A_Expr, analysis) !== '=') return new Set()
  const { lexpr, rexpr } = node.A_Expr
  if (lexpr === undefined || rexpr === undefined) return new Set()
  const [column, constant] = isConstant(rexpr) ? [lexpr, rexpr] : [rexpr, lexpr]
  const name = isConstant(constant) ? bare(column, target) : undefined
  return new Set(name === undefined ? [] : [name])
}

function coversKey(columns: ReadonlySet<string>, relation: Relation): boolean {
  const names = new Map(relation.columns.map((column) => [column.attnum, column.name]))
  return relation.keys.some(
    (key) => key.length > 0 && key.every((attnum) => columns.has(names.get(attnum) ?? '')),
  )
}

export function bare(node: Node, target: Target): string | undefined {
  if ('TypeCast' in node && node.TypeCast.arg !== undefined) {
    return 'ColumnRef' in node.TypeCast.arg ? testedColumn(node.TypeCast.arg, target) : undefined
  }
  return 'ColumnRef' in node ? testedColumn(node, target) : undefined
}

function inList(name: string, lexpr: Node, rexpr: Node, target: Target): Shown {
  const items = 'List' in rexpr ? (rexpr.List.items ?? []) : []
  if (items.length === 0) return NOTHING
  const grade = name === '=' ? 'equality' : 'range'
  if ('RowExpr' in lexpr) {
    const columns = (lexpr.RowExpr.args ?? []).map((arg) => bare(arg, target))
    const known = items.every(
      (item) => 'RowExpr' in item && (item.RowExpr.args ?? []).every(isConstant),
    )
    return known
      ? on(
          grade,
          columns.find((column) => column !== undefined),
        )
      : NOTHING
  }
  return items.every(isConstant) ? on(grade, bare(lexpr, target)) : NOTHING
}

// A pattern of wildcards alone matches everything.
function like(lexpr: Node, rexpr: Node, target: Target): Shown {
  const pattern = constantText(rexpr)
  const matchesAll = pattern !== undefined && /^[%_]*$/.test(pattern)
  return isConstant(rexpr) && !matchesAll ? on('range', testedColumn(lexpr, target)) : NOTHING
}

// column IN (SELECT … FROM one relation WHERE …) narrows where the inner query is narrowed.
function inQuery(
  node: Extract<Node, { SubLink: unknown }>,
  target: Target,
  analysis: Analysis,
): Shown {
  const { subLinkType, testexpr, subselect, operName } = node.SubLink
  if (subLinkType !== 'ANY_SUBLINK' || testexpr === undefined || subselect === undefined) {
    return NOTHING
  }
  if (operName !== undefined && namesOf(operName).join('.') !== '=') return NOTHING
  if (!('SelectStmt' in subselect)) return NOTHING
  return narrowsItself(subselect.SelectStmt, analysis)
    ? on('range', bare(testexpr, target))
    : NOTHING
}

export function narrowsItself(query: SelectStmt, analysis: Analysis): boolean {
  const plain =
    query.op === 'SETOP_NONE' &&
    query.withClause === undefined &&
    query.groupClause === undefined &&
    query.havingClause === undefined
  const [from, ...others] = query.fromClause ?? []
  if (!plain || from === undefined || others.length > 0 || !('RangeVar' in from)) return false
  return rangeNarrowed(from, query.whereClause, analysis)
}

export function rangeNarrowed(
  from: Extract<Node, { RangeVar: unknown }>,
  where: Node | undefined,
  analysis: Analysis,
): boolean {
  const relation = resolveRelation(analysis, from.RangeVar)
  if (relation === undefined || where === undefined) return false
  const alias = from.RangeVar.alias?.aliasname ?? relation.name
  return shownBy(where, { relation, alias }, analysis).grade !== 'trivial'
}
