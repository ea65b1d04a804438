// EXECUTE, EXPLAIN EXECUTE and FETCH name something made before: what they do is what that does. The
// facts of both are put together, so that a policy sees the read behind a FETCH.
import { boundMasks } from '../../../engine/facts/postgres/masks-written.js'
import type { Statement } from '../../../engine/facts/postgres/reading.js'
import { catalogueOf, readingOf } from './context.js'
import type { Rewritten } from '../../guard.js'
import type { Change, Portal, Prepared } from './memory.js'
import type { Failure } from './refuse.js'
import type { RelayState } from './relay-state.js'
import { rewrittenText } from './rewriting.js'
import { wordsAgain } from './row-words.js'

export type Resolved = {
  readonly statement: Statement
  readonly reading: number
  readonly to: Prepared | Portal | undefined
}

// 'wait': an earlier message must be answered first. 'reading': it is being read again elsewhere.
export function resolved(
  r: RelayState,
  statement: Statement,
  reading: number,
  earlier: readonly Change[],
): Resolved | Failure | 'wait' | 'reading' {
  const { control } = statement
  if (control.kind === 'execute') {
    const prepared =
      madeEarlier(earlier, 'statement', control.name) ?? r.memory.statement(control.name, r.segment)
    if (prepared === 'wait') return 'wait'
    if (prepared === undefined || prepared === 'gone' || !('text' in prepared)) {
      return unknown('26000', `prepared statement "${control.name}" does not exist`)
    }
    if (!freshened(r, prepared)) return 'reading'
    if (prepared.sent === 'void') return NOT_AS_SENT
    // What the target has under the name is what runs.
    const inner = prepared.sent?.statement ?? prepared.statement
    if (inner === undefined) return { statement, reading, to: prepared }
    if (control.explain && inner.command.flows.length > 0) {
      return unknown('0A000', 'EXPLAIN EXECUTE of a statement that reads protected columns')
    }
    return { ...joined(statement, inner, !control.explain), to: prepared }
  }
  if (control.kind === 'fetch') {
    const portal = madeEarlier(earlier, 'portal', control.name) ?? portalNow(r, control.name)
    if (portal === 'wait') return 'wait'
    if (portal === undefined || portal === 'gone' || 'text' in portal) {
      return unknown('34000', `cursor "${control.name}" does not exist`)
    }
    if (portal.policy !== r.parts.policy()?.id) {
      return unknown('34000', `the policies changed since cursor "${control.name}" was opened`)
    }
    if (portal.statement === undefined) return { statement, reading, to: portal }
    return { ...joined(statement, portal.statement, !control.move), to: portal }
  }
  return { statement, reading, to: undefined }
}

export const NOT_AS_SENT: Failure = {
  sqlstate: '0A000',
  message: 'the database changed since this statement was prepared, and with it how it is masked',
  hint: 'prepare the statement again',
}

export function isFailure(found: Resolved | Failure): found is Failure {
  return 'sqlstate' in found
}

// A portal outlives its run of messages only within a transaction, so that what came before must have
// been answered.
export function portalNow(r: RelayState, name: string): Portal | undefined | 'wait' {
  const portal = r.memory.portal(name, r.segment)
  const oldest = r.expected.head()
  const own = portal !== undefined && portal !== 'wait' && portal.segment === r.segment
  return oldest === undefined || oldest.segment === r.segment || own ? portal : 'wait'
}

// Reads a prepared statement again where its names may have changed. False: that takes a while.
export function freshened(r: RelayState, prepared: Prepared): boolean {
  const catalogue = catalogueOf(r)
  const { names } = r
  if (names === undefined) throw new Error('names are not known')
  if (prepared.catalogue === catalogue && prepared.names === names) return true
  const reading = readingOf(r, prepared.text)
  if (reading === undefined) return false
  const outer = reading.statements[0]
  prepared.reading = reading.id
  prepared.statement = prepared.wrapped && outer !== undefined ? preparedIn(outer) : outer
  prepared.catalogue = catalogue
  prepared.names = names
  if (typeof prepared.sent === 'object')
    prepared.sent = stillSent(r, prepared, prepared.sent, outer)
  return true
}

