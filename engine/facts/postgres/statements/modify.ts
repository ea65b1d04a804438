// INSERT, UPDATE, DELETE and MERGE, alone or inside WITH. What they write is an effect on the target;
// what they read is read as the query that would give it.
import type {
  DeleteStmt,
  InsertStmt,
  MergeStmt,
  MergeWhenClause,
  Node,
  RangeVar,
  UpdateStmt,
  WithClause,
} from 'libpg-query'
import type { Narrowing, Sink } from '../../../schemas/facts.js'
import { resolveRelation } from '../analysis.js'
import type { Analysis } from '../analysis.js'
import type { Catalogue, Relation } from '../catalogue.js'
import { narrowingOf } from '../narrowing.js'
import { onlyQualified } from '../from.js'
import { outputsOfQuery } from '../query.js'
import type { OutputColumn } from '../reading.js'
import type { Scope } from '../scope.js'
import { asQuery, asTarget } from './as-query.js'
import type { Parts } from './as-query.js'
import { writeEffects } from './write-target.js'
import { returned } from './returning.js'
import { storedIn } from './stored-columns.js'
import { noteMasks } from './written-masks.js'
import {
  firstColumns,
  besideLists,
  insertedValues,
  insertedBy,
  insertedColumns,
  isConstant,
  targetNames,
  written,
} from './written-values.js'
import type { Assigned } from './written-values.js'
import type { Returned } from './returning.js'

type Outputs = readonly OutputColumn[] | 'unknown'

// A statement that modifies, the scope around it, and where its RETURNING list goes.
export type Modification = {
  readonly analysis: Analysis
  readonly outer: Scope | undefined
  // undefined for a member of WITH: its list is read by the query around it.
  readonly sink: Sink | undefined
}

export function insert(body: InsertStmt, at: Modification): Returned {
  const { analysis } = at
  const name = body.relation ?? {}
  const relation = resolveRelation(analysis, name)
  const columns = insertedColumns(body, relation)
  writeEffects(analysis, 'insert', name, relation, { columns })
  let inserted: Outputs = []
  const query = body.selectStmt
  if (query !== undefined && 'SelectStmt' in query) {
    const select = query.SelectStmt
    const clause = select.withClause ?? body.withClause
    if (select.withClause !== undefined && body.withClause !== undefined) {
      analysis.unread('unknown_node', 'two WITH clauses in one INSERT')
    }
    const whole = {
      SelectStmt: { ...select, ...(clause === undefined ? {} : { withClause: clause }) },
    }
    inserted = outputsOfQuery(whole, analysis, at.outer, 'write')
    const into = inserted === 'unknown' ? columns : columns.slice(0, inserted.length)
    storedIn(
      analysis,
      relation,
      inserted,
      into.map((column) => [column]),
    )
    noteMasks(insertedValues(whole, columns), relation, besideLists(whole), analysis)
  } else if (body.withClause !== undefined) {
    read({ with: body.withClause, targets: [] }, 'write', at)
  }
  const places = written(body.cols)
  if (places.length > 0) readWritten({}, places, relation, at)
  onConflict(body, name, relation, inserted, at)
  const origin = { name: certainName(name, relation), sources: [], ...withOf(body) }
  return returned(body.returningClause, origin, at)
}

// DO UPDATE changes the rows that the inserted ones collide with: one for each, by a unique key.
function onConflict(
  body: InsertStmt,
  name: RangeVar,
  relation: Relation | undefined,
  inserted: Outputs,
  at: Modification,
): void {
  const clause = body.onConflictClause
  if (clause === undefined || clause.action !== 'ONCONFLICT_UPDATE') return
  const select = body.selectStmt
  const listed =
    select !== undefined && 'SelectStmt' in select && select.SelectStmt.valuesLists !== undefined
  const columns = targetNames(clause.targetList)
  const where: Narrowing = listed ? 'equality' : 'range'
  writeEffects(at.analysis, 'update', name, relation, { columns, where })
  const from = [target(name, relation), excluded(relation, at.analysis)]
  const parts = { from, ...withOf(body) }
  const sets = written(clause.targetList)
  readWritten(parts, sets, relation, at)
  noteMasks(sets, relation, [body.withClause], at.analysis)
  // EXCLUDED hands on what would have been inserted.
  storedIn(at.analysis, relation, inserted, [columns])
  if (clause.whereClause !== undefined) {
    read({ ...parts, where: clause.whereClause }, 'predicate', at)
  }
}

function withOf(body: InsertStmt): { readonly with?: WithClause } {
  return body.withClause === undefined ? {} : { with: body.withClause }
}

// EXCLUDED is the row proposed for insertion: the client's own values, not the table's; of its types.
function excluded(relation: Relation | undefined, { catalogue }: Analysis): Node {
  const columns = relation?.columns ?? []
  return onlyQualified({
    RangeSubselect: {
      subquery: {
        SelectStmt: {
          valuesLists: [{ List: { items: columns.map(({ type }) => nothingOf(type, catalogue)) } }],
          op: 'SETOP_NONE',
          limitOption: 'LIMIT_OPTION_DEFAULT',
        },
      },
      alias: {
        aliasname: 'excluded',
        colnames: columns.map((column): Node => ({ String: { sval: column.name } })),
      },
    },
  })
}

function nothingOf(oid: number, catalogue: Catalogue): Node {
  const arg: Node = { A_Const: { isnull: true } }
  const type = catalogue.typeByOid(oid)
  if (type === undefined) return arg
  const names = [type.schema, type.name].map((sval): Node => ({ String: { sval } }))
  return { TypeCast: { arg, typeName: { names, typemod: -1 } } }
}

