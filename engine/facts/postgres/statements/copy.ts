// COPY in all its forms: a table or a query to the client, to a server's file or program, and back in.
import type { CopyStmt, Node, RangeVar, SelectStmt } from 'libpg-query'
import type { Analysis } from '../analysis.js'
import { resolveRelation } from '../analysis.js'
import type { Relation } from '../catalogue.js'
import { readWithin } from './as-query.js'
import { columnLabels, relationEffect } from '../relation-effect.js'
import { namesOf } from '../tree.js'
import { writeEffects } from './write-target.js'
import type { Context, Outcome, Readers } from './outcome.js'

export const COPY_READERS = { CopyStmt: copy } satisfies Readers

function copy(body: CopyStmt, context: Context): Outcome {
  const inward = body.is_from === true
  if (inward) copyIn(body, context.analysis)
  else copyOut(body, context)
  const elsewhere = body.filename !== undefined || body.is_program === true
  if (elsewhere) serverSide(body, context.analysis)
  return {
    tag: 'COPY',
    ...(elsewhere ? {} : { control: { kind: inward ? 'copy_in' : 'copy_out' } }),
  }
}

// A program's text is a shell command and may hold anything, so it is not put into the facts.
function serverSide(body: CopyStmt, analysis: Analysis): void {
  if (body.is_program === true) {
    analysis.effect({ op: 'execute_program', object: '', kind: 'program' })
    return
  }
  const op = body.is_from === true ? 'read_file' : 'write_file'
  analysis.effect({ op, object: body.filename ?? '', kind: 'file' })
}

function copyOut(body: CopyStmt, context: Context): void {
  const { analysis } = context
  if (body.query !== undefined) {
    context.inner(body.query, 'copy')
    analysis.effect({ op: 'copy_out', object: '', kind: 'statement' })
    return
  }
  if (body.relation === undefined) return
  const relation = resolveRelation(analysis, body.relation)
  const columns = columnsOf(body, relation)
  const labels = relation === undefined ? [] : [...columnLabels(relation, columns)]
  relationEffect(analysis, 'copy_out', body.relation, relation, {
    ...(columns.length > 0 ? { columns: [...columns] } : {}),
    ...(labels.length > 0 ? { labels } : {}),
  })
  if (relation !== undefined) context.inner(asQuery(body.relation, columns), 'copy')
}

function copyIn(body: CopyStmt, analysis: Analysis): void {
  if (body.relation === undefined) return
  const relation = resolveRelation(analysis, body.relation)
  const columns = columnsOf(body, relation)
  relationEffect(analysis, 'copy_in', body.relation, relation, { columns: [...columns] })
  writeEffects(analysis, 'insert', body.relation, relation, { columns })
  if (body.whereClause !== undefined && relation !== undefined) {
    readWithin(body.whereClause, relation, 'predicate', analysis)
  }
}

// Without a list COPY takes every column that is not generated.
function columnsOf(body: CopyStmt, relation: Relation | undefined): readonly string[] {
  if (body.attlist !== undefined) return namesOf(body.attlist)
  const columns = relation?.columns ?? []
  return columns.filter((column) => !column.generated && column.attnum > 0).map(({ name }) => name)
}

// COPY t (a, b) TO reads what SELECT a, b FROM ONLY t reads; partitioned tables since 18 as a whole.
function asQuery(relation: RangeVar, columns: readonly string[]): Node {
  const targetList = columns.map((name): Node => ({
    ResTarget: { val: { ColumnRef: { fields: [{ String: { sval: name } }] } } },
  }))
  const select: SelectStmt = {
    targetList,
    fromClause: [{ RangeVar: { ...relation, inh: true } }],
    op: 'SETOP_NONE',
    limitOption: 'LIMIT_OPTION_DEFAULT',
  }
  return { SelectStmt: select }
}
