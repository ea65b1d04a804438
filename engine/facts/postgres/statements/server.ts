// Statements about the server as a whole, its storage and upkeep, and what connects it to others:
// databases, tablespaces, ALTER SYSTEM, VACUUM and kin, foreign servers, replication, extensions.
import type {
  AlterSystemStmt,
  ClusterStmt,
  CreatePublicationStmt,
  ReindexStmt,
  VacuumStmt,
} from 'libpg-query'
import type { ObjectKind, Operation } from '../../../schemas/facts.js'
import { resolveRelation } from '../analysis.js'
import type { Analysis } from '../analysis.js'
import { readWithin } from './as-query.js'
import { columnLabels, labelledFlows, relationEffect } from '../relation-effect.js'
import type { Context, Outcome, Readers } from './outcome.js'
import { settingEffect } from './settings.js'

type Plain = (name: string | undefined, context: Context, more?: Operation) => void

// One effect on one named object, which may change what names mean.
function plain(op: Operation, kind: ObjectKind, detail?: string): Plain {
  return (name, { analysis }, more) => {
    const object = name ?? ''
    const word = detail === undefined ? {} : { detail }
    analysis.effect({ op, object, kind, ...word })
    if (more !== undefined) analysis.effect({ op: more, object, kind })
    analysis.invalidate('catalogue')
  }
}

const create = (kind: ObjectKind): Plain => plain('create', kind)
const alter = (kind: ObjectKind): Plain => plain('alter', kind)
const drop = (kind: ObjectKind): Plain => plain('drop', kind)

export const SERVER_READERS = {
  CreatedbStmt: (body, context) =>
    named('CREATE DATABASE', create('database'), body.dbname, context),
  AlterDatabaseStmt: (body, context) =>
    named('ALTER DATABASE', alter('database'), body.dbname, context),
  AlterDatabaseRefreshCollStmt: (body, context) =>
    named('ALTER DATABASE', alter('database'), body.dbname, context),
  AlterDatabaseSetStmt: (body, context) => {
    context.analysis.effect(settingEffect(body.setstmt?.name ?? 'all', undefined))
    return named('ALTER DATABASE', alter('database'), body.dbname, context)
  },
  DropdbStmt: (body, context) => named('DROP DATABASE', drop('database'), body.dbname, context),
  CreateTableSpaceStmt: (body, context) => {
    context.analysis.effect({ op: 'write_file', object: '', kind: 'tablespace' })
    return named('CREATE TABLESPACE', create('tablespace'), body.tablespacename, context)
  },
  DropTableSpaceStmt: (body, context) =>
    named('DROP TABLESPACE', drop('tablespace'), body.tablespacename, context),
  AlterTableSpaceOptionsStmt: (body, context) =>
    named('ALTER TABLESPACE', alter('tablespace'), body.tablespacename, context),
  AlterSystemStmt: alterSystem,
  LoadStmt: (body, { analysis }) => {
    analysis.effect({ op: 'execute_program', object: body.filename ?? '', kind: 'file' })
    return { tag: 'LOAD' }
  },
  CheckPointStmt: (_, { analysis }) => {
    analysis.effect({ op: 'admin', object: '', kind: 'other', detail: 'checkpoint' })
    return { tag: 'CHECKPOINT' }
  },
  VacuumStmt: vacuum,
  ClusterStmt: cluster,
  ReindexStmt: reindex,
  CreateExtensionStmt: (body, context) =>
    named('CREATE EXTENSION', create('extension'), body.extname, context),
  AlterExtensionStmt: (body, context) =>
    named('ALTER EXTENSION', alter('extension'), body.extname, context),
  AlterExtensionContentsStmt: (body, context) =>
    named('ALTER EXTENSION', alter('extension'), body.extname, context),
  CreatePLangStmt: (body, context) =>
    named('CREATE LANGUAGE', create('language'), body.plname, context),
  CreateFdwStmt: (body, context) =>
    named('CREATE FOREIGN DATA WRAPPER', create('server'), body.fdwname, context, 'network'),
  AlterFdwStmt: (body, context) =>
    named('ALTER FOREIGN DATA WRAPPER', alter('server'), body.fdwname, context, 'network'),
  CreateForeignServerStmt: (body, context) =>
    named('CREATE SERVER', create('server'), body.servername, context, 'network'),
  AlterForeignServerStmt: (body, context) =>
    named('ALTER SERVER', alter('server'), body.servername, context, 'network'),
  CreateUserMappingStmt: (body, context) =>
    named('CREATE USER MAPPING', create('server'), body.servername, context, 'network'),
  AlterUserMappingStmt: (body, context) =>
    named('ALTER USER MAPPING', alter('server'), body.servername, context, 'network'),
  DropUserMappingStmt: (body, context) =>
    named('DROP USER MAPPING', drop('server'), body.servername, context),
  ImportForeignSchemaStmt: (body, context) => {
    context.analysis.effect({
      op: 'create',
      object: `${body.local_schema ?? ''}.*`,
      kind: 'foreign_table',
    })
    return named('IMPORT FOREIGN SCHEMA', plain('network', 'server'), body.server_name, context)
  },
  CreatePublicationStmt: publication,
  AlterPublicationStmt: (body, context) =>
    named('ALTER PUBLICATION', alter('publication'), body.pubname, context, 'replicate'),
  CreateSubscriptionStmt: (body, context) => {
    context.analysis.effect({ op: 'network', object: body.subname ?? '', kind: 'subscription' })
    const reader = create('subscription')
    return named('CREATE SUBSCRIPTION', reader, body.subname, context, 'replicate')
  },
  AlterSubscriptionStmt: (body, context) => {
    context.analysis.effect({ op: 'network', object: body.subname ?? '', kind: 'subscription' })
    const reader = alter('subscription')
    return named('ALTER SUBSCRIPTION', reader, body.subname, context, 'replicate')
  },
  DropSubscriptionStmt: (body, context) => {
    const reader = drop('subscription')
    return named('DROP SUBSCRIPTION', reader, body.subname, context, 'replicate')
  },
} satisfies Readers

