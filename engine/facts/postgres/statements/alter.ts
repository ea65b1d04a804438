// ALTER of relations and the statements that rename, move or hand over objects of any kind.
import type { AlterTableCmd, AlterTableStmt, Node, RangeVar, RenameStmt } from 'libpg-query'
import { resolveRelation } from '../analysis.js'
import type { Analysis } from '../analysis.js'
import type { Relation } from '../catalogue.js'
import { outputsOfQuery } from '../query.js'
import { asQuery, asRange, asTarget, readWithin } from './as-query.js'
import { NEW_COLUMN } from '../stored.js'
import { storedIn } from './stored-columns.js'
import { columnLabels, labelledFlows, relationEffect } from '../relation-effect.js'
import { readColumn, readConstraint } from './column-definitions.js'
import { objectEffect, objectWords } from './object-kinds.js'
import type { Context, Outcome, Readers } from './outcome.js'

export const ALTER_READERS = {
  AlterTableStmt: alterTable,
  RenameStmt: rename,
  AlterObjectSchemaStmt: (body, { analysis }) => {
    const type = body.objectType ?? 'OBJECT_TABLE'
    objectEffect(analysis, 'alter', { ...body, type, detail: 'schema', missingOk: body.missing_ok })
    if (body.relation === undefined) analysis.invalidate('catalogue')
    else moved(body.relation, undefined, analysis)
    return { tag: `ALTER ${objectWords(type)}` }
  },
  AlterOwnerStmt: (body, { analysis }) => {
    const type = body.objectType ?? 'OBJECT_TABLE'
    objectEffect(analysis, 'alter', { ...body, type, detail: 'owner' })
    return { tag: `ALTER ${objectWords(type)}` }
  },
  AlterObjectDependsStmt: (body, { analysis }) => {
    const type = body.objectType ?? 'OBJECT_TABLE'
    objectEffect(analysis, 'alter', { ...body, type, detail: 'depends' })
    return { tag: `ALTER ${objectWords(type)}` }
  },
  AlterSeqStmt: (body, { analysis }) => {
    if (body.sequence !== undefined) {
      const type = 'OBJECT_SEQUENCE'
      objectEffect(analysis, 'alter', {
        type,
        relation: body.sequence,
        missingOk: body.missing_ok,
      })
    }
    return { tag: 'ALTER SEQUENCE' }
  },
  AlterTableMoveAllStmt: (body, { analysis }) => {
    const object = body.new_tablespacename ?? ''
    analysis.effect({ op: 'alter', object, kind: 'tablespace', detail: 'move_all' })
    analysis.effect({ op: 'unknown', object, kind: 'tablespace' })
    return { tag: `ALTER ${objectWords(body.objtype)}` }
  },
} satisfies Readers

function alterTable(body: AlterTableStmt, { analysis }: Context): Outcome {
  const tag = `ALTER ${objectWords(body.objtype)}`
  const name = body.relation
  if (name === undefined) return { tag }
  const relation = resolveRelation(analysis, name)
  const labels = relation === undefined ? [] : [...columnLabels(relation)]
  analysis.touch(name.relname ?? '')
  for (const node of body.cmds ?? []) {
    if (!('AlterTableCmd' in node)) continue
    const command = node.AlterTableCmd
    const missing = relation === undefined && body.missing_ok === true
    const more = {
      detail: wordOf(command),
      ...(command.name === undefined ? {} : { columns: [command.name] }),
      ...(labels.length > 0 ? { labels } : {}),
    }
    if (missing) {
      analysis.effect({ op: 'alter', object: name.relname ?? '', kind: 'other', ...more })
    } else {
      relationEffect(analysis, 'alter', name, relation, more)
    }
    if (relation !== undefined && command.subtype === 'AT_AlterColumnType') {
      // Without USING the values pass a cast, which fails with a message that quotes them.
      labelledFlows(analysis, relation, 'write', ['cast'], [command.name ?? ''])
    }
    readCommand(command, relation, analysis)
    if (relation !== undefined) keptBy(command, relation, analysis)
  }
  return { tag }
}

