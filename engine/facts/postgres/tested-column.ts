// Which column a condition tests, and what counts as a constant beside it: the two halves of showing
// that a WHERE clause narrows.
import type { A_Expr, Node } from 'libpg-query'
import type { Analysis } from './analysis.js'
import type { Target } from './condition.js'
import { namesOf } from './tree.js'

// Functions of one column whose equality or order against a constant still tells rows apart. Left out
// are all that can give the same for every row (coalesce, left(x, 0), x * 0 …).
const TELLING = new Set(['lower', 'upper', 'date', 'date_trunc', 'length', 'btrim', 'extract'])

// Functions that give one value for the whole statement.
const STEADY = new Set([
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'date_trunc',
  'make_interval',
  'make_date',
  'make_timestamp',
  'make_timestamptz',
  'to_date',
  'to_timestamp',
  'to_number',
  'lower',
  'upper',
  'timezone',
])

// System columns are left out: all of a table's rows share one tableoid, and xmin says nothing.
export function testedColumn(node: Node | undefined, target: Target): string | undefined {
  if (node === undefined) return undefined
  if ('TypeCast' in node) return testedColumn(node.TypeCast.arg, target)
  if ('FuncCall' in node) {
    const name = systemFunction(node)
    if (name === undefined || !TELLING.has(name)) return undefined
    const found = (node.FuncCall.args ?? []).filter((arg) => !isConstant(arg))
    return found.length === 1 ? testedColumn(found[0], target) : undefined
  }
  if (!('ColumnRef' in node)) return undefined
  const fields = node.ColumnRef.fields ?? []
  if (!fields.every((field) => 'String' in field)) return undefined
  const parts = namesOf(fields)
  const [name, qualifier, schema] = [...parts].reverse()
  if (qualifier !== undefined && qualifier !== target.alias) return undefined
  if (schema !== undefined && schema !== target.relation.schema) return undefined
  if (name === 'ctid') return name
  return target.relation.columns.find((column) => column.name === name)?.name
}

export function isConstant(node: Node | undefined): boolean {
  if (node === undefined) return false
  if ('A_Const' in node || 'ParamRef' in node || 'SQLValueFunction' in node) return true
  if ('TypeCast' in node) return isConstant(node.TypeCast.arg)
  if ('A_ArrayExpr' in node) return (node.A_ArrayExpr.elements ?? []).every(isConstant)
  if ('A_Expr' in node) {
    const { kind, lexpr, rexpr, name } = node.A_Expr
    const known = kind === 'AEXPR_OP' && ARITHMETIC.has(namesOf(name).join('.'))
    return known && (lexpr === undefined || isConstant(lexpr)) && isConstant(rexpr)
  }
  if ('FuncCall' in node) {
    const name = systemFunction(node)
    return name !== undefined && STEADY.has(name) && (node.FuncCall.args ?? []).every(isConstant)
  }
  return false
}

const ARITHMETIC = new Set(['+', '-', '*', '/', '||', '%'])

// An operator under its own name: pg_catalog's, as no schema of the path overloads the name.
export function plainOperator(expression: A_Expr, analysis: Analysis): string | undefined {
  const parts = namesOf(expression.name)
  const name = parts.at(-1)
  if (name === undefined || parts.length > 2) return undefined
  if (parts.length === 2) return parts[0] === 'pg_catalog' ? name : undefined
  const overloaded = analysis.names.searchPath.some(
    (schema) =>
      schema !== 'pg_catalog' &&
      analysis.catalogue.operators(schema, operatorName(name)).length > 0,
  )
  return overloaded ? undefined : name
}

// LIKE and its kin are operators of other names beneath.
function operatorName(name: string): string {
  return name === '!=' ? '<>' : name
}

function systemFunction(node: Extract<Node, { FuncCall: unknown }>): string | undefined {
  const parts = namesOf(node.FuncCall.funcname)
  if (parts.length === 1) return parts[0]
  return parts.length === 2 && parts[0] === 'pg_catalog' ? parts[1] : undefined
}
