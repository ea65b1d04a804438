// Prepared statements and cursors at SQL level: PREPARE, EXECUTE, DEALLOCATE, DECLARE, FETCH, MOVE,
// CLOSE, DISCARD. Their own facts are those of the statement inside; what a later EXECUTE or FETCH
// stands for is known to the session alone, so `control` says which one it is.
import type {
  DeallocateStmt,
  DeclareCursorStmt,
  DiscardStmt,
  ExecuteStmt,
  FetchStmt,
  PrepareStmt,
} from 'libpg-query'
import { readWithin } from './as-query.js'
import type { Statement } from '../reading.js'
import type { Context, Outcome, Readers } from './outcome.js'
import { constantsIn } from './written-masks.js'

export const PREPARED_READERS = {
  PrepareStmt: prepare,
  ExecuteStmt: execute,
  DeallocateStmt: deallocate,
  DeclareCursorStmt: declare,
  FetchStmt: fetchOrMove,
  ClosePortalStmt: (body, { analysis }) => {
    analysis.effect({ op: 'set', object: '', kind: 'cursor', detail: 'close' })
    return { tag: 'CLOSE CURSOR', control: { kind: 'close', name: body.portalname } }
  },
  DiscardStmt: discard,
} satisfies Readers

// Adds the facts of a statement that was read apart.
export function include(statement: Statement, { analysis }: Context): void {
  for (const effect of statement.command.effects) analysis.effect(effect)
  for (const flow of statement.command.flows) analysis.flow(flow)
  for (const item of statement.command.unread) analysis.unread(item.reason, item.detail)
  for (const mask of statement.command.written_masks ?? []) analysis.masks.found(mask)
}

function prepare(body: PrepareStmt, context: Context): Outcome {
  if (body.query === undefined) return { tag: 'PREPARE' }
  const statement = context.apart(body.query)
  include(statement, context)
  return { tag: 'PREPARE', control: { kind: 'prepare', name: body.name ?? '', statement } }
}

function execute(body: ExecuteStmt, context: Context): Outcome {
  for (const param of body.params ?? []) {
    readWithin(param, undefined, 'argument', context.analysis)
  }
  context.analysis.effect({ op: 'call', object: '', kind: 'statement', detail: 'prepared' })
  const name = body.name ?? ''
  const given = (body.params ?? []).map((param) => constantsIn(param).shapes[0])
  return {
    tag: 'EXECUTE',
    ...(given.some((shape) => shape !== undefined) ? { given } : {}),
    control: { kind: 'execute', name, explain: false },
    outputs: 'unknown',
  }
}

function deallocate(body: DeallocateStmt, { analysis }: Context): Outcome {
  analysis.effect({ op: 'set', object: '', kind: 'statement', detail: 'deallocate' })
  return {
    tag: body.isall === true ? 'DEALLOCATE ALL' : 'DEALLOCATE',
    control: { kind: 'deallocate', name: body.isall === true ? undefined : body.name },
  }
}

function declare(body: DeclareCursorStmt, context: Context): Outcome {
  if (body.query === undefined) return { tag: 'DECLARE CURSOR' }
  const statement = context.apart(body.query)
  include(statement, context)
  const name = body.portalname ?? ''
  const hold = ((body.options ?? 0) & CURSOR_HOLD) !== 0
  return { tag: 'DECLARE CURSOR', control: { kind: 'declare', name, statement, hold } }
}

// CURSOR_OPT_HOLD of parsenodes.h.
const CURSOR_HOLD = 0x20

function fetchOrMove(body: FetchStmt, { analysis }: Context): Outcome {
  const move = body.ismove === true
  const name = body.portalname ?? ''
  analysis.effect({ op: 'call', object: '', kind: 'cursor', detail: move ? 'move' : 'fetch' })
  const control = { kind: 'fetch', name, move } as const
  return move ? { tag: 'MOVE', control } : { tag: 'FETCH', control, outputs: 'unknown' }
}

const DISCARDS = {
  DISCARD_ALL: 'all',
  DISCARD_PLANS: 'plans',
  DISCARD_SEQUENCES: 'sequences',
  DISCARD_TEMP: 'temp',
} as const

function discard(body: DiscardStmt, { analysis }: Context): Outcome {
  const what = DISCARDS[body.target ?? 'DISCARD_ALL']
  analysis.effect({ op: 'set', object: 'discard', kind: 'other', detail: what })
  if (what === 'all' || what === 'temp') {
    analysis.invalidate('catalogue')
    analysis.invalidate('names')
  }
  return { tag: `DISCARD ${what.toUpperCase()}`, control: { kind: 'discard', what } }
}
