// A table of the system's own relations that hold secrets, data of users, or what others are doing.
// Each has a label, so that policies can speak of them; where only some columns matter, they are named.
import type { Relation } from './catalogue.js'

// `columns` alone have the label, or all but `others`.
type Entry = {
  readonly label: string
  readonly columns?: readonly string[]
  readonly others?: readonly string[]
}

const CREDENTIALS = 'system:credentials'
const STATISTICS = 'system:statistics'
const ACTIVITY = 'system:activity'
const CONFIGURATION = 'system:configuration'
const REPLICATION = 'system:replication'
const LARGE_OBJECTS = 'system:large_objects'
// Out-of-line parts of users' values.
const TOAST = 'system:toast'

// What of statistics names what they are about, and how many values are NULL. All else is worked out from
// values, how often they occur and how long they are included.
const ABOUT: readonly string[] = [
  ...['starelid', 'staattnum', 'stainherit', 'stanullfrac'],
  ...['stxoid', 'stxdinherit', 'schemaname', 'tablename', 'attname', 'inherited', 'null_frac'],
  ...['statistics_schemaname', 'statistics_name', 'statistics_owner', 'attnames', 'kinds'],
]

// All that policies can meet; the last is that of functions that read pages.
export const SYSTEM_LABELS: readonly string[] = [
  CREDENTIALS,
  STATISTICS,
  ACTIVITY,
  CONFIGURATION,
  REPLICATION,
  LARGE_OBJECTS,
  TOAST,
  'system:pages',
]

const ENTRIES: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ['pg_authid', { label: CREDENTIALS }],
  ['pg_shadow', { label: CREDENTIALS }],
  ['pg_user_mapping', { label: CREDENTIALS }],
  ['pg_user_mappings', { label: CREDENTIALS }],
  ['pg_subscription', { label: CREDENTIALS, columns: ['subconninfo'] }],
  ['pg_stat_wal_receiver', { label: CREDENTIALS, columns: ['conninfo'] }],
  ['pg_foreign_server', { label: CREDENTIALS, columns: ['srvoptions'] }],
  ['pg_foreign_data_wrapper', { label: CREDENTIALS, columns: ['fdwoptions'] }],
  ['user_mapping_options', { label: CREDENTIALS }],
  ['foreign_server_options', { label: CREDENTIALS }],
  ['_pg_user_mappings', { label: CREDENTIALS }],
  ['_pg_foreign_servers', { label: CREDENTIALS }],
  // Most common values and histogram bounds are copies of users' data (CVE-2025-8713).
  ['pg_statistic', { label: STATISTICS, others: ABOUT }],
  ['pg_statistic_ext_data', { label: STATISTICS, others: ABOUT }],
  ['pg_stats', { label: STATISTICS, others: ABOUT }],
  ['pg_stats_ext', { label: STATISTICS, others: ABOUT }],
  ['pg_stats_ext_exprs', { label: STATISTICS, others: ABOUT }],
  // Texts of other sessions' statements, with their literals.
  ['pg_stat_activity', { label: ACTIVITY, columns: ['query'] }],
  ['pg_stat_statements', { label: ACTIVITY, columns: ['query'] }],
  ['pg_prepared_statements', { label: ACTIVITY, columns: ['statement'] }],
  ['pg_cursors', { label: ACTIVITY, columns: ['statement'] }],
  ['pg_prepared_xacts', { label: ACTIVITY, columns: ['gid'] }],
  ['pg_hba_file_rules', { label: CONFIGURATION }],
  ['pg_ident_file_mappings', { label: CONFIGURATION }],
  ['pg_file_settings', { label: CONFIGURATION }],
  ['pg_db_role_setting', { label: CONFIGURATION }],
  ['pg_replication_slots', { label: REPLICATION }],
  ['pg_stat_replication', { label: REPLICATION }],
  ['pg_stat_subscription', { label: REPLICATION }],
  ['pg_replication_origin_status', { label: REPLICATION }],
  ['pg_largeobject', { label: LARGE_OBJECTS }],
])

// Names that extensions install in schemas of the users' choice.
const ANYWHERE = new Set(['pg_stat_statements'])

// Labels of a read of these columns of a system relation, [] for most. Without columns: all of it.
export function systemLabels(
  relation: Pick<Relation, 'schema' | 'name' | 'system'>,
  columns?: readonly string[],
): readonly string[] {
  if (!relation.system && !ANYWHERE.has(relation.name)) {
    return relation.schema === 'pg_toast' ? [TOAST] : []
  }
  const entry = ENTRIES.get(relation.name)
  if (entry === undefined) return relation.schema === 'pg_toast' ? [TOAST] : []
  if (columns === undefined) return [entry.label]
  const { columns: labelled = columns, others = [] } = entry
  const touched =
    (entry.columns === undefined && entry.others === undefined) ||
    columns.some((column) => labelled.includes(column) && !others.includes(column))
  return touched ? [entry.label] : []
}

/** Of a single column, where it can be masked like a column of users. */
export function systemColumnLabels(
  relation: Pick<Relation, 'schema' | 'name' | 'system'>,
  column: string,
): readonly string[] {
  return systemLabels(relation, [column]).filter((label) => label === STATISTICS)
}

/** `pg_catalog.pg_stats` and its like, as effects name them. */
export function isAboutStatistics(object: string): boolean {
  return ENTRIES.get(object.replace(/^pg_catalog\./, ''))?.label === STATISTICS
}

/** Masked at the source like a relation of users. */
export function holdsStatistics(relation: Pick<Relation, 'name' | 'system'>): boolean {
  return relation.system && ENTRIES.get(relation.name)?.label === STATISTICS
}
