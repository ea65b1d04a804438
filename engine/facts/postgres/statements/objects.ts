// The remaining kinds of objects: types, domains, schemas, operators, casts, text search, statistics,
// event triggers, comments and labels. Each is one effect; what it holds in expressions is read.
import type {
  AlterDomainStmt,
  CommentStmt,
  CreateDomainStmt,
  CreateSchemaStmt,
  CreateStatsStmt,
  Node,
  SecLabelStmt,
  TypeName,
} from 'libpg-query'
import type { ObjectKind, Operation } from '../../../schemas/facts.js'
import { resolveRelation } from '../analysis.js'
import type { Analysis } from '../analysis.js'
import { readWithin } from './as-query.js'
import { creationSchema, relationEffect } from '../relation-effect.js'
import { namesOf, rangeOf } from '../tree.js'
import { newNames, readConstraint } from './column-definitions.js'
import type { Within } from './column-definitions.js'
import { objectEffect, objectKind, objectWords } from './object-kinds.js'
import type { Context, Outcome, Readers } from './outcome.js'

export const OBJECT_READERS = {
  CreateSchemaStmt: createSchema,
  CompositeTypeStmt: (body, { analysis }) => {
    const name = body.typevar
    const schema = name === undefined ? undefined : creationSchema(analysis, name)
    one(analysis, 'create', `${schema ?? ''}.${name?.relname ?? ''}`, 'type')
    return { tag: 'CREATE TYPE' }
  },
  CreateEnumStmt: (body, { analysis }) => made(analysis, body.typeName, 'type', 'TYPE'),
  CreateRangeStmt: (body, { analysis }) => made(analysis, body.typeName, 'type', 'TYPE'),
  AlterEnumStmt: (body, { analysis }) => changed(analysis, body.typeName, 'type', 'TYPE'),
  AlterTypeStmt: (body, { analysis }) => changed(analysis, body.typeName, 'type', 'TYPE'),
  CreateDomainStmt: createDomain,
  AlterDomainStmt: alterDomain,
  DefineStmt: (body, { analysis }) => {
    const words = objectWords(body.kind)
    return made(analysis, body.defnames, objectKind(body.kind), words)
  },
  CreateOpClassStmt: (body, { analysis }) =>
    made(analysis, body.opclassname, 'other', 'OPERATOR CLASS'),
  CreateOpFamilyStmt: (body, { analysis }) =>
    made(analysis, body.opfamilyname, 'other', 'OPERATOR FAMILY'),
  AlterOpFamilyStmt: (body, { analysis }) =>
    changed(analysis, body.opfamilyname, 'other', 'OPERATOR FAMILY'),
  AlterOperatorStmt: (body, { analysis }) =>
    changed(analysis, body.opername?.objname, 'other', 'OPERATOR'),
  AlterCollationStmt: (body, { analysis }) =>
    changed(analysis, body.collname, 'other', 'COLLATION'),
  CreateConversionStmt: (body, { analysis }) =>
    made(analysis, body.conversion_name, 'other', 'CONVERSION'),
  CreateCastStmt: (body, { analysis }) =>
    made(analysis, body.targettype?.names, 'other', 'CAST', 'cast'),
  CreateTransformStmt: (body, { analysis }) =>
    made(analysis, body.type_name?.names, 'other', 'TRANSFORM', 'transform'),
  CreateAmStmt: (body, { analysis }) => {
    one(analysis, 'create', body.amname ?? '', 'other', 'access_method')
    return { tag: 'CREATE ACCESS METHOD' }
  },
  CreateEventTrigStmt: (body, { analysis }) => {
    one(analysis, 'create', body.trigname ?? '', 'trigger', 'event')
    return { tag: 'CREATE EVENT TRIGGER' }
  },
  AlterEventTrigStmt: (body, { analysis }) => {
    one(analysis, 'alter', body.trigname ?? '', 'trigger', 'event')
    return { tag: 'ALTER EVENT TRIGGER' }
  },
  AlterTSDictionaryStmt: (body, { analysis }) =>
    changed(analysis, body.dictname, 'other', 'TEXT SEARCH DICTIONARY'),
  AlterTSConfigurationStmt: (body, { analysis }) =>
    changed(analysis, body.cfgname, 'other', 'TEXT SEARCH CONFIGURATION'),
  CreateStatsStmt: createStatistics,
  AlterStatsStmt: (body, { analysis }) => changed(analysis, body.defnames, 'other', 'STATISTICS'),
  CommentStmt: (body, { analysis }) => remark(body, 'comment', 'COMMENT', analysis),
  SecLabelStmt: (body, { analysis }) => remark(body, 'security_label', 'SECURITY LABEL', analysis),
} satisfies Readers

