// The effect of an operation on a relation as a statement names it: resolved where the catalogue knows
// it, else as written and marked unread.
import type { RangeVar } from 'libpg-query'
import type { Effect, ObjectKind, Operation, Sink } from '../../schemas/facts.js'
import { schemaOf } from './analysis.js'
import type { Analysis } from './analysis.js'
import type { Relation } from './catalogue.js'
import { systemLabels } from './system-relations.js'
import { rangeParts } from './tree.js'

type More = Pick<Effect, 'columns' | 'where' | 'detail' | 'labels'>

export function relationEffect(
  analysis: Analysis,
  op: Operation,
  name: RangeVar,
  relation: Relation | undefined,
  more: More = {},
): void {
  if (relation === undefined) {
    const object = rangeParts(name).join('.')
    analysis.effect({ op, object, kind: 'other', ...more })
    analysis.unread('name_not_resolved', object, 'relation')
    return
  }
  analysis.effect(effectOn(op, relation, more))
}

export function effectOn(op: Operation, relation: Relation, more: More = {}): Effect {
  const labels = [...(more.labels ?? []), ...systemLabels(relation, more.columns)]
  const { labels: _, ...rest } = more
  return {
    op,
    object: objectName(relation),
    kind: relationKind(relation),
    ...rest,
    ...(labels.length > 0 ? { labels } : {}),
    ...(relation.temporary ? { temporary: true } : {}),
  }
}

// The number in the name of a session's temporary schema says nothing, and facts should repeat.
export function objectName(relation: Pick<Relation, 'schema' | 'name' | 'temporary'>): string {
  return `${relation.temporary ? 'pg_temp' : relation.schema}.${relation.name}`
}

// Labels of these columns, or of all of them.
export function columnLabels(relation: Relation, columns?: readonly string[]): readonly string[] {
  return relation.columns
    .filter((column) => columns === undefined || columns.includes(column.name))
    .flatMap((column) => column.labels)
}

// Labelled columns of a relation whose values a statement uses without an expression that says so.
export function labelledFlows(
  analysis: Analysis,
  relation: Relation,
  to: Sink,
  through: readonly string[],
  columns?: readonly string[],
): void {
  for (const column of relation.columns) {
    if (column.labels.length === 0) continue
    if (columns !== undefined && !columns.includes(column.name)) continue
    const from = `${relation.schema}.${relation.name}.${column.name}`
    analysis.flow({ from, labels: [...column.labels], to, through: [...through] })
  }
}

export function relationKind(relation: Relation): ObjectKind {
  if (relation.system) return 'system_table'
  switch (relation.kind) {
    case 'r':
    case 'p':
    case 't':
      return 'table'
    case 'v':
      return 'view'
    case 'm':
      return 'materialized_view'
    case 'f':
      return 'foreign_table'
    case 'S':
      return 'sequence'
    case 'c':
      return 'type'
    case 'i':
    case 'I':
      return 'index'
  }
}

// The schema in which CREATE puts an unqualified name: the first of the path that is neither temporary
// nor implicit. undefined where there is none.
export function creationSchema(analysis: Analysis, name: RangeVar): string | undefined {
  if (name.schemaname !== undefined) return schemaOf(analysis.names, name.schemaname)
  if (name.relpersistence === 't') return 'pg_temp'
  return analysis.names.searchPath.find(
    (schema) => schema !== 'pg_catalog' && !schema.startsWith('pg_temp'),
  )
}
