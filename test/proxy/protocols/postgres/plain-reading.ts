// A reader for tests of the relay alone: it knows a handful of statements by their first words and the
// columns `ssn` and `card`, and nothing about names. The real one is tested on its own.
import type {
  Control,
  OutputColumn,
  Reading,
  Statement,
} from '../../../../engine/facts/postgres/reading.js'
import type { Effect, Flow } from '../../../../engine/schemas/facts.js'

let ids = 0
const known = new Map<string, Reading>()

export function plainReading(text: string): Reading {
  let reading = known.get(text)
  if (reading === undefined) {
    reading = { id: ++ids, statements: statementsOf(text) }
    known.set(text, reading)
  }
  return reading
}

function statementsOf(text: string): readonly Statement[] {
  const statements: Statement[] = []
  let start = 0
  for (const part of text.split(';')) {
    const bytes = Buffer.byteLength(part)
    if (part.trim() !== '') statements.push(statementOf(part.trim(), start, start + bytes))
    start += bytes + 1
  }
  return statements
}

function statementOf(text: string, start: number, end: number): Statement {
  const words = text.split(/\s+/)
  const control = controlOf(text, words)
  const inner =
    control.kind === 'prepare' || control.kind === 'declare' ? control.statement : undefined
  const first = (words[0] ?? '').toLowerCase()
  const op = OPERATIONS.get(first) ?? 'unknown'
  const named = /\b(?:ssn|card)\b/.test(text) && first === 'select'
  const effects: Effect[] = [{ op, object: words[2] ?? '', kind: 'table' }]
  const flows: Flow[] = named
    ? [{ from: 'public.people.ssn', labels: ['pii'], to: 'output', output: 0, through: [] }]
    : []
  const returns = first === 'select' || first === 'fetch' || first === 'execute' || first === 'show'
  const output: OutputColumn = {
    sources: named ? ['public.people.ssn'] : [],
    labels: named ? ['pii'] : [],
    copy: true,
    origin: { table: 0, attnum: 0 },
  }
  const changes = first === 'create' || first === 'drop' || first === 'alter'
  return {
    command: {
      protocol: 'postgres',
      effects: inner === undefined ? effects : [...effects, ...inner.command.effects],
      flows,
      unread: [],
      postgres: { tag: first.toUpperCase(), limited: -1, returns_rows: returns },
    },
    control,
    outputs: returns ? [output] : undefined,
    invalidates: { catalogue: changes, names: changes || (first === 'set' && /path/.test(text)) },
    start,
    end,
  }
}

const OPERATIONS = new Map<string, Effect['op']>([
  ['select', 'read'],
  ['insert', 'insert'],
  ['update', 'update'],
  ['delete', 'delete'],
  ['truncate', 'truncate'],
  ['create', 'create'],
  ['alter', 'alter'],
  ['drop', 'drop'],
  ['copy', 'copy_in'],
  ['set', 'set'],
  ['show', 'read'],
  ['begin', 'transaction'],
  ['commit', 'transaction'],
  ['rollback', 'transaction'],
  ['savepoint', 'transaction'],
  ['release', 'transaction'],
  ['prepare', 'read'],
  ['execute', 'read'],
  ['deallocate', 'read'],
  ['declare', 'read'],
  ['fetch', 'read'],
  ['close', 'read'],
  ['discard', 'set'],
  ['listen', 'listen'],
  ['notify', 'notify'],
])

function controlOf(text: string, words: readonly string[]): Control {
  const name = words[1] ?? ''
  const inner = (): Statement =>
    statementOf(text.replace(/^[\s\S]*?\b(?:as|for)\s+(?=select|insert|drop)/i, ''), 0, 0)
  switch ((words[0] ?? '').toLowerCase()) {
    case 'begin':
    case 'commit':
      return { kind: words[0]?.toLowerCase() === 'begin' ? 'begin' : 'commit' }
    case 'rollback':
      return words[1] === undefined
        ? { kind: 'rollback' }
        : { kind: 'rollback_to', name: words.at(-1) ?? '' }
    case 'savepoint':
      return { kind: 'savepoint', name }
    case 'prepare':
      return { kind: 'prepare', name: name.replace(/\(.*/, ''), statement: inner() }
    case 'execute':
      return { kind: 'execute', name: name.replace(/\(.*/, ''), explain: false }
    case 'deallocate':
      return { kind: 'deallocate', name: name.toLowerCase() === 'all' ? undefined : name }
    case 'declare':
      return { kind: 'declare', name, statement: inner() }
    case 'fetch':
      return { kind: 'fetch', name: words.at(-1) ?? '', move: false }
    case 'close':
      return { kind: 'close', name }
    case 'discard':
      return { kind: 'discard', what: 'all' }
    default:
      return { kind: 'none' }
  }
}