// What labelled these columns does so no longer: a parent, an expression.
function keptBy(command: AlterTableCmd, relation: Relation, analysis: Analysis): void {
  switch (command.subtype) {
    case 'AT_DropInherit':
      analysis.stores.keep(relation)
      return
    case 'AT_DropExpression':
      analysis.stores.keep(relation, [command.name ?? ''])
      return
    case 'AT_AddColumn': {
      // Its default is evaluated for the rows that there are.
      const column =
        command.def !== undefined && 'ColumnDef' in command.def ? command.def.ColumnDef : {}
      const place = { attnum: NEW_COLUMN, column: column.colname ?? '' }
      analysis.stores.add({ relation }, [place], [], false)
      return
    }
    case 'AT_DetachPartition': {
      const def = command.def
      const name = def !== undefined && 'PartitionCmd' in def ? def.PartitionCmd.name : undefined
      const part = name === undefined ? undefined : resolveRelation(analysis, name)
      if (part !== undefined) analysis.stores.keep(part)
      return
    }
    case 'AT_AlterColumnType': {
      const def = command.def
      const using = def !== undefined && 'ColumnDef' in def ? def.ColumnDef.raw_default : undefined
      if (using === undefined) return
      const query = asQuery({ from: [asRange(relation)], targets: [asTarget(using)] })
      const outputs = outputsOfQuery(query, analysis, undefined, 'write')
      storedIn(analysis, relation, outputs, [[command.name ?? '']])
      return
    }
    default:
      return
  }
}

// AT_DropColumn → drop_column
function wordOf(command: AlterTableCmd): string {
  return (command.subtype ?? 'AT_AddColumn')
    .slice('AT_'.length)
    .replace(/[A-Z]/g, (letter, at: number) => `${at > 0 ? '_' : ''}${letter.toLowerCase()}`)
}

function readCommand(
  command: AlterTableCmd,
  relation: Relation | undefined,
  analysis: Analysis,
): void {
  const { def } = command
  if (def === undefined) return
  const within = relation === undefined ? {} : { relation }
  if ('ColumnDef' in def) readColumn(def.ColumnDef, within, analysis)
  else if ('Constraint' in def) readConstraint(def.Constraint, within, analysis)
  else if (command.subtype === 'AT_ColumnDefault' || command.subtype === 'AT_SetExpression') {
    if (relation === undefined) return
    readWithin(def, relation, 'write', analysis)
  } else if ('RangeVar' in def) exposed(command, def, relation, analysis)
  else if ('PartitionCmd' in def) {
    const { name } = def.PartitionCmd
    if (name !== undefined) exposed(command, { RangeVar: name }, relation, analysis)
  }
}

// INHERIT and ATTACH PARTITION make rows of one table readable through another, whose columns need not
// carry the same labels: a write of the one's labelled columns into the other.
function exposed(
  command: AlterTableCmd,
  other: Extract<Node, { RangeVar: unknown }>,
  relation: Relation | undefined,
  analysis: Analysis,
): void {
  const found = resolveRelation(analysis, other.RangeVar)
  relationEffect(analysis, 'alter', other.RangeVar, found, { detail: wordOf(command) })
  analysis.touch(other.RangeVar.relname ?? '')
  const source = command.subtype === 'AT_AddInherit' ? relation : found
  if (source !== undefined) labelledFlows(analysis, source, 'write', [])
}

// Labels are given by name: under another name the same values may have none.
function moved(name: RangeVar, columns: readonly string[] | undefined, analysis: Analysis): void {
  const relation = resolveRelation(analysis, name)
  if (relation === undefined) return
  labelledFlows(analysis, relation, 'write', [], columns)
  analysis.stores.keep(relation, columns)
}

function movedSchema(schema: string, { catalogue, stores }: Analysis): void {
  for (const relation of catalogue.userRelations ?? []) {
    if (relation.schema === schema) stores.keep(relation)
  }
}

// Schemas, roles and databases are named by a plain string.
function asName(sval: string): Node {
  return { String: { sval } }
}

function rename(body: RenameStmt, { analysis }: Context): Outcome {
  const type = body.renameType ?? 'OBJECT_TABLE'
  const relationType = type === 'OBJECT_COLUMN' ? (body.relationType ?? 'OBJECT_TABLE') : type
  objectEffect(analysis, 'alter', {
    type: relationType,
    relation: body.relation,
    object: body.object ?? (body.subname === undefined ? undefined : asName(body.subname)),
    own: body.relation === undefined ? undefined : body.subname,
    detail: type === 'OBJECT_COLUMN' ? 'rename_column' : 'rename',
    missingOk: body.missing_ok,
  })
  if (body.relation === undefined) {
    analysis.invalidate('catalogue')
    if (type === 'OBJECT_SCHEMA') movedSchema(body.subname ?? '', analysis)
  } else {
    if (type !== 'OBJECT_COLUMN') analysis.touch(body.newname ?? '')
    moved(body.relation, type === 'OBJECT_COLUMN' ? [body.subname ?? ''] : undefined, analysis)
  }
  return { tag: `ALTER ${objectWords(relationType)}` }
}
