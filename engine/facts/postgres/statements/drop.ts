// DROP in all its forms, and TRUNCATE.
import type { DropStmt, Node, TruncateStmt } from 'libpg-query'
import { resolveRelation } from '../analysis.js'
import { columnLabels, relationEffect } from '../relation-effect.js'
import { objectEffect, objectWords } from './object-kinds.js'
import type { Context, Outcome, Readers } from './outcome.js'

export const DROP_READERS = {
  DropStmt: drop,
  TruncateStmt: truncate,
} satisfies Readers

// What relations are named by these alone: others may be resolved in the same message still.
const RELATIONS = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_INDEX',
  'OBJECT_SEQUENCE',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_TRIGGER',
  'OBJECT_POLICY',
  'OBJECT_RULE',
])

function drop(body: DropStmt, { analysis }: Context): Outcome {
  const type = body.removeType ?? 'OBJECT_TABLE'
  const detail = body.behavior === 'DROP_CASCADE' ? 'cascade' : undefined
  for (const object of body.objects ?? []) {
    objectEffect(analysis, 'drop', { type, object, detail, missingOk: body.missing_ok })
  }
  if (!RELATIONS.has(type)) analysis.invalidate('catalogue')
  return { tag: `DROP ${objectWords(type)}` }
}

function truncate(body: TruncateStmt, { analysis }: Context): Outcome {
  const more = body.behavior === 'DROP_CASCADE' ? { detail: 'cascade' } : {}
  for (const { range } of rangesOf(body.relations)) {
    const relation = resolveRelation(analysis, range)
    const labels = relation === undefined ? [] : [...columnLabels(relation)]
    relationEffect(analysis, 'truncate', range, relation, {
      ...more,
      ...(labels.length > 0 ? { labels } : {}),
    })
  }
  return { tag: 'TRUNCATE TABLE' }
}

function rangesOf(nodes: readonly Node[] | undefined) {
  return (nodes ?? []).flatMap((node) => ('RangeVar' in node ? [{ range: node.RangeVar }] : []))
}