// The target has these words and no others: they hold as long as the client's would be put into the same.
function stillSent(
  r: RelayState,
  prepared: Prepared,
  sent: Rewritten,
  outer: Statement | undefined,
): Rewritten | 'void' {
  const { text } = prepared
  const again =
    sent.filters === undefined || outer === undefined
      ? rewrittenText(r, text, sent.masks)
      : wordsAgain(r, text, outer, sent)
  if (!('text' in again) || again.text !== sent.text) return 'void'
  return { ...sent, statement: prepared.wrapped ? preparedIn(again.statement) : again.statement }
}

// What a PREPARE prepares; anything else is itself.
export function preparedIn(statement: Statement): Statement {
  return statement.control.kind === 'prepare' ? statement.control.statement : statement
}

function madeEarlier(
  earlier: readonly Change[],
  kind: 'statement' | 'portal',
  name: string,
): Prepared | Portal | 'gone' | undefined {
  for (let i = earlier.length - 1; i >= 0; i--) {
    const change = earlier[i]
    if (change === undefined) continue
    if (change.kind === kind && change.name === name) return change.to ?? 'gone'
    if (kind === 'statement' && change.kind === 'statements_cleared') return 'gone'
    if (kind === 'portal' && change.kind === 'portals_cleared') return 'gone'
  }
  return undefined
}

function unknown(sqlstate: string, message: string): Failure {
  return { sqlstate, message }
}

// One object for one pair, with a number of its own, so that decisions about it can be found again.
const known = new WeakMap<object, WeakMap<object, { statement: Statement; reading: number }>>()
let numbers = 0

function joined(
  outer: Statement,
  inner: Statement,
  returnsItsRows: boolean,
): { readonly statement: Statement; readonly reading: number } {
  let pairs = known.get(inner.command)
  if (pairs === undefined) known.set(inner.command, (pairs = new WeakMap()))
  let pair = pairs.get(outer.command)
  if (pair === undefined) {
    pair = { reading: --numbers, statement: together(outer, inner, returnsItsRows) }
    pairs.set(outer.command, pair)
  }
  return pair
}

// What EXECUTE gives for the parameters counts as what Bind gives.
function writtenMasks(
  { given }: Statement,
  { command, parameters = [] }: Statement,
): Pick<Statement['command'], 'written_masks'> {
  const own = given === undefined ? [] : boundMasks(parameters, (place) => given[place - 1])
  const all = [...(command.written_masks ?? []), ...own]
  return all.length === 0 ? {} : { written_masks: all }
}

function together(outer: Statement, inner: Statement, returnsItsRows: boolean): Statement {
  return {
    command: {
      protocol: 'postgres',
      effects: [...outer.command.effects, ...inner.command.effects],
      flows: [...outer.command.flows, ...inner.command.flows],
      unread: [...outer.command.unread, ...inner.command.unread],
      ...writtenMasks(outer, inner),
      postgres: {
        tag: outer.command.postgres.tag,
        limited: outer.command.postgres.limited,
        returns_rows: outer.command.postgres.returns_rows || inner.command.postgres.returns_rows,
      },
    },
    control: outer.control,
    outputs: returnsItsRows ? inner.outputs : outer.outputs,
    // EXECUTE answers with the count of what it executes.
    ...(returnsItsRows && outer.control.kind === 'execute' && inner.counted === true
      ? { counted: true }
      : {}),
    ...(inner.filteredBy === undefined ? {} : { filteredBy: inner.filteredBy }),
    ...(outer.control.kind === 'execute' && inner.stored !== undefined
      ? { stored: inner.stored }
      : {}),
    invalidates: {
      catalogue: outer.invalidates.catalogue || inner.invalidates.catalogue,
      names: outer.invalidates.names || inner.invalidates.names,
    },
    start: outer.start,
    end: outer.end,
  }
}
