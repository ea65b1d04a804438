// Whether what a statement writes stays within a row filter. Only values that stand in the text are looked
// at, and only where their meaning does not depend on settings: what cannot be told is not written.
import type { InsertStmt, Node, UpdateStmt } from 'libpg-query'
import type { RowClause, RowComparison, RowLiteral } from '../../schemas/row-filter.js'
import type { Catalogue, Relation } from './catalogue.js'
import { kindOf, valuesOf } from './row-condition.js'

type Value = RowLiteral | null | 'unknown'
type Values = (column: string) => { readonly value: Value }

const UNKNOWN = { value: 'unknown' } as const

/** Why the rows may not be written; undefined where they may. */
export function insertProblem(
  insert: InsertStmt,
  relation: Relation,
  rows: readonly RowClause[],
  catalogue: Catalogue,
): string | undefined {
  const name = `${relation.schema}.${relation.name}`
  const { selectStmt, onConflictClause, cols } = insert
  if (onConflictClause?.action === 'ONCONFLICT_UPDATE') {
    return `ON CONFLICT DO UPDATE may change rows of ${name} that are not seen`
  }
  const lists =
    selectStmt !== undefined && 'SelectStmt' in selectStmt
      ? (selectStmt.SelectStmt.valuesLists ?? [])
      : []
  const columns =
    cols?.map((node) => ('ResTarget' in node ? targetOf(node.ResTarget) : '')) ??
    relation.columns.map((column) => column.name)
  if (lists.length === 0) return cannotTell(name)
  for (const list of lists) {
    const items = 'List' in list ? (list.List.items ?? []) : []
    const values: Values = (column) => {
      const place = columns.indexOf(column)
      return place < 0 ? UNKNOWN : { value: constantOf(items[place]) }
    }
    if (!rows.every((clause) => isWithin(clause, values, relation, catalogue))) {
      return cannotTell(name)
    }
  }
  return undefined
}

/** Of the columns that an UPDATE sets; the others stay as the row that it chose has them. */
export function updateProblem(
  update: UpdateStmt,
  relation: Relation,
  rows: readonly RowClause[],
  catalogue: Catalogue,
): string | undefined {
  const set = new Map<string, Node | undefined>()
  for (const node of update.targetList ?? []) {
    if ('ResTarget' in node) set.set(targetOf(node.ResTarget), node.ResTarget.val)
  }
  const changed = rows.filter((clause) => columnsOf(clause).some((column) => set.has(column)))
  const values: Values = (column) =>
    set.has(column) ? { value: constantOf(set.get(column)) } : UNKNOWN
  return changed.every((clause) => isWithin(clause, values, relation, catalogue))
    ? undefined
    : cannotTell(`${relation.schema}.${relation.name}`)
}

function cannotTell(name: string): string {
  return `what is written may lie outside of the rows of ${name} that are seen: write their filtered columns as plain values within the filter`
}

// With a subscript or a field it is part of a value.
function targetOf({ name, indirection }: { name?: string; indirection?: unknown }): string {
  return indirection === undefined ? (name ?? '') : `${name ?? ''}[]`
}

function columnsOf(clause: RowClause): readonly string[] {
  if (!('any' in clause)) return [clause.column]
  return clause.any.flatMap((one) =>
    'all' in one ? one.all.map(({ column }) => column) : one.column,
  )
}

function isWithin(
  clause: RowClause,
  values: Values,
  relation: Relation,
  catalogue: Catalogue,
): boolean {
  const holds = (one: RowComparison) => isTrue(one, values(one.column).value, relation, catalogue)
  if (!('any' in clause)) return holds(clause)
  return clause.any.some((one) => ('all' in one ? one.all.every(holds) : holds(one)))
}

// Certainly so.
function isTrue(
  comparison: RowComparison,
  value: Value,
  relation: Relation,
  catalogue: Catalogue,
): boolean {
  const { op } = comparison
  if (value === 'unknown') return false
  if (value === null || op === 'is_null') return op === 'is_null' && value === null
  const column = relation.columns.find(({ name }) => name === comparison.column)
  const kind = column === undefined ? undefined : kindOf(column, catalogue)
  const others = valuesOf(comparison)
  if (op === 'is_not_null') return true
  if (kind === undefined || others === undefined || !kind.fits(value)) return false
  if (!others.every(kind.fits)) return false
  // Equal texts are equal under every collation; that others differ depends on it.
  if (typeof value === 'string') return (op === 'eq' || op === 'in') && others.includes(value)
  if (kind.cast === 'float8') return false
  const [other] = others
  switch (op) {
    case 'eq':
    case 'in':
      return others.includes(value)
    case 'ne':
    case 'not_in':
      return others.every((one) => typeof one === typeof value && one !== value)
    case 'lt':
      return isNumber(value) && isNumber(other) && value < other
    case 'le':
      return isNumber(value) && isNumber(other) && value <= other
    case 'gt':
      return isNumber(value) && isNumber(other) && value > other
    case 'ge':
      return isNumber(value) && isNumber(other) && value >= other
  }
}

function isNumber(value: RowLiteral | undefined): value is number {
  return typeof value === 'number'
}

// The tree leaves out 0, '' and false.
function constantOf(node: Node | undefined): Value {
  if (node === undefined || !('A_Const' in node)) return 'unknown'
  const constant = node.A_Const
  if (constant.isnull === true) return null
  if (constant.ival !== undefined) return constant.ival.ival ?? 0
  if (constant.boolval !== undefined) return constant.boolval.boolval ?? false
  if (constant.sval !== undefined)
    return constant.sval.sval === 'unknown' ? 'unknown' : (constant.sval.sval ?? '')
  return 'unknown'
}
