// Settings by class: the same table judges SET, set_config and startup parameters.
import t from 'tap'
import { settingClass, settingValueClass } from '../../../../engine/facts/postgres/settings.js'

t.test('what changes reading, rights, logs or code is never harmless', async (t) => {
  const kinds = {
    reading: ['standard_conforming_strings', 'client_encoding', 'backslash_quote'],
    names: ['search_path'],
    rights: ['role', 'session_authorization', 'session_replication_role', 'row_security'],
    logging: ['log_statement', 'debug_print_parse', 'client_min_messages'],
    loading: ['local_preload_libraries', 'session_preload_libraries', 'dynamic_library_path'],
  }
  for (const [word, names] of Object.entries(kinds)) {
    for (const name of names) t.equal(settingClass(name), word, name)
  }
})

t.test('case does not matter, and what is not known is unknown', async (t) => {
  t.equal(settingClass('TimeZone'), 'harmless')
  t.equal(settingClass('DateStyle'), 'harmless')
  t.equal(settingClass('SEARCH_PATH'), 'names')
  t.equal(settingClass('no_such_setting'), 'unknown')
  t.equal(settingClass('constructor'), 'unknown')
  t.equal(settingClass(''), 'unknown')
  t.equal(settingClass('myapp.tenant'), 'custom')
})

t.test('a setting may be harmless for the values that change nothing', async (t) => {
  t.equal(settingValueClass('client_encoding', 'utf8'), 'harmless')
  t.equal(settingValueClass('client_encoding', 'UTF-8'), 'harmless')
  t.equal(settingValueClass('client_encoding', 'SQL_ASCII'), 'reading')
  t.equal(settingValueClass('standard_conforming_strings', 'ON'), 'harmless')
  t.equal(settingValueClass('standard_conforming_strings', 'off'), 'reading')
  t.equal(settingValueClass('standard_conforming_strings', undefined), 'reading')
  t.equal(settingValueClass('client_min_messages', 'warning'), 'harmless')
  t.equal(settingValueClass('client_min_messages', 'debug1'), 'logging')
  t.equal(settingValueClass('row_security', 'off'), 'rights')
})
