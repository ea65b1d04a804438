// The parameters of a StartupMessage (55.7): read strictly, then held against a list of what a client
// may set before it is known. Everything else is refused by name, since a parameter is a SET that no
// policy sees.
import { textOf } from './wire-bytes.js'

export type StartupParameters = {
  readonly user: string
  readonly database: string
  readonly application: string
  // What is set on the target's own connection, under the names the target knows.
  readonly settings: ReadonlyMap<string, string>
  // Protocol extensions asked for (`_pq_.…`); none is known.
  readonly extensions: readonly string[]
}

export type StartupRefusal = {
  readonly sqlstate: string
  readonly message: string
  readonly hint?: string
}

// Lower-cased names of settings that change nothing but presentation and time limits.
const SETTABLE = new Set([
  'datestyle',
  'timezone',
  'intervalstyle',
  'extra_float_digits',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'default_transaction_isolation',
  'default_transaction_read_only',
  'bytea_output',
])

const PARAMETERS_MAX = 64
const VALUE_BYTES_MAX = 1024

export function isRefusal<T extends object>(found: T | StartupRefusal): found is StartupRefusal {
  return 'sqlstate' in found
}

// `body` is what follows the version: pairs of zero-ended strings and one zero byte.
export function startupParameters(body: Buffer): StartupParameters | StartupRefusal {
  const pairs = pairsOf(body)
  if (isRefusal(pairs)) return pairs
  const settings = new Map<string, string>()
  const named = new Map<string, string>()
  const extensions: string[] = []
  for (const [name, value] of pairs) {
    if (named.has(name) || settings.has(name.toLowerCase())) return twice(name)
    if (extensions.includes(name)) return twice(name)
    if (name.startsWith('_pq_.')) {
      extensions.push(name)
      continue
    }
    const refused = NAMED.has(name) ? undefined : put(settings, name, value)
    if (refused !== undefined) return refused
    named.set(name, value)
  }
  const refused = replication(named) ?? encoding(named) ?? options(named, settings)
  if (refused !== undefined) return refused
  const user = named.get('user') ?? ''
  if (user === '') return { sqlstate: '28000', message: 'the startup message names no user' }
  return {
    user,
    database: named.get('database') ?? user,
    application: (named.get('application_name') ?? '').slice(0, 256),
    settings,
    extensions,
  }
}

const NAMED = new Set([
  'user',
  'database',
  'application_name',
  'client_encoding',
  'replication',
  'options',
])

function pairsOf(body: Buffer): readonly (readonly [string, string])[] | StartupRefusal {
  const malformed = { sqlstate: '08P01', message: 'the startup message is malformed' }
  const pairs: [string, string][] = []
  let at = 0
  const text = (): string | undefined => {
    const end = body.indexOf(0, at)
    if (end < 0) return undefined
    const found = textOf(body, at, end)
    at = end + 1
    return found
  }
  for (;;) {
    const name = text()
    if (name === undefined) return malformed
    if (name === '') return at === body.length ? pairs : malformed
    const value = text()
    if (value === undefined || pairs.length === PARAMETERS_MAX) return malformed
    pairs.push([name, value])
  }
}

// PostgreSQL takes the last of two; a reader that takes the first would see another user.
function twice(name: string): StartupRefusal {
  return { sqlstate: '08P01', message: `the startup parameter “${shown(name)}” is given twice` }
}

function put(
  settings: Map<string, string>,
  name: string,
  value: string,
): StartupRefusal | undefined {
  const lower = name.toLowerCase()
  if (!SETTABLE.has(lower)) {
    return {
      sqlstate: '42501',
      message: `the startup parameter “${shown(name)}” may not be set through the gateway`,
      hint: 'Connect without it and use SET, which your policies decide on.',
    }
  }
  if (Buffer.byteLength(value) > VALUE_BYTES_MAX) {
    return {
      sqlstate: '22023',
      message: `the value of the startup parameter “${lower}” is too long`,
    }
  }
  if (settings.has(lower)) return twice(name)
  settings.set(lower, value)
  return undefined
}

function replication(named: ReadonlyMap<string, string>): StartupRefusal | undefined {
  const value = (named.get('replication') ?? 'false').toLowerCase()
  if (['false', 'off', 'no', '0', ''].includes(value)) return undefined
  return {
    sqlstate: '0A000',
    message: 'replication connections are not taken: they hand out rows that no policy can read',
  }
}

function encoding(named: ReadonlyMap<string, string>): StartupRefusal | undefined {
  const value = (named.get('client_encoding') ?? 'UTF8').replaceAll(/['"]/g, '').toLowerCase()
  if (['utf8', 'utf-8', 'unicode', 'auto'].includes(value)) return undefined
  return {
    sqlstate: '22023',
    message: `client_encoding “${shown(value)}” is not taken: the gateway reads UTF8 alone`,
    hint: 'Set PGCLIENTENCODING=UTF8, or leave it out.',
  }
}

// `options` holds command-line switches: -c name=value and --name=value, a backslash escaping a blank
// (pg_split_opts). Nothing but settings from the list above.
function options(
  named: ReadonlyMap<string, string>,
  settings: Map<string, string>,
): StartupRefusal | undefined {
  const words = (named.get('options') ?? '').split(/(?<!\\)\s+/).filter((word) => word !== '')
  for (let at = 0; at < words.length; at++) {
    let word = words[at] ?? ''
    if (word === '-c') word = `-c${words[++at] ?? ''}`
    const found = /^(?:-c|--)([A-Za-z_][\w.-]*)=(.*)$/s.exec(word)
    if (found === null) {
      return {
        sqlstate: '42501',
        message: 'the startup parameter “options” holds more than settings',
      }
    }
    const [, name = '', value = ''] = found
    const refused = put(settings, name.replaceAll('-', '_'), value.replaceAll(/\\(.)/gs, '$1'))
    if (refused !== undefined) return refused
  }
  return undefined
}

function shown(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 64)
}
