// Which locks a command takes on relations, and what they keep others from (documentation 13.3.1). A table
// of PostgreSQL's own rules over the effects of a command; the strongest of each relation is told.
import type { Statement } from '../../../engine/facts/postgres/reading.js'
import type { Consequence } from '../../../engine/schemas/consequence.js'
import type { Effect } from '../../../engine/schemas/facts.js'
import type { Cascade } from './consequence-cascades.js'

type Lock = Consequence['locks'][number]

// From the weakest.
const MODES = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const

type Mode = (typeof MODES)[number]

const BLOCKS: Readonly<Record<Mode, string>> = {
  'ACCESS SHARE': 'dropping and altering it',
  'ROW SHARE': 'dropping and altering it; changes of the rows it locks',
  'ROW EXCLUSIVE': 'dropping and altering it; other changes of the same rows',
  'SHARE UPDATE EXCLUSIVE': 'vacuuming and altering it',
  SHARE: 'all changes of it',
  'SHARE ROW EXCLUSIVE': 'all changes of it',
  EXCLUSIVE: 'all changes of it; reading goes on',
  'ACCESS EXCLUSIVE': 'everybody, reading included',
}

const RELATIONS = new Set<Effect['kind']>([
  'table',
  'view',
  'materialized_view',
  'foreign_table',
  'system_table',
  'sequence',
  'index',
])

export function locksOf(
  { effects, postgres }: Statement['command'],
  cascades: readonly Cascade[],
): readonly Lock[] {
  const strongest = new Map<string, Mode>()
  const take = (object: string, mode: Mode | undefined): void => {
    if (mode === undefined) return
    const held = strongest.get(object)
    if (held === undefined || MODES.indexOf(held) < MODES.indexOf(mode)) strongest.set(object, mode)
  }
  for (const effect of effects) {
    if (RELATIONS.has(effect.kind)) take(effect.object, modeOf(effect, postgres.tag))
  }
  for (const { table, action } of cascades) take(table, modeOfCascade(action))
  return [...strongest].map(([object, mode]) => ({ object, mode, blocks: BLOCKS[mode] }))
}

function modeOf({ op, detail }: Effect, tag: string): Mode | undefined {
  switch (op) {
    case 'read':
    case 'copy_out':
    case 'explain':
      return 'ACCESS SHARE'
    case 'insert':
    case 'update':
    case 'delete':
    case 'copy_in':
      return 'ROW EXCLUSIVE'
    case 'truncate':
    case 'drop':
      return 'ACCESS EXCLUSIVE'
    case 'lock':
      return named(detail) ?? 'ROW SHARE'
    case 'create':
      return ON_TABLE.get(tag)
    case 'alter':
      return ON_TABLE.get(tag) ?? MILD_ALTER.get(detail ?? '') ?? 'ACCESS EXCLUSIVE'
    case 'admin':
      return ADMIN.get(detail ?? '')
    case 'grant':
    case 'revoke':
    case 'call':
    case 'set':
    case 'listen':
    case 'notify':
    case 'transaction':
    case 'execute_program':
    case 'read_file':
    case 'write_file':
    case 'network':
    case 'replicate':
    case 'unknown':
      return undefined
  }
}

// LOCK TABLE and SELECT FOR say theirs.
function named(detail: string | undefined): Mode | undefined {
  const words = (detail ?? '').toUpperCase().replaceAll('_', ' ')
  return MODES.find((mode) => mode === words)
}

// What is made on a table; CONCURRENTLY takes less.
const ON_TABLE: ReadonlyMap<string, Mode> = new Map([
  ['CREATE INDEX', 'SHARE'],
  ['CREATE TRIGGER', 'SHARE ROW EXCLUSIVE'],
])

// VACUUM FULL takes the strongest, and facts do not tell it from VACUUM.
const ADMIN: ReadonlyMap<string, Mode> = new Map([
  ['vacuum', 'ACCESS EXCLUSIVE'],
  ['analyze', 'SHARE UPDATE EXCLUSIVE'],
  ['cluster', 'ACCESS EXCLUSIVE'],
  ['reindex', 'SHARE'],
])

// Forms of ALTER TABLE with a weaker lock than the strongest (documentation of ALTER TABLE).
const MILD_ALTER: ReadonlyMap<string, Mode> = new Map([
  ['validate_constraint', 'SHARE UPDATE EXCLUSIVE'],
  ['set_statistics', 'SHARE UPDATE EXCLUSIVE'],
])

function modeOfCascade(action: string): Mode | undefined {
  switch (action) {
    case 'delete':
    case 'update':
    case 'set null':
    case 'set default':
      return 'ROW EXCLUSIVE'
    case 'truncate':
    case 'drop':
    case 'drop view':
    case 'drop materialized view':
    case 'drop foreign key':
      return 'ACCESS EXCLUSIVE'
    default:
      return undefined
  }
}