function named(
  tag: string,
  effect: Plain,
  name: string | undefined,
  context: Context,
  more?: Operation,
): Outcome {
  effect(name, context, more)
  return { tag }
}

function alterSystem(body: AlterSystemStmt, { analysis }: Context): Outcome {
  const object = (body.setstmt?.name ?? 'all').toLowerCase()
  analysis.effect({ op: 'admin', object, kind: 'setting', detail: 'alter_system' })
  return { tag: 'ALTER SYSTEM' }
}

function vacuum(body: VacuumStmt, { analysis }: Context): Outcome {
  const detail = body.is_vacuumcmd === true ? 'vacuum' : 'analyze'
  if (body.rels === undefined) {
    analysis.effect({ op: 'admin', object: '*', kind: 'table', detail })
  }
  for (const node of body.rels ?? []) {
    if (!('VacuumRelation' in node) || node.VacuumRelation.relation === undefined) continue
    const name = node.VacuumRelation.relation
    relationEffect(analysis, 'admin', name, resolveRelation(analysis, name), { detail })
  }
  return { tag: detail.toUpperCase() }
}

function cluster(body: ClusterStmt, { analysis }: Context): Outcome {
  if (body.relation === undefined) {
    analysis.effect({ op: 'admin', object: '*', kind: 'table', detail: 'cluster' })
  } else {
    const relation = resolveRelation(analysis, body.relation)
    relationEffect(analysis, 'admin', body.relation, relation, { detail: 'cluster' })
  }
  return { tag: 'CLUSTER' }
}

function reindex(body: ReindexStmt, { analysis }: Context): Outcome {
  if (body.relation === undefined) {
    analysis.effect({ op: 'admin', object: body.name ?? '*', kind: 'other', detail: 'reindex' })
  } else {
    const relation = resolveRelation(analysis, body.relation)
    relationEffect(analysis, 'admin', body.relation, relation, { detail: 'reindex' })
  }
  return { tag: 'REINDEX' }
}

// Whoever subscribes reads the published tables.
function publication(body: CreatePublicationStmt, context: Context): Outcome {
  const { analysis } = context
  for (const node of body.pubobjects ?? []) {
    const table = 'PublicationObjSpec' in node ? node.PublicationObjSpec.pubtable : undefined
    if (table?.relation !== undefined) publishTable(table.relation, table.whereClause, analysis)
  }
  if (body.for_all_tables === true) {
    analysis.effect({ op: 'replicate', object: '*', kind: 'table' })
  }
  const reader = create('publication')
  return named('CREATE PUBLICATION', reader, body.pubname, context, 'replicate')
}

function publishTable(
  name: NonNullable<ClusterStmt['relation']>,
  where: CreatePublicationStmt['options'] extends (infer N)[] | undefined ? N | undefined : never,
  analysis: Analysis,
): void {
  const relation = resolveRelation(analysis, name)
  const labels = relation === undefined ? [] : [...columnLabels(relation)]
  relationEffect(analysis, 'replicate', name, relation, labels.length > 0 ? { labels } : {})
  if (relation !== undefined) labelledFlows(analysis, relation, 'copy', ['publication'])
  if (where === undefined || relation === undefined) return
  readWithin(where, relation, 'predicate', analysis)
}
