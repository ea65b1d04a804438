// The parts of CREATE TABLE and ALTER TABLE that hold expressions: defaults, checks, generated columns,
// foreign keys, exclusion constraints.
import type { ColumnDef, Constraint, Node } from 'libpg-query'
import type { Sink } from '../../../schemas/facts.js'
import { resolveRelation } from '../analysis.js'
import type { Analysis } from '../analysis.js'
import type { Relation } from '../catalogue.js'
import { readWithin } from './as-query.js'
import { columnLabels, relationEffect } from '../relation-effect.js'
import { namesOf } from '../tree.js'

// `relation` is the table the definitions belong to, where it exists already. In a new table an
// expression can only name columns that hold nothing yet.
export function readDefinitions(
  elements: readonly Node[],
  relation: Relation | undefined,
  analysis: Analysis,
): void {
  for (const element of elements) {
    if ('ColumnDef' in element) readColumn(element.ColumnDef, relation, analysis)
    else if ('Constraint' in element) readConstraint(element.Constraint, relation, analysis)
    else if ('TableLikeClause' in element) {
      const name = element.TableLikeClause.relation
      if (name === undefined) continue
      relationEffect(analysis, 'read', name, resolveRelation(analysis, name), { columns: [] })
    }
  }
}

export function readColumn(
  column: ColumnDef,
  relation: Relation | undefined,
  analysis: Analysis,
): void {
  if (column.raw_default !== undefined) {
    readIn(column.raw_default, relation, 'write', analysis)
  }
  for (const node of column.constraints ?? []) {
    if ('Constraint' in node) readConstraint(node.Constraint, relation, analysis)
  }
}

export function readConstraint(
  constraint: Constraint,
  relation: Relation | undefined,
  analysis: Analysis,
): void {
  const sink: Sink = constraint.contype === 'CONSTR_CHECK' ? 'predicate' : 'write'
  if (constraint.raw_expr !== undefined) readIn(constraint.raw_expr, relation, sink, analysis)
  if (constraint.where_clause !== undefined) {
    readIn(constraint.where_clause, relation, 'predicate', analysis)
  }
  for (const node of constraint.exclusions ?? []) {
    const element = 'List' in node ? node.List.items?.[0] : undefined
    if (element !== undefined && 'IndexElem' in element && element.IndexElem.expr !== undefined) {
      readIn(element.IndexElem.expr, relation, 'write', analysis)
    }
  }
  if (constraint.pktable !== undefined) readForeignKey(constraint, analysis)
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
  if (relation === undefined) return
  for (const column of relation.columns) {
    if (column.labels.length === 0 || !columns.includes(column.name)) continue
    analysis.flow({
      from: `${relation.schema}.${relation.name}.${column.name}`,
      labels: [...column.labels],
      to: 'predicate',
      through: ['foreign_key'],
    })
  }
}

function readIn(
  expression: Node,
  relation: Relation | undefined,
  sink: Sink,
  analysis: Analysis,
): void {
  if (relation !== undefined) {
    readWithin(expression, relation, sink, analysis)
    return
  }
  readCalls(expression, analysis)
}

// The columns of a table that is being created are not in the catalogue and hold nothing, so only the
// functions matter: each is read with its arguments' columns left out.
function readCalls(expression: Node, analysis: Analysis): void {
  readWithin(withoutColumns(expression), undefined, 'write', analysis)
}

function withoutColumns(node: Node): Node {
  const text = JSON.stringify(node, (key: string, value: unknown) =>
    key === 'ColumnRef' ? undefined : value,
  )
  const parsed: unknown = JSON.parse(text, (_, value: unknown) =>
    isEmptyObject(value) ? undefined : value,
  )
  return (parsed ?? { A_Const: { isnull: true } }) as Node
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
