// What each operation can be about: a table of kinds of objects and closed words, as the reader of commands
// makes them. Combinations that no command has would only show flips that nobody can bring about.
import type { ObjectKind, Operation } from '../../../engine/schemas/facts.js'

export type OperationShape = {
  readonly kinds: readonly ObjectKind[]
  readonly details: readonly string[]
  // Sinks of values that a command with this operation can have.
  readonly flows: readonly string[]
  readonly columns?: boolean
  readonly where?: boolean
}

const READING = ['output', 'predicate', 'join', 'order', 'group', 'aggregate', 'argument'] as const
const RELATIONS = ['table', 'view', 'materialized_view', 'foreign_table'] as const
const DEFINED = [
  ...RELATIONS,
  'sequence',
  'index',
  'function',
  'schema',
  'database',
  'role',
  'type',
  'extension',
  'language',
  'server',
  'publication',
  'subscription',
  'trigger',
  'rule',
  'policy',
  'tablespace',
  'other',
] as const

export const OPERATION_SHAPES: Readonly<Record<Operation, OperationShape>> = {
  read: {
    kinds: [...RELATIONS, 'system_table', 'sequence', 'setting', 'large_object', 'function'],
    details: [],
    flows: READING,
    columns: true,
  },
  insert: { kinds: RELATIONS, details: [], flows: ['write', 'output'], columns: true },
  update: {
    kinds: [...RELATIONS, 'large_object', 'system_table'],
    details: [],
    flows: ['write', 'predicate', 'output'],
    columns: true,
    where: true,
  },
  delete: {
    kinds: [...RELATIONS, 'large_object', 'system_table'],
    details: [],
    flows: ['predicate', 'output'],
    where: true,
  },
  truncate: { kinds: ['table', 'foreign_table'], details: ['cascade'], flows: [] },
  create: { kinds: DEFINED, details: ['replace'], flows: ['write'] },
  alter: { kinds: DEFINED, details: ['rename', 'owner'], flows: [] },
  drop: { kinds: DEFINED, details: ['cascade'], flows: [] },
  grant: { kinds: ['table', 'role', 'schema', 'database', 'function'], details: [], flows: [] },
  revoke: { kinds: ['table', 'role', 'schema', 'database', 'function'], details: [], flows: [] },
  call: {
    kinds: ['function', 'cursor', 'statement'],
    details: [
      'immutable',
      'stable',
      'volatile',
      'security_definer',
      'opaque',
      'trigger',
      'sequence',
      'prepared',
      'fetch',
      'move',
    ],
    flows: ['argument'],
  },
  copy_in: { kinds: RELATIONS, details: [], flows: [], columns: true },
  copy_out: { kinds: [...RELATIONS, 'statement'], details: [], flows: ['copy'], columns: true },
  set: {
    kinds: ['setting', 'cursor', 'statement', 'role', 'other'],
    details: ['harmless', 'names', 'reading', 'rights'],
    flows: [],
  },
  lock: { kinds: RELATIONS, details: [], flows: [] },
  listen: { kinds: ['channel'], details: [], flows: [] },
  notify: { kinds: ['channel'], details: [], flows: ['notice'] },
  transaction: { kinds: ['transaction'], details: [], flows: [] },
  explain: { kinds: ['statement'], details: [], flows: ['predicate'] },
  execute_program: { kinds: ['program'], details: [], flows: [] },
  read_file: { kinds: ['file'], details: [], flows: [] },
  write_file: { kinds: ['file'], details: [], flows: ['copy'] },
  network: { kinds: ['server', 'subscription', 'other'], details: [], flows: [] },
  replicate: { kinds: ['publication', 'subscription', 'other'], details: [], flows: [] },
  admin: { kinds: ['setting', 'database', 'role', 'tablespace', 'other'], details: [], flows: [] },
  unknown: { kinds: ['statement', 'other'], details: [], flows: [] },
}

const OBJECT_KINDS_WITH_NAMES: readonly string[] = DEFINED

// May a value of a dimension stand beside an operation? '' is the ordinary value and fits wherever the
// dimension is optional.
export function fitsOperation(op: string, dimension: string, value: string): boolean {
  const shape = Object.hasOwn(OPERATION_SHAPES, op) ? OPERATION_SHAPES[op as Operation] : undefined
  if (shape === undefined) return true
  switch (dimension) {
    case 'kind':
      return shape.kinds.some((kind) => kind === value)
    case 'where':
      return value === '' || shape.where === true
    case 'detail':
      return value === '' || shape.details.includes(value) || isOpenTo(op, value)
    case 'flow':
      return value === '' || shape.flows.includes(value)
    case 'through':
      return value === '' || shape.flows.length > 0
    case 'label':
      return value === '' || shape.columns === true || shape.flows.length > 0
    case 'temporary':
    case 'object':
      return value === '' || shape.kinds.some((kind) => OBJECT_KINDS_WITH_NAMES.includes(kind))
    case 'setting':
      return value === '' || shape.kinds.includes('setting')
    case 'limited':
      return value === '' || op === 'read'
    case 'unread':
      return value === '' || op === 'unknown' || op === 'read' || op === 'call'
    default:
      return true
  }
}

// Operations that come with many words, of which the table holds those that are not in any policy; and words
// that it does not know at all, which may mean anything.
function isOpenTo(op: string, detail: string): boolean {
  if (['create', 'alter', 'drop', 'set', 'admin'].includes(op)) return true
  return !Object.values(OPERATION_SHAPES).some((shape) => shape.details.includes(detail))
}
