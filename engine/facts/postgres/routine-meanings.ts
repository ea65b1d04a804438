// A table of what the system's own functions do beyond computing a value. What is not listed and is
// declared immutable or stable does no more than that; what is not listed and volatile is a call of
// unknown effect. Names were taken from pg_proc of PostgreSQL 15 to 18.
import type { ObjectKind, Operation } from '../../schemas/facts.js'

export type Meaning =
  // Computes, sleeps, draws chance: nothing that outlasts the call.
  | { readonly what: 'harmless' }
  // Runs or reads what a text names: unread.
  | { readonly what: 'dynamic' }
  | {
      readonly what: 'effect'
      readonly op: Operation
      readonly kind: ObjectKind
      readonly detail?: string
      readonly label?: string
      // Place of the argument that names the object (a channel, a setting), from 0.
      readonly named?: number
    }

const HARMLESS: Meaning = { what: 'harmless' }
const DYNAMIC: Meaning = { what: 'dynamic' }

function effect(
  op: Operation,
  kind: ObjectKind,
  more: { readonly detail?: string; readonly label?: string; readonly named?: number } = {},
): Meaning {
  return { what: 'effect', op, kind, ...more }
}

const GROUPS: readonly (readonly [meaning: Meaning, names: string])[] = [
  [
    HARMLESS,
    `array_sample array_shuffle bernoulli system clock_timestamp current_query currtid2
     gen_random_uuid uuidv4 uuidv7 random random_normal setseed timeofday amvalidate
     pg_sleep pg_sleep_for pg_sleep_until pg_blocking_pids pg_safe_snapshot_blocking_pids
     pg_isolation_test_session_is_blocked pg_collation_actual_version
     pg_database_collation_actual_version pg_database_size pg_indexes_size pg_relation_size
     pg_table_size pg_tablespace_size pg_total_relation_size pg_is_in_recovery
     pg_is_wal_replay_paused pg_jit_available pg_last_committed_xact pg_last_xact_replay_timestamp
     pg_lock_status pg_notification_queue_usage pg_partition_ancestors pg_partition_tree
     pg_sequence_last_value pg_xact_commit_timestamp pg_xact_commit_timestamp_origin
     pg_xact_status txid_status pg_get_multixact_members pg_get_wait_events
     pg_stat_get_backend_io pg_stat_get_backend_wal pg_stat_get_io pg_stat_have_stats
     pg_stat_get_recovery_prefetch pg_stat_get_xact_blocks_fetched pg_stat_get_xact_blocks_hit
     pg_stat_get_xact_function_calls pg_stat_get_xact_function_self_time
     pg_stat_get_xact_function_total_time pg_stat_get_xact_numscans
     pg_stat_get_xact_tuples_deleted pg_stat_get_xact_tuples_fetched
     pg_stat_get_xact_tuples_hot_updated pg_stat_get_xact_tuples_inserted
     pg_stat_get_xact_tuples_newpage_updated pg_stat_get_xact_tuples_returned
     pg_stat_get_xact_tuples_updated pg_stat_clear_snapshot pg_stat_force_next_flush
     pg_control_checkpoint pg_control_init pg_control_recovery pg_control_system
     pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn
     pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_get_wal_replay_pause_state`,
  ],
  [
    DYNAMIC,
    `query_to_xml query_to_xml_and_xmlschema query_to_xmlschema cursor_to_xml cursor_to_xmlschema
     table_to_xml table_to_xml_and_xmlschema table_to_xmlschema schema_to_xml
     schema_to_xml_and_xmlschema schema_to_xmlschema database_to_xml
     database_to_xml_and_xmlschema database_to_xmlschema ts_stat`,
  ],
  [effect('call', 'sequence', { detail: 'sequence' }), 'nextval setval currval lastval'],
  [effect('notify', 'channel', { named: 0 }), 'pg_notify'],
  [
    effect('lock', 'other', { detail: 'advisory' }),
    `pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all
     pg_advisory_unlock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared
     pg_try_advisory_lock pg_try_advisory_lock_shared pg_try_advisory_xact_lock
     pg_try_advisory_xact_lock_shared`,
  ],
  [
    effect('read_file', 'function'),
    `pg_read_file pg_read_binary_file pg_ls_dir pg_ls_logdir pg_ls_waldir pg_ls_tmpdir
     pg_ls_archive_statusdir pg_ls_logicalmapdir pg_ls_logicalsnapdir pg_ls_replslotdir
     pg_ls_summariesdir pg_stat_file pg_current_logfile pg_hba_file_rules
     pg_ident_file_mappings pg_show_all_file_settings pg_get_loaded_modules
     pg_available_wal_summaries pg_wal_summary_contents`,
  ],
  [effect('read_file', 'large_object'), 'lo_import'],
  [effect('write_file', 'large_object'), 'lo_export'],
  [
    effect('read', 'large_object', { label: 'system:large_objects' }),
    'lo_get loread lo_open lo_close lo_lseek lo_lseek64 lo_tell lo_tell64',
  ],
  [effect('create', 'large_object'), 'lo_creat lo_create lo_from_bytea'],
  [effect('update', 'large_object'), 'lo_put lowrite lo_truncate lo_truncate64'],
  [effect('drop', 'large_object'), 'lo_unlink'],
  [
    effect('admin', 'function'),
    `pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile pg_promote
     pg_create_restore_point pg_switch_wal pg_backup_start pg_backup_stop pg_start_backup
     pg_stop_backup pg_wal_replay_pause pg_wal_replay_resume pg_log_backend_memory_contexts
     pg_log_standby_snapshot pg_stat_reset pg_stat_reset_backend_stats
     pg_stat_reset_replication_slot pg_stat_reset_shared pg_stat_reset_single_function_counters
     pg_stat_reset_single_table_counters pg_stat_reset_slru pg_stat_reset_subscription_stats
     pg_import_system_collations pg_extension_config_dump pg_stop_making_pinned_objects
     pg_nextoid brin_desummarize_range brin_summarize_new_values brin_summarize_range
     gin_clean_pending_list pg_clear_attribute_stats pg_clear_relation_stats
     pg_restore_attribute_stats pg_restore_relation_stats
     pg_get_backend_memory_contexts pg_get_shmem_allocations pg_get_shmem_allocations_numa
     pg_get_aios pg_get_wal_resource_managers pg_get_wal_summarizer_state
     binary_upgrade_add_sub_rel_state binary_upgrade_create_empty_extension
     binary_upgrade_logical_slot_has_caught_up binary_upgrade_replorigin_advance
     binary_upgrade_set_missing_value binary_upgrade_set_next_array_pg_type_oid
     binary_upgrade_set_next_heap_pg_class_oid binary_upgrade_set_next_heap_relfilenode
     binary_upgrade_set_next_index_pg_class_oid binary_upgrade_set_next_index_relfilenode
     binary_upgrade_set_next_multirange_array_pg_type_oid
     binary_upgrade_set_next_multirange_pg_type_oid binary_upgrade_set_next_pg_authid_oid
     binary_upgrade_set_next_pg_enum_oid binary_upgrade_set_next_pg_tablespace_oid
     binary_upgrade_set_next_pg_type_oid binary_upgrade_set_next_toast_pg_class_oid
     binary_upgrade_set_next_toast_relfilenode binary_upgrade_set_record_init_privs`,
  ],
  [
    effect('replicate', 'function'),
    `pg_copy_logical_replication_slot pg_copy_physical_replication_slot
     pg_create_logical_replication_slot pg_create_physical_replication_slot
     pg_drop_replication_slot pg_replication_slot_advance pg_sync_replication_slots
     pg_logical_emit_message pg_logical_slot_get_binary_changes pg_logical_slot_get_changes
     pg_logical_slot_peek_binary_changes pg_logical_slot_peek_changes
     pg_replication_origin_advance pg_replication_origin_create pg_replication_origin_drop
     pg_replication_origin_progress pg_replication_origin_session_is_setup
     pg_replication_origin_session_progress pg_replication_origin_session_reset
     pg_replication_origin_session_setup pg_replication_origin_xact_reset
     pg_replication_origin_xact_setup pg_show_replication_origin_status
     pg_get_replication_slots pg_stat_get_wal_receiver pg_stat_get_wal_senders
     pg_stat_get_subscription pg_export_snapshot`,
  ],
  [
    effect('read', 'function', { label: 'system:activity' }),
    `pg_stat_get_activity pg_stat_get_backend_activity pg_cursor pg_prepared_statement
     pg_prepared_xact`,
  ],
  [
    effect('read', 'function', { label: 'system:statistics' }),
    'pg_mcv_list_items pg_get_sequence_data',
  ],
]