export function update(body: UpdateStmt, at: Modification): Returned {
  const { analysis } = at
  const name = body.relation ?? {}
  const relation = resolveRelation(analysis, name)
  const sources = body.fromClause ?? []
  const where = narrowed(body.whereClause, name, relation, sources, analysis)
  writeEffects(analysis, 'update', name, relation, { columns: targetNames(body.targetList), where })
  const from = [target(name, relation), ...sources]
  const clause = body.withClause === undefined ? {} : { with: body.withClause }
  const sets = written(body.targetList)
  noteMasks(sets, relation, [sources, body.withClause], analysis)
  if (sources.length > 0 || body.withClause !== undefined || !sets.every(isConstant)) {
    readWritten({ ...clause, from }, sets, relation, at)
  }
  if (body.whereClause !== undefined) {
    read({ ...clause, from, where: body.whereClause }, 'predicate', at)
  }
  const origin = { name: certainName(name, relation), sources, ...clause }
  return returned(body.returningClause, origin, at)
}

function readWritten(
  parts: Parts,
  sets: readonly Assigned[],
  relation: Relation | undefined,
  at: Modification,
): void {
  const targets = sets.map(({ value }) => asTarget(value))
  const outputs = outputsOfQuery(asQuery({ ...parts, targets }), at.analysis, at.outer, 'write')
  storedIn(
    at.analysis,
    relation,
    outputs,
    sets.map(({ columns }) => columns),
  )
}

export function remove(body: DeleteStmt, at: Modification): Returned {
  const { analysis } = at
  const name = body.relation ?? {}
  const relation = resolveRelation(analysis, name)
  const sources = body.usingClause ?? []
  const where = narrowed(body.whereClause, name, relation, sources, analysis)
  writeEffects(analysis, 'delete', name, relation, { where })
  const clause = body.withClause === undefined ? {} : { with: body.withClause }
  if (body.whereClause !== undefined || sources.length > 0 || body.withClause !== undefined) {
    const from = [target(name, relation), ...sources]
    read({ ...clause, from, where: body.whereClause }, 'predicate', at)
  }
  const origin = { name: certainName(name, relation), sources, ...clause }
  return returned(body.returningClause, origin, at)
}

export function merge(body: MergeStmt, at: Modification): Returned {
  const { analysis } = at
  const name = body.relation ?? {}
  const relation = resolveRelation(analysis, name)
  const sources = body.sourceRelation === undefined ? [] : [body.sourceRelation]
  const clause = body.withClause === undefined ? {} : { with: body.withClause }
  const from = [target(name, relation), ...sources]
  read({ ...clause, from, where: body.joinCondition }, 'join', at)
  for (const node of body.mergeWhenClauses ?? []) {
    if (!('MergeWhenClause' in node)) continue
    const when = node.MergeWhenClause
    mergeAction(when, body, relation, at)
    if (when.condition !== undefined) {
      read({ ...clause, from, where: when.condition }, 'predicate', at)
    }
    const sets = [...written(when.targetList), ...insertedBy(when, relation)]
    if (sets.length > 0) readWritten({ ...clause, from }, sets, relation, at)
    noteMasks(sets, relation, [sources, body.withClause], at.analysis)
  }
  const origin = { name: certainName(name, relation), sources, ...clause }
  return returned(body.returningClause, origin, at)
}

function mergeAction(
  when: MergeWhenClause,
  body: MergeStmt,
  relation: Relation | undefined,
  { analysis }: Modification,
): void {
  const name = body.relation ?? {}
  const columns = targetNames(when.targetList)
  if (when.commandType === 'CMD_INSERT') {
    const named = columns.length > 0 ? columns : firstColumns(relation, when.values?.length)
    writeEffects(analysis, 'insert', name, relation, { columns: named })
    return
  }
  if (when.commandType !== 'CMD_UPDATE' && when.commandType !== 'CMD_DELETE') return
  // Rows without a match are all rows but those; ON does not narrow them.
  const matched = when.matchKind === 'MERGE_WHEN_MATCHED'
  const conditions = [matched ? body.joinCondition : undefined, when.condition].filter(
    (condition) => condition !== undefined,
  )
  const [first] = conditions
  const where: Node | undefined =
    conditions.length > 1 ? { BoolExpr: { boolop: 'AND_EXPR', args: conditions } } : first
  const sources = body.sourceRelation === undefined ? [] : [body.sourceRelation]
  const grade = narrowed(where, name, relation, matched ? sources : [], analysis)
  if (when.commandType === 'CMD_UPDATE') {
    writeEffects(analysis, 'update', name, relation, { columns, where: grade })
  } else {
    writeEffects(analysis, 'delete', name, relation, { where: grade })
  }
}

function narrowed(
  where: Node | undefined,
  name: RangeVar,
  relation: Relation | undefined,
  sources: readonly Node[],
  analysis: Analysis,
): Narrowing {
  if (relation === undefined) return where === undefined ? 'absent' : 'trivial'
  const alias = name.alias?.aliasname ?? relation.name
  return narrowingOf(where, { relation, alias }, sources, analysis)
}

// The target is never a query of WITH, whatever its name (setTargetTable).
export function target(name: RangeVar, relation: Relation | undefined): Node {
  return { RangeVar: certainName(name, relation) }
}

function certainName(name: RangeVar, relation: Relation | undefined): RangeVar {
  return relation === undefined ? name : { ...name, schemaname: relation.schema }
}

function read(parts: Parts, sink: Sink, at: Modification): void {
  outputsOfQuery(asQuery(parts), at.analysis, at.outer, sink)
}
