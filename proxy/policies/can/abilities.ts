// Everything that somebody might want to do with a database, as one table: each operation on each kind of
// object and on each object that the catalogue knows, in the variants that make a difference to rules. What
// a text says best is a text, and read by the real reader; the rest is effects.
import type { Catalogue, Relation } from '../../../engine/facts/postgres/catalogue.js'
import { objectName, relationKind } from '../../../engine/facts/postgres/relation-effect.js'
import type { Effect, ObjectKind, Operation } from '../../../engine/schemas/facts.js'

export type Ability = {
  readonly op: Operation
  // What it is done to: the name of an object, or what kind of thing.
  readonly thing: string
  // Things of one class are named together once all of them are there.
  readonly class: string
  // How it is done; '' where there is but one way.
  readonly variant: string
  readonly means: { readonly sql: string } | { readonly effects: readonly Effect[] }
}

export function abilitiesOf(catalogue: Catalogue): readonly Ability[] {
  const relations = (catalogue.userRelations ?? []).filter(
    ({ system, temporary, kind }) => !system && !temporary && !'tci'.includes(kind.toLowerCase()),
  )
  return [
    ...relations.flatMap(onRelation),
    ...CREATED.flatMap(([kind, details]) => created(kind, details)),
    ...CHANGED.flatMap(changed),
    ...CALLED.map((detail) => one('call', 'function', 'functions', detail, { detail })),
    ...SETTINGS.map((detail) => one('set', 'setting', 'settings', detail, { detail })),
    one('set', 'setting', 'search_path', '', { object: 'search_path', detail: 'names' }),
    ...SYSTEM.map((name): Ability => text('read', name, 'system tables', '', `TABLE ${name}`)),
    ...OTHERS.map(([op, kind, thing]) => one(op, kind, thing, '', {})),
  ]
}

function onRelation(relation: Relation): readonly Ability[] {
  const kind = relationKind(relation)
  if (kind === 'sequence' || kind === 'index')
    return [on(relation, 'read', ''), on(relation, 'drop', '')]
  const plain = relation.columns.filter(({ labels }) => labels.length === 0)
  const labelled = relation.columns.filter(({ labels }) => labels.length > 0)
  const name = quoted(relation)
  const found: Ability[] = []
  const add = (op: Operation, variant: string, more: Partial<Effect> = {}): void => {
    found.push(on(relation, op, variant, more))
  }
  const names = plain.map((column) => column.name).sort()
  const read = on(relation, 'read', '', { columns: names })
  found.push({ ...read, class: `unlabelled columns of ${read.class}` })
  if (labelled.length === 0) {
    const whole = onText(relation, 'copy_out', `COPY ${name} TO STDOUT`)
    found.push({ ...whole, class: `${whole.class} without labelled columns` })
  }
  for (const column of labelled) {
    const own = `${objectName(relation)}.${column.name}`
    const sql = identifier(column.name)
    const uses = [
      ['selected', `SELECT ${sql} FROM ${name}`],
      ['compared', `SELECT 1 FROM ${name} ORDER BY ${sql}`],
      ['copied out', `COPY (SELECT ${sql} FROM ${name}) TO STDOUT`],
    ] as const
    for (const [use, statement] of uses) {
      found.push(text('read', own, `columns labelled ${column.labels[0] ?? ''}`, use, statement))
    }
  }
  if (kind === 'materialized_view') {
    add('drop', '')
    return found
  }
  const columns = { columns: names }
  add('insert', '', columns)
  add('copy_in', '', columns)
  for (const where of ['absent', 'range', 'equality', 'key'] as const) {
    add('update', WHERE[where], { ...columns, where })
    add('delete', WHERE[where], { where })
  }
  if (kind === 'table') add('truncate', '')
  add('alter', '')
  add('drop', '')
  add('lock', '')
  return found
}

const WHERE = {
  absent: 'without WHERE',
  range: 'WHERE of a range',
  equality: 'WHERE of one value',
  key: 'WHERE of the key',
} as const

function on(
  relation: Relation,
  op: Operation,
  variant: string,
  more: Partial<Effect> = {},
): Ability {
  const kind = relationKind(relation)
  const effect: Effect = { op, object: objectName(relation), kind, ...more }
  return {
    op,
    thing: objectName(relation),
    class: PLURALS[kind] ?? kind,
    variant,
    means: { effects: [effect] },
  }
}