const MEANINGS: ReadonlyMap<string, Meaning> = new Map(
  GROUPS.flatMap(([meaning, names]) =>
    names
      .split(/\s+/)
      .filter((name) => name !== '')
      .map((name) => [name, meaning] as const),
  ),
)

// Functions of well-known extensions, which may be installed in any schema. They can only become
// worse than a call of unknown effect by this, never better.
const EXTENSION_GROUPS: readonly (readonly [meaning: Meaning, names: RegExp])[] = [
  [effect('network', 'function'), /^(dblink|http|postgres_fdw_|odbc|oracle_|aws_(s3|lambda))/],
  [DYNAMIC, /^(crosstab|connectby|xpath_table|plpgsql_check|exec_sql|execute_immediate)/],
  [
    effect('read_file', 'function'),
    /^(pg_(read|ls|stat)_?(binary_)?(file|dir|logdir)|file_fdw|utl_file)/,
  ],
  [effect('write_file', 'function'), /^pg_file_(write|sync|rename|unlink)/],
  [
    effect('read', 'function', { label: 'system:pages' }),
    /^(get_raw_page|heap_page|bt_page|brin_page|gin_page|gist_page|hash_page|tuple_data_split|pg_buffercache|pgrowlocks|pgstat|pg_walinspect|pg_get_wal)/,
  ],
  [effect('read', 'function', { label: 'system:activity' }), /^pg_stat_statements(_info)?$/],
]

export function systemMeaning(name: string): Meaning | undefined {
  return MEANINGS.get(name)
}

export function extensionMeaning(name: string): Meaning | undefined {
  return EXTENSION_GROUPS.find(([, names]) => names.test(name))?.[0]
}
