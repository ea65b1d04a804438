// What a setting of PostgreSQL is good for, so that SET, set_config and startup parameters are judged
// by one table. What the table does not name is `unknown`, and unknown is for the policy to refuse.

// harmless: presentation, plans and limits of the session itself. names: changes what
// unqualified names mean. reading: changes how text is read. rights: changes who acts or which checks hold. logging: makes the server write or send
// more than it would. loading: names code that the server loads. server: touches the server's own
// housekeeping. custom: a dotted name, which belongs to an extension or to nobody.
export const SETTING_CLASSES = [
  'harmless',
  'names',
  'reading',
  'rights',
  'logging',
  'loading',
  'server',
  'custom',
  'unknown',
] as const
export type SettingClass = (typeof SETTING_CLASSES)[number]

const BY_CLASS: Readonly<Record<Exclude<SettingClass, 'custom' | 'unknown'>, string>> = {
  harmless: `
    application_name array_nulls bytea_output client_connection_check_interval commit_siblings
    constraint_exclusion cursor_tuple_fraction datestyle debug_parallel_query
    default_statistics_target default_toast_compression default_transaction_deferrable
    default_transaction_isolation default_transaction_read_only effective_cache_size
    effective_io_concurrency escape_string_warning extra_float_digits force_parallel_mode
    from_collapse_limit gin_fuzzy_search_limit gin_pending_list_limit hash_mem_multiplier
    idle_in_transaction_session_timeout idle_session_timeout intervalstyle io_combine_limit
    join_collapse_limit lc_messages lc_monetary lc_numeric lc_time lock_timeout logical_decoding_work_mem
    maintenance_io_concurrency maintenance_work_mem max_parallel_maintenance_workers
    max_parallel_workers max_parallel_workers_per_gather md5_password_warnings
    min_parallel_index_scan_size min_parallel_table_scan_size parallel_leader_participation
    parallel_setup_cost parallel_tuple_cost plan_cache_mode random_page_cost
    recursive_worktable_factor seed seq_page_cost statement_timeout stats_fetch_consistency
    synchronize_seqscans synchronous_commit temp_buffers timezone transaction_deferrable
    transaction_isolation transaction_read_only transaction_timeout vacuum_buffer_usage_limit
    work_mem xmlbinary xmloption cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost geqo
    geqo_effort geqo_generations geqo_pool_size geqo_seed geqo_selection_bias geqo_threshold jit
    jit_above_cost jit_expressions jit_inline_above_cost jit_optimize_above_cost
    jit_tuple_deforming enable_async_append enable_bitmapscan enable_distinct_reordering
    enable_gathermerge enable_group_by_reordering enable_hashagg enable_hashjoin
    enable_incremental_sort enable_indexonlyscan enable_indexscan enable_material enable_memoize
    enable_mergejoin enable_nestloop enable_parallel_append enable_parallel_hash
    enable_partition_pruning enable_partitionwise_aggregate enable_partitionwise_join
    enable_presorted_aggregate enable_self_join_elimination enable_seqscan enable_sort
    enable_tidscan scram_iterations tcp_keepalives_count tcp_keepalives_idle
    tcp_keepalives_interval tcp_user_timeout wal_sender_timeout wal_skip_threshold`,
  reading: `
    backslash_quote check_function_bodies client_encoding default_table_access_method
    default_tablespace default_text_search_config default_with_oids icu_validation_level names
    operator_precedence_warning quote_all_identifiers standard_conforming_strings
    temp_tablespaces timezone_abbreviations transaction_snapshot transform_null_equals`,
  names: `
    search_path`,
  rights: `
    createrole_self_grant event_triggers is_superuser lo_compat_privileges password_encryption
    restrict_nonsystem_relation_kind role row_security session_authorization
    session_replication_role allow_system_table_mods allow_in_place_tablespaces`,
  logging: `
    client_min_messages compute_query_id debug_pretty_print debug_print_parse debug_print_plan
    debug_print_rewritten debug_print_raw_parse log_duration log_error_verbosity
    log_executor_stats log_lock_failures log_lock_waits log_min_duration_sample
    log_min_duration_statement log_min_error_statement log_min_messages log_parameter_max_length
    log_parameter_max_length_on_error log_parser_stats log_planner_stats log_replication_commands
    log_statement log_statement_sample_rate log_statement_stats log_temp_files
    log_transaction_sample_rate log_connections log_disconnections trace_locks trace_lwlocks
    trace_notify trace_sort track_activities track_cost_delay_timing track_counts track_functions
    track_io_timing track_wal_io_timing update_process_title backtrace_functions
    jit_dump_bitcode`,
  loading: `
    dynamic_library_path extension_control_path jit_debugging_support jit_profiling_support
    jit_provider local_preload_libraries session_preload_libraries shared_preload_libraries
    oauth_validator_libraries archive_library`,
  server: `
    backend_flush_after commit_delay deadlock_timeout debug_discard_caches
    debug_logical_replication_streaming exit_on_error file_copy_method ignore_checksum_failure
    ignore_system_indexes max_stack_depth post_auth_delay temp_file_limit vacuum_cost_delay
    vacuum_cost_limit vacuum_cost_page_dirty vacuum_cost_page_hit vacuum_cost_page_miss
    vacuum_failsafe_age vacuum_freeze_min_age vacuum_freeze_table_age
    vacuum_max_eager_freeze_failure_rate vacuum_multixact_failsafe_age
    vacuum_multixact_freeze_min_age vacuum_multixact_freeze_table_age vacuum_truncate
    wal_compression wal_consistency_checking wal_init_zero wal_recycle zero_damaged_pages`,
}

const CLASS_OF: ReadonlyMap<string, SettingClass> = new Map(
  SETTING_CLASSES.flatMap((word) =>
    word === 'custom' || word === 'unknown'
      ? []
      : BY_CLASS[word]
          .split(/\s+/)
          .filter((name) => name !== '')
          .map((name) => [name, word] as const),
  ),
)

// Settings compare without regard to case (guc_name_compare).
export function settingClass(name: string): SettingClass {
  const lower = name.toLowerCase()
  return CLASS_OF.get(lower) ?? (lower.includes('.') ? 'custom' : 'unknown')
}

// Some settings are harmless for some of their values only.
export function settingValueClass(name: string, value: string | undefined): SettingClass {
  const word = settingClass(name)
  if (value === undefined) return word
  const lower = name.toLowerCase()
  const wanted = value.trim().toLowerCase()
  if (lower === 'client_min_messages' && ['notice', 'warning', 'error'].includes(wanted)) {
    return 'harmless'
  }
  if (lower === 'standard_conforming_strings' && ['on', 'true', 'yes', '1'].includes(wanted)) {
    return 'harmless'
  }
  if (lower === 'client_encoding' && /^(utf-?8|unicode)$/.test(wanted)) return 'harmless'
  return lower === 'row_security' && ['on', 'true', 'yes', '1'].includes(wanted) ? 'harmless' : word
}
