// Statements that define things, call functions or change settings, as examples of generated effects; undefined
// where no short statement shows one. Names are those of `synthesisedDdl`.
import type { Effect } from '../../../engine/schemas/facts.js'

export type Text = string | undefined

export function createText({ kind, object, temporary, detail }: Effect): Text {
  const replacing = kind === 'view' || kind === 'function'
  if (detail !== undefined && !(detail === 'replace' && replacing)) return undefined
  const or = detail === 'replace' ? 'OR REPLACE ' : ''
  const name = temporary === true ? 'scratch' : object.replace(/^public\./, 'public.new_')
  const temp = temporary === true ? 'TEMPORARY ' : ''
  switch (kind) {
    case 'table':
      return `CREATE ${temp}TABLE ${name} (id int)`
    case 'view':
      return `CREATE ${or}${temp}VIEW ${name} AS SELECT 1 AS one`
    case 'materialized_view':
      return `CREATE MATERIALIZED VIEW ${name} AS SELECT 1 AS one`
    case 'sequence':
      return `CREATE ${temp}SEQUENCE ${name}`
    case 'index':
      return 'CREATE INDEX ON public.orders (note)'
    case 'function':
      return `CREATE ${or}FUNCTION ${name}() RETURNS int LANGUAGE sql AS 'SELECT 1'`
    case 'schema':
      return 'CREATE SCHEMA extra'
    case 'database':
      return 'CREATE DATABASE extra'
    case 'role':
      return 'CREATE ROLE extra'
    case 'type':
      return `CREATE TYPE ${name} AS ENUM ('a', 'b')`
    case 'extension':
      return 'CREATE EXTENSION hstore'
    case 'tablespace':
      return "CREATE TABLESPACE extra LOCATION '/srv/extra'"
    case 'publication':
      return 'CREATE PUBLICATION extra FOR TABLE public.orders'
    default:
      return undefined
  }
}

export function alterText({ kind, object, detail }: Effect): Text {
  if (detail !== undefined) return undefined
  switch (kind) {
    case 'table':
      return `ALTER TABLE ${object} ADD COLUMN extra int`
    case 'index':
    case 'view':
    case 'sequence':
      return `ALTER ${kind.toUpperCase()} ${object} RENAME TO renamed`
    case 'materialized_view':
      return `ALTER MATERIALIZED VIEW ${object} RENAME TO renamed`
    case 'function':
      return `ALTER FUNCTION ${object}() COST 10`
    case 'type':
      return `ALTER TYPE ${object} RENAME TO renamed`
    case 'role':
      return 'ALTER ROLE readers CREATEDB'
    default:
      return undefined
  }
}

export function dropText(effect: Effect): Text {
  const { kind, object, detail } = effect
  if (detail !== undefined && detail !== 'cascade') return undefined
  switch (kind) {
    case 'table':
    case 'view':
    case 'sequence':
    case 'index':
    case 'type':
      return `DROP ${kind.toUpperCase()} ${object}${cascade(effect)}`
    case 'materialized_view':
      return `DROP MATERIALIZED VIEW ${object}${cascade(effect)}`
    case 'function':
      return `DROP FUNCTION ${object}()${cascade(effect)}`
    case 'role':
      return 'DROP ROLE readers'
    case 'database':
      return 'DROP DATABASE extra'
    case 'schema':
      return `DROP SCHEMA sales${cascade(effect)}`
    default:
      return undefined
  }
}

export function callText({ object, detail, kind }: Effect): Text {
  if (kind !== 'function') return undefined
  const own = object === 'public.compute' ? undefined : object
  switch (detail) {
    case 'immutable':
    case 'stable':
    case 'volatile':
    case 'security_definer':
      return `SELECT ${own ?? `public.${detail}_function`}()`
    case 'sequence':
      return "SELECT nextval('public.order_ids')"
    default:
      return undefined
  }
}

export function settingText({ detail }: Effect): Text {
  switch (detail) {
    case 'harmless':
      return "SET application_name = 'x'"
    case 'names':
      return 'SET search_path = sales'
    case 'rights':
      return 'SET session_authorization = readers'
    default:
      return undefined
  }
}

export function cascade({ detail }: Effect): string {
  return detail === 'cascade' ? ' CASCADE' : ''
}
