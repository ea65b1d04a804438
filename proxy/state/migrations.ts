// How the tables come to be, step by step, in what SQLite and PostgreSQL have in common. A step that
// was released is never changed; a further one is added.
import { Migrator, type Kysely, type Migration } from 'kysely'
import { GatewayError } from '../errors.js'

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '001-approvals': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('sallyport_approvals')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('gateway', 'text', (column) => column.notNull())
        .addColumn('status', 'text', (column) => column.notNull())
        .addColumn('session', 'text', (column) => column.notNull())
        .addColumn('command', 'bigint', (column) => column.notNull())
        .addColumn('digest', 'text', (column) => column.notNull())
        .addColumn('requester', 'text', (column) => column.notNull())
        .addColumn('quorum', 'bigint', (column) => column.notNull())
        .addColumn('request', 'text', (column) => column.notNull())
        .addColumn('created_ms', 'bigint', (column) => column.notNull())
        .addColumn('expires_ms', 'bigint', (column) => column.notNull())
        .addColumn('settled_ms', 'bigint')
        .addColumn('settled_by', 'text')
        .addColumn('reason', 'text')
        .execute()
      await db.schema
        .createIndex('sallyport_approvals_status')
        .on('sallyport_approvals')
        .columns(['status', 'created_ms'])
        .execute()
      await db.schema
        .createTable('sallyport_votes')
        .addColumn('approval', 'text', (column) => column.notNull())
        .addColumn('approver', 'text', (column) => column.notNull())
        .addColumn('subject', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('reason', 'text', (column) => column.notNull())
        .addColumn('time_ms', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('sallyport_votes_once', ['approval', 'approver'])
        .execute()
      await db.schema
        .createTable('sallyport_gateways')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('seen_ms', 'bigint', (column) => column.notNull())
        .execute()
    },
  },
  '002-notices': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('sallyport_notices')
        .addColumn('place', 'text', (column) => column.notNull())
        .addColumn('notice', 'text', (column) => column.notNull())
        .addColumn('kept', 'text', (column) => column.notNull())
        .addColumn('told_ms', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('sallyport_notices_once', ['place', 'notice'])
        .execute()
    },
  },
  '003-grants': {
    async up(db: Kysely<unknown>) {
      for (const name of ['escalate_ms', 'escalated_ms']) {
        await db.schema.alterTable('sallyport_approvals').addColumn(name, 'bigint').execute()
      }
      for (const name of ['groups', 'via', 'on_behalf']) {
        await db.schema
          .alterTable('sallyport_votes')
          .addColumn(name, 'text', (column) => column.notNull().defaultTo(''))
          .execute()
      }
      await db.schema
        .createTable('sallyport_grants')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('holder', 'text', (column) => column.notNull())
        .addColumn('holder_name', 'text', (column) => column.notNull())
        .addColumn('target', 'text', (column) => column.notNull())
        .addColumn('database', 'text', (column) => column.notNull())
        .addColumn('approvers', 'text', (column) => column.notNull())
        .addColumn('approver_keys', 'text', (column) => column.notNull())
        .addColumn('rules', 'text', (column) => column.notNull())
        .addColumn('groups', 'text', (column) => column.notNull())
        .addColumn('reason', 'text', (column) => column.notNull())
        .addColumn('break_glass', 'bigint', (column) => column.notNull())
        .addColumn('from_ms', 'bigint', (column) => column.notNull())
        .addColumn('until_ms', 'bigint', (column) => column.notNull())
        .addColumn('ended_ms', 'bigint')
        .addColumn('ended_by', 'text')
        .addColumn('ended_reason', 'text')
        .addColumn('reviewed_ms', 'bigint')
        .addColumn('reviewed_by', 'text')
        .addColumn('review', 'text')
        .execute()
      await db.schema
        .createIndex('sallyport_grants_until')
        .on('sallyport_grants')
        .columns(['until_ms'])
        .execute()
      await db.schema
        .createTable('sallyport_delegations')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('from_key', 'text', (column) => column.notNull())
        .addColumn('from_name', 'text', (column) => column.notNull())
        .addColumn('to_key', 'text', (column) => column.notNull())
        .addColumn('groups', 'text', (column) => column.notNull())
        .addColumn('reason', 'text', (column) => column.notNull())
        .addColumn('from_ms', 'bigint', (column) => column.notNull())
        .addColumn('until_ms', 'bigint', (column) => column.notNull())
        .addColumn('ended_ms', 'bigint')
        .execute()
    },
  },
  '004-rows-max': {
    async up(db: Kysely<unknown>) {
      await db.schema.alterTable('sallyport_votes').addColumn('rows_max', 'bigint').execute()
    },
  },
  '005-followed-labels': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('sallyport_followed_labels')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('target', 'text', (column) => column.notNull())
        .addColumn('database', 'text', (column) => column.notNull())
        .addColumn('place', 'text', (column) => column.notNull())
        .addColumn('oid', 'bigint', (column) => column.notNull())
        .addColumn('before_oid', 'bigint', (column) => column.notNull())
        .addColumn('attnum', 'bigint', (column) => column.notNull())
        .addColumn('schema_name', 'text', (column) => column.notNull())
        .addColumn('relation', 'text', (column) => column.notNull())
        .addColumn('column_name', 'text', (column) => column.notNull())
        .addColumn('labels', 'text', (column) => column.notNull())
        .addColumn('source', 'text', (column) => column.notNull())
        .addColumn('kept', 'bigint', (column) => column.notNull())
        .addColumn('bound', 'bigint', (column) => column.notNull())
        .addColumn('session', 'text', (column) => column.notNull())
        .addColumn('command', 'bigint', (column) => column.notNull())
        .addColumn('by', 'text', (column) => column.notNull())
        .addColumn('created_ms', 'bigint', (column) => column.notNull())
        .addColumn('dismissed_ms', 'bigint')
        .addColumn('dismissed_by', 'text')
        .addColumn('dismissed_reason', 'text')
        .execute()
    },
  },
}

// Several gateways may start at once: the migrator takes a lock of its own.
export async function migrate<Tables>(db: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) },
    migrationTableName: 'sallyport_migrations',
    migrationLockTableName: 'sallyport_migrations_lock',
  })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) {
    const why = error instanceof Error ? error.message : 'unknown'
    throw new GatewayError('state_failed', `the state store cannot be brought up to date: ${why}`, {
      cause: error,
    })
  }
}
