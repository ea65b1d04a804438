// CREATE of tables, views, materialized views, indexes, sequences and foreign tables, with the
// expressions and queries that their definitions hold: what those read ends up in something stored.
import type {
  CreateStmt,
  CreateTableAsStmt,
  IndexStmt,
  Node,
  RangeVar,
  RefreshMatViewStmt,
  ViewStmt,
} from 'libpg-query'
import type { ObjectKind } from '../../../schemas/facts.js'
import { resolveRelation } from '../analysis.js'
import type { Analysis } from '../analysis.js'
import { readWithin } from './as-query.js'
import { creationSchema, labelledFlows, relationEffect } from '../relation-effect.js'
import { newNames, readDefinitions, readIn } from './column-definitions.js'
import type { Context, Outcome, Readers } from './outcome.js'
import { storedInNew } from './stored-columns.js'

export const DEFINE_RELATION_READERS = {
  CreateStmt: (body, context) => {
    createTable(body, 'table', context)
    return { tag: 'CREATE TABLE' }
  },
  CreateForeignTableStmt: (body, context) => {
    if (body.base !== undefined) createTable(body.base, 'foreign_table', context)
    context.analysis.effect({ op: 'network', object: body.servername ?? '', kind: 'server' })
    return { tag: 'CREATE FOREIGN TABLE' }
  },
  CreateTableAsStmt: createAs,
  ViewStmt: createView,
  RefreshMatViewStmt: refresh,
  IndexStmt: createIndex,
  CreateSeqStmt: (body, { analysis }) => {
    if (body.sequence !== undefined) createEffect(analysis, body.sequence, 'sequence')
    return { tag: 'CREATE SEQUENCE' }
  },
} satisfies Readers

// Declares the creation of a relation where an unqualified name would be put.
export function createEffect(
  analysis: Analysis,
  name: RangeVar | undefined,
  kind: ObjectKind,
  detail?: string,
): void {
  if (name === undefined) return
  const schema = creationSchema(analysis, name)
  const object = `${schema ?? name.schemaname ?? ''}.${name.relname ?? ''}`
  const temporary =
    name.relpersistence === 't' || schema === undefined
      ? name.relpersistence === 't'
      : schema.startsWith('pg_temp')
  analysis.effect({
    op: 'create',
    object,
    kind,
    ...(temporary ? { temporary } : {}),
    ...(detail === undefined ? {} : { detail }),
  })
  analysis.touch(name.relname ?? '')
  // The first temporary object of a session puts its schema in front of the search path.
  if (temporary) analysis.invalidate('names')
}

function createTable(body: CreateStmt, kind: ObjectKind, context: Context): void {
  const { analysis } = context
  createEffect(analysis, body.relation, kind)
  const elements = [...(body.tableElts ?? []), ...(body.constraints ?? [])]
  const open = body.inhRelations !== undefined || body.ofTypename !== undefined
  const within = newNames(body.relation?.relname, elements, open, analysis)
  readDefinitions(elements, within, analysis)
  for (const node of body.partspec?.partParams ?? []) {
    const expression = 'PartitionElem' in node ? node.PartitionElem.expr : undefined
    if (expression !== undefined) readIn(expression, within, 'write', analysis)
  }
  for (const node of body.inhRelations ?? []) {
    if (!('RangeVar' in node)) continue
    const detail = body.partbound === undefined ? 'inherited' : 'partition_added'
    relationEffect(analysis, 'alter', node.RangeVar, resolveRelation(analysis, node.RangeVar), {
      detail,
    })
  }
  const bound = body.partbound
  const bounds = [
    ...(bound?.listdatums ?? []),
    ...(bound?.lowerdatums ?? []),
    ...(bound?.upperdatums ?? []),
  ]
  for (const value of bounds) readBound(value, analysis)
}

// MINVALUE and MAXVALUE are written as columns.
function readBound(value: Node, analysis: Analysis): void {
  if (!('ColumnRef' in value)) readWithin(value, undefined, 'write', analysis)
}

function createAs(body: CreateTableAsStmt, context: Context): Outcome {
  const view = body.objtype === 'OBJECT_MATVIEW'
  createEffect(context.analysis, body.into?.rel, view ? 'materialized_view' : 'table')
  if (body.query !== undefined) {
    const { outputs = 'unknown' } = readStored(body.query, context)
    storedInNew(context.analysis, body.into, body.query, outputs, context.outer)
  }
  return { tag: view ? 'CREATE MATERIALIZED VIEW' : 'SELECT' }
}

// A query whose result is stored. EXECUTE stands for a statement that is not known here.
function readStored(query: Node, context: Context): Outcome {
  if ('ExecuteStmt' in query) {
    context.analysis.unread('dynamic_sql', 'the result of EXECUTE is stored')
  }
  return context.inner(query, 'write')
}

function createView(body: ViewStmt, context: Context): Outcome {
  createEffect(context.analysis, body.view, 'view', body.replace === true ? 'replace' : undefined)
  if (body.query !== undefined) readStored(body.query, context)
  return { tag: 'CREATE VIEW' }
}

function refresh(body: RefreshMatViewStmt, { analysis }: Context): Outcome {
  if (body.relation !== undefined) {
    const relation = resolveRelation(analysis, body.relation)
    relationEffect(analysis, 'alter', body.relation, relation, { detail: 'refresh' })
  }
  return { tag: 'REFRESH MATERIALIZED VIEW' }
}

function createIndex(body: IndexStmt, { analysis }: Context): Outcome {
  const name = body.relation
  if (name === undefined) return { tag: 'CREATE INDEX' }
  const relation = resolveRelation(analysis, name)
  const schema = relation?.schema ?? name.schemaname ?? ''
  const detail = body.unique === true ? 'unique' : undefined
  analysis.effect({
    op: 'create',
    object: `${schema}.${body.idxname ?? ''}`,
    kind: 'index',
    ...(detail === undefined ? {} : { detail }),
    ...(relation?.temporary === true ? { temporary: true } : {}),
  })
  relationEffect(analysis, 'alter', name, relation, { detail: 'index' })
  analysis.touch(body.idxname ?? '')
  if (relation === undefined) return { tag: 'CREATE INDEX' }
  if (body.unique === true) {
    const keys = (body.indexParams ?? []).flatMap((node) =>
      'IndexElem' in node && node.IndexElem.name !== undefined ? [node.IndexElem.name] : [],
    )
    labelledFlows(analysis, relation, 'group', ['unique'], keys)
  }
  for (const node of [...(body.indexParams ?? []), ...(body.indexIncludingParams ?? [])]) {
    if ('IndexElem' in node && node.IndexElem.expr !== undefined) {
      readWithin(node.IndexElem.expr, relation, 'write', analysis)
    }
  }
  if (body.whereClause !== undefined) {
    readWithin(body.whereClause, relation, 'predicate', analysis)
  }
  return { tag: 'CREATE INDEX' }
}
