// The parts of CREATE TABLE and ALTER TABLE that hold expressions: defaults, checks, generated columns,
// foreign keys, exclusion constraints.
import type { ColumnDef, Constraint, Node } from 'libpg-query'
import type { Sink } from '../../../schemas/facts.js'
import { resolveRelation } from '../analysis.js'
import type { Analysis } from '../analysis.js'
import type { Relation } from '../catalogue.js'
import { writtenType } from '../overlay.js'
import { columnLabels, labelledFlows, relationEffect } from '../relation-effect.js'
import { computedColumn, namedItem } from '../scope.js'
import type { Scope } from '../scope.js'
import { namesOf } from '../tree.js'
import { typed } from '../value.js'
import { readWithin } from './as-query.js'

// The table that the definitions belong to, where it exists already; else the names they may use.
export type Within =
  { readonly relation: Relation } | { readonly relation?: undefined; readonly outer?: Scope }

export function readDefinitions(
  elements: readonly Node[],
  within: Within,
  analysis: Analysis,
): void {
  for (const element of elements) {
    if ('ColumnDef' in element) readColumn(element.ColumnDef, within, analysis)
    else if ('Constraint' in element) readConstraint(element.Constraint, within, analysis)
    else if ('TableLikeClause' in element) {
      const name = element.TableLikeClause.relation
      if (name === undefined) continue
      relationEffect(analysis, 'read', name, resolveRelation(analysis, name), { columns: [] })
    }
  }
}

export function readColumn(column: ColumnDef, within: Within, analysis: Analysis): void {
  if (column.raw_default !== undefined) {
    readIn(column.raw_default, within, 'write', analysis)
  }
  for (const node of column.constraints ?? []) {
    if ('Constraint' in node) readConstraint(node.Constraint, within, analysis)
  }
}

export function readConstraint(constraint: Constraint, within: Within, analysis: Analysis): void {
  const sink: Sink = constraint.contype === 'CONSTR_CHECK' ? 'predicate' : 'write'
  if (constraint.raw_expr !== undefined) readIn(constraint.raw_expr, within, sink, analysis)
  if (constraint.where_clause !== undefined) {
    readIn(constraint.where_clause, within, 'predicate', analysis)
  }
  for (const node of constraint.exclusions ?? []) {
    const element = 'List' in node ? node.List.items?.[0] : undefined
    if (element !== undefined && 'IndexElem' in element && element.IndexElem.expr !== undefined) {
      readIn(element.IndexElem.expr, within, 'write', analysis)
    }
  }
  if (constraint.pktable !== undefined) readForeignKey(constraint, analysis)
  if (within.relation !== undefined) readKeys(constraint, within.relation, analysis)
}

// A foreign key tells whether a value exists in the other table: a read of the columns it refers to.
function readForeignKey(constraint: Constraint, analysis: Analysis): void {
  const name = constraint.pktable
  if (name === undefined) return
  const relation = resolveRelation(analysis, name)
  const columns = [...namesOf(constraint.pk_attrs)]
  const referred = columns.length > 0 ? columns : undefined
  const labels = relation === undefined ? [] : [...columnLabels(relation, referred)]
  relationEffect(analysis, 'read', name, relation, {
    columns,
    ...(labels.length > 0 && columns.length > 0 ? { labels } : {}),
  })
  if (relation !== undefined) {
    labelledFlows(analysis, relation, 'predicate', ['foreign_key'], columns)
  }
}

// Whether values are unique, or are found in another table, is told by success or failure; and the
// error quotes the value.
function readKeys(constraint: Constraint, relation: Relation, analysis: Analysis): void {
  const referring = namesOf(constraint.fk_attrs)
  if (referring.length > 0) {
    labelledFlows(analysis, relation, 'predicate', ['foreign_key'], referring)
  }
  const keys = namesOf(constraint.keys)
  if (keys.length > 0 && constraint.contype !== 'CONSTR_NOTNULL') {
    labelledFlows(analysis, relation, 'group', ['unique'], keys)
  }
}

export function readIn(expression: Node, within: Within, sink: Sink, analysis: Analysis): void {
  if (within.relation !== undefined) readWithin(expression, within.relation, sink, analysis)
  else readWithin(expression, undefined, sink, analysis, within.outer)
}

// The names that the expressions of a new table or domain may use: its columns, which hold nothing
// yet. What LIKE, INHERITS and OF bring is not listed, so that the list is open.
export function newNames(
  name: string | undefined,
  elements: readonly Node[],
  open: boolean,
  analysis: Analysis,
): Within {
  const columns = elements.flatMap((element) =>
    'ColumnDef' in element ? [newColumn(element.ColumnDef, analysis)] : [],
  )
  const copied = elements.some((element) => 'TableLikeClause' in element)
  const item = namedItem(name, columns, { open: open || copied })
  return { outer: { items: [item], ctes: new Map(), outer: undefined } }
}

function newColumn(column: ColumnDef, { catalogue, names }: Analysis) {
  const type = writtenType(column.typeName, catalogue, names)
  return computedColumn(column.colname ?? '', typed(type?.oid ?? 0))
}