function onText(relation: Relation, op: Operation, sql: string): Ability {
  const kind = relationKind(relation)
  return text(op, objectName(relation), PLURALS[kind] ?? kind, '', sql)
}

function text(op: Operation, thing: string, group: string, variant: string, sql: string): Ability {
  return { op, thing, class: group, variant, means: { sql } }
}

function one(
  op: Operation,
  kind: ObjectKind,
  thing: string,
  variant: string,
  more: Partial<Effect>,
): Ability {
  return {
    op,
    thing,
    class: thing,
    variant,
    means: { effects: [{ op, object: NOT_THERE, kind, ...more }] },
  }
}

// Of something that no rule names.
const NOT_THERE = 'public.something'

const PLURALS: Readonly<Partial<Record<ObjectKind, string>>> = {
  table: 'tables',
  view: 'views',
  materialized_view: 'materialized views',
  foreign_table: 'foreign tables',
  sequence: 'sequences',
  index: 'indexes',
}

type Detail = '' | 'temporary' | 'replace' | 'security_definer' | 'event'

const CREATED: readonly (readonly [ObjectKind, readonly Detail[]])[] = [
  ['table', ['', 'temporary']],
  ['view', ['', 'temporary', 'replace']],
  ['materialized_view', ['']],
  ['sequence', ['', 'temporary']],
  ['index', ['']],
  ['function', ['', 'replace', 'security_definer']],
  ['trigger', ['', 'event']],
  ['rule', ['']],
  ['policy', ['']],
  ['type', ['']],
  ['schema', ['']],
  ['database', ['']],
  ['role', ['']],
  ['extension', ['']],
  ['language', ['']],
  ['server', ['']],
  ['publication', ['']],
  ['subscription', ['']],
  ['tablespace', ['']],
]

const DETAILS: Readonly<Record<Detail, string>> = {
  '': 'new',
  temporary: 'TEMPORARY',
  replace: 'OR REPLACE',
  security_definer: 'SECURITY DEFINER',
  event: 'on events',
}

function created(kind: ObjectKind, details: readonly Detail[]): readonly Ability[] {
  return details.map((detail) => {
    const more = detail === 'temporary' ? { temporary: true } : detail === '' ? {} : { detail }
    const thing = kind.replaceAll('_', ' ')
    return one('create', kind, thing, details.length === 1 ? '' : DETAILS[detail], more)
  })
}

// Existing things that the catalogue does not list one by one.
const CHANGED: readonly ObjectKind[] = [
  'function',
  'trigger',
  'rule',
  'policy',
  'type',
  'schema',
  'database',
  'role',
  'extension',
  'language',
  'server',
  'publication',
  'subscription',
  'tablespace',
]

function changed(kind: ObjectKind): readonly Ability[] {
  const thing = kind.replaceAll('_', ' ')
  return [one('alter', kind, thing, '', {}), one('drop', kind, thing, '', {})]
}

const CALLED = ['immutable', 'stable', 'volatile', 'opaque', 'security_definer'] as const

const SETTINGS = [
  'harmless',
  'reading',
  'rights',
  'logging',
  'loading',
  'server',
  'custom',
  'unknown',
] as const

const SYSTEM = [
  'pg_catalog.pg_class',
  'pg_catalog.pg_settings',
  'pg_catalog.pg_stat_activity',
  'pg_catalog.pg_stats',
  'pg_catalog.pg_authid',
]

const OTHERS: readonly (readonly [Operation, ObjectKind, string])[] = [
  ['transaction', 'transaction', 'transactions'],
  ['explain', 'statement', 'plans'],
  ['listen', 'channel', 'channels'],
  ['notify', 'channel', 'channels'],
  ['set', 'cursor', 'cursors'],
  ['read', 'large_object', 'large objects'],
  ['grant', 'table', 'rights'],
  ['revoke', 'table', 'rights'],
  ['execute_program', 'program', 'programs of the server'],
  ['read_file', 'file', 'files of the server'],
  ['write_file', 'file', 'files of the server'],
  ['network', 'other', 'connections of the server'],
  ['replicate', 'other', 'replication'],
  ['admin', 'other', 'upkeep of the server'],
  ['unknown', 'statement', 'what cannot be known beforehand'],
]

function quoted({ schema, name }: Relation): string {
  return `${identifier(schema)}.${identifier(name)}`
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
