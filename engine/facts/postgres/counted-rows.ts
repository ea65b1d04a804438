// Whether the target's own count tells how many rows a statement changes. CommandComplete counts what the
// outermost INSERT, UPDATE, DELETE, MERGE or COPY FROM did, and nothing else: a statement that changes rows
// in any other way has none, and may not run where their number is limited.
import type { Node } from 'libpg-query'
import type { Effect } from '../../schemas/facts.js'
import type { Statement } from './reading.js'

// A member of WITH that modifies is counted by nobody. The whole tree is looked through: where it may
// stand is PostgreSQL's to say.
export function countsItsRows(node: Node): boolean {
  if ('CopyStmt' in node) return node.CopyStmt.is_from === true
  const body = MODIFYING.map((tag) => (node as Readonly<Record<string, unknown>>)[tag]).find(
    (found) => found !== undefined,
  )
  return body !== undefined && !modifiesWithin(body)
}

const MODIFYING = ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']

function modifiesWithin(value: unknown): boolean {
  const waiting: unknown[] = [value]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (typeof next !== 'object' || next === null) continue
    for (const [key, inner] of Object.entries(next)) {
      if (MODIFYING.includes(key)) return true
      if (typeof inner === 'object') waiting.push(inner)
    }
  }
  return false
}

// Why a statement cannot be held to a number of changed rows; undefined where it can, or changes none.
export function whyNotCounted(statement: CountedStatement): string | undefined {
  const { command, control } = statement
  // PREPARE runs nothing: its EXECUTE is counted.
  const { counted } = control.kind === 'prepare' ? control.statement : statement
  if (command.unread.length > 0) return 'it was not read with certainty'
  for (const effect of command.effects) {
    const why = objection(effect, counted === true)
    if (why !== undefined) return why
  }
  return undefined
}

export type CountedStatement = Pick<Statement, 'command' | 'control' | 'counted'>

function objection(effect: Effect, counted: boolean): string | undefined {
  const what = effect.object === '' ? effect.kind.replace('_', ' ') : effect.object
  switch (effect.op) {
    case 'insert':
    case 'update':
    case 'delete':
    case 'copy_in':
      return counted
        ? undefined
        : `the ${effect.op === 'copy_in' ? 'copy into' : effect.op + ' of'} ${what} is not counted by the database`
    case 'call':
      return callObjection(effect, what)
    case 'unknown':
      return effect.kind === 'rule' || effect.kind === 'view'
        ? `rules or triggers decide what happens to ${what}`
        : `what ${what} does is not known`
    case 'network':
      return `${what} is on another server, where it may not be undone`
    case 'truncate':
    case 'drop':
    case 'alter':
    case 'admin':
    case 'replicate':
    case 'execute_program':
    case 'write_file':
      return `${effect.op.replace('_', ' ')} has no count of rows`
    case 'read':
    case 'create':
    case 'grant':
    case 'revoke':
    case 'copy_out':
    case 'set':
    case 'lock':
    case 'listen':
    case 'notify':
    case 'transaction':
    case 'explain':
    case 'read_file':
      return undefined
  }
}

// Only what its owner declares to change nothing, and what is counted as the statement behind it.
function callObjection({ kind, detail }: Effect, what: string): string | undefined {
  if (kind === 'sequence' || kind === 'cursor') return undefined
  if (detail === 'immutable' || detail === 'stable' || detail === 'prepared') return undefined
  return `${what} may change rows that are not counted`
}
