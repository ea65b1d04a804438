// The effect of writing to a relation: on the relation itself, on the table beneath where it is a view,
// and of unknown extent where rules or INSTEAD OF triggers decide what happens.
import type { Node, RangeVar } from 'libpg-query'
import type { Narrowing } from '../../../schemas/facts.js'
import { resolveRelation } from '../analysis.js'
import type { Analysis } from '../analysis.js'
import type { Relation } from '../catalogue.js'
import { weaker } from '../effects.js'
import { outputsOfQuery } from '../query.js'
import { columnLabels, objectName, relationEffect } from '../relation-effect.js'
import { storedIn } from './stored-columns.js'

export type Write = {
  readonly columns?: readonly string[]
  readonly where?: Narrowing
}

type Op = 'insert' | 'update' | 'delete'

export function writeEffects(
  analysis: Analysis,
  op: Op,
  name: RangeVar,
  relation: Relation | undefined,
  write: Write,
): void {
  const labels =
    relation === undefined
      ? []
      : [...columnLabels(relation, op === 'delete' ? undefined : write.columns)]
  relationEffect(analysis, op, name, relation, {
    ...(write.columns === undefined ? {} : { columns: [...write.columns] }),
    ...(write.where === undefined ? {} : { where: write.where }),
    ...(labels.length > 0 ? { labels } : {}),
  })
  if (relation === undefined) return
  if (op !== 'delete') testedColumns(analysis, relation, write.columns)
  if (op === 'insert') defaultsTaken(analysis, relation)
  const object = objectName(relation)
  if (relation.rules.includes(op)) {
    analysis.effect({ op: 'unknown', object, kind: 'rule', detail: op })
  }
  if (relation.kind === 'f') {
    analysis.effect({ op: 'network', object, kind: 'foreign_table' })
  }
  if (relation.kind === 'v') throughView(analysis, op, relation, write)
}

// A default may call users' functions, and hand what they read to a column that nobody named. Any column
// may take its own: it is left out, or DEFAULT is written. The system's functions (nextval, now) are
// what a table is made with and no effect of the statement.
function defaultsTaken(analysis: Analysis, relation: Relation): void {
  const searchPath = analysis.catalogue.definitionPath ?? analysis.names.searchPath
  const within: Analysis = {
    ...analysis,
    names: { ...analysis.names, searchPath },
    effect: (effect) => {
      if (effect.op !== 'call' || !effect.object.startsWith('pg_catalog.')) analysis.effect(effect)
    },
  }
  for (const { name, expression, generated } of relation.columns) {
    if (generated || expression === undefined || !expression.includes('(')) continue
    if (/^nextval\('[^']*'::regclass\)$/.test(expression)) continue
    const [statement] = analysis.parse(`SELECT (${expression})`) ?? []
    if (statement === undefined) analysis.unread('not_parsed', `default of ${objectName(relation)}`)
    else {
      const outputs = outputsOfQuery(statement, within, undefined, 'write')
      storedIn(analysis, relation, outputs, [[name]])
    }
  }
}

// Whether a value is taken where it must be unique, or pass a check, tells about the other values.
function testedColumns(
  analysis: Analysis,
  relation: Relation,
  written: readonly string[] | undefined,
): void {
  for (const column of relation.columns) {
    const labels = [...column.labels]
    const isWritten = written === undefined || written.includes(column.name)
    if (labels.length === 0 || !isWritten) continue
    const isTested =
      relation.uniqueColumns.includes(column.attnum) ||
      (relation.expressionColumns ?? []).includes(column.attnum) ||
      relation.checks.some((check) => check.includes(column.name))
    if (!isTested) continue
    const from = `${objectName(relation)}.${column.name}`
    analysis.flow({ from, labels, to: 'predicate', through: ['unique'] })
  }
}

// An automatically updatable view: a plain SELECT of columns from one relation.
function throughView(analysis: Analysis, op: Op, view: Relation, write: Write): void {
  const object = objectName(view)
  const base = view.triggers.length > 0 ? undefined : baseOf(analysis, view)
  if (base === undefined) {
    analysis.effect({ op: 'unknown', object, kind: 'view', detail: op })
    return
  }
  if (!analysis.enter(view.oid)) {
    analysis.unread('over_limit', `views in views: ${object}`)
    return
  }
  // The view's columns may have other names beneath, so that no column is named there; and no key
  // of the table is known to be in the condition.
  const where = write.where === undefined ? {} : { where: weaker(write.where, 'equality') }
  writeEffects(analysis, op, base.name, base.relation, where)
  analysis.leave(view.oid)
}

export type Base = {
  readonly name: RangeVar
  readonly relation: Relation
  // Names beneath of the view's columns, in order; undefined for what is computed.
  readonly columns: readonly (string | undefined)[]
}

export function baseOf(analysis: Analysis, view: Relation): Base | undefined {
  const [statement, ...more] =
    view.definition === undefined ? [] : (analysis.parse(view.definition) ?? [])
  if (statement === undefined || more.length > 0 || !('SelectStmt' in statement)) return undefined
  const query = statement.SelectStmt
  const plain =
    query.op === 'SETOP_NONE' &&
    query.groupClause === undefined &&
    query.distinctClause === undefined &&
    query.withClause === undefined &&
    query.limitCount === undefined
  const [from, ...others] = query.fromClause ?? []
  if (!plain || from === undefined || others.length > 0 || !('RangeVar' in from)) return undefined
  const path = analysis.catalogue.definitionPath ?? analysis.names.searchPath
  const within = { ...analysis, names: { ...analysis.names, searchPath: path } }
  const relation = resolveRelation(within, from.RangeVar)
  if (relation === undefined) return undefined
  const columns = (query.targetList ?? []).map((node) =>
    'ResTarget' in node ? columnNamed(node.ResTarget.val) : undefined,
  )
  return { name: from.RangeVar, relation, columns }
}

function columnNamed(val: Node | undefined): string | undefined {
  const last = val !== undefined && 'ColumnRef' in val ? val.ColumnRef.fields?.at(-1) : undefined
  return last !== undefined && 'String' in last ? last.String.sval : undefined
}