function one(
  analysis: Analysis,
  op: Operation,
  object: string,
  kind: ObjectKind,
  detail?: string,
): void {
  analysis.effect({ op, object, kind, ...(detail === undefined ? {} : { detail }) })
  analysis.invalidate('catalogue')
}

function made(
  analysis: Analysis,
  names: readonly Node[] | undefined,
  kind: ObjectKind,
  words: string,
  detail?: string,
): Outcome {
  const range = rangeOf(namesOf(names))
  const schema = creationSchema(analysis, range)
  one(analysis, 'create', `${schema ?? ''}.${range.relname ?? ''}`, kind, detail)
  return { tag: `CREATE ${words}` }
}

function changed(
  analysis: Analysis,
  names: readonly Node[] | undefined,
  kind: ObjectKind,
  words: string,
): Outcome {
  one(analysis, 'alter', namesOf(names).join('.'), kind)
  return { tag: `ALTER ${words}` }
}

// CREATE SCHEMA may hold CREATE TABLE, VIEW, INDEX, SEQUENCE, TRIGGER and GRANT, whose names are
// looked for in the new schema first.
function createSchema(body: CreateSchemaStmt, context: Context): Outcome {
  one(context.analysis, 'create', body.schemaname ?? '', 'schema')
  for (const element of body.schemaElts ?? []) context.inner(element, 'write')
  return { tag: 'CREATE SCHEMA' }
}

function createDomain(body: CreateDomainStmt, { analysis }: Context): Outcome {
  const within = domainValue(body.typeName, analysis)
  for (const node of body.constraints ?? []) {
    if ('Constraint' in node) readConstraint(node.Constraint, within, analysis)
  }
  return made(analysis, body.domainname, 'type', 'DOMAIN')
}

// VALUE in a domain's check is a name like a column's.
function domainValue(typeName: TypeName | undefined, analysis: Analysis): Within {
  const def = { ColumnDef: { colname: 'value', ...(typeName === undefined ? {} : { typeName }) } }
  return newNames(undefined, [def], false, analysis)
}

function alterDomain(body: AlterDomainStmt, { analysis }: Context): Outcome {
  const { def } = body
  if (def !== undefined) {
    if ('Constraint' in def)
      readConstraint(
        def.Constraint,
        domainValue({ names: body.typeName ?? [] }, analysis),
        analysis,
      )
    else readWithin(def, undefined, 'write', analysis)
  }
  return changed(analysis, body.typeName, 'type', 'DOMAIN')
}

// Extended statistics copy values of the columns into the catalogue, expressions' values too.
function createStatistics(body: CreateStatsStmt, { analysis }: Context): Outcome {
  for (const node of body.relations ?? []) {
    if (!('RangeVar' in node)) continue
    const relation = resolveRelation(analysis, node.RangeVar)
    relationEffect(analysis, 'alter', node.RangeVar, relation, { detail: 'statistics' })
    if (relation === undefined) continue
    for (const element of body.exprs ?? []) {
      if ('StatsElem' in element && element.StatsElem.expr !== undefined) {
        readWithin(element.StatsElem.expr, relation, 'write', analysis)
      }
    }
  }
  return made(analysis, body.defnames, 'other', 'STATISTICS')
}

function remark(
  body: CommentStmt | SecLabelStmt,
  detail: string,
  tag: string,
  analysis: Analysis,
): Outcome {
  objectEffect(analysis, 'alter', {
    type: body.objtype ?? 'OBJECT_TABLE',
    object: body.object,
    detail,
  })
  return { tag }
}
