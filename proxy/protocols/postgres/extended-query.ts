// The extended protocol (documentation 55.2.3): Parse is looked at for what would be refused whatever
// its values; Bind is where a command is judged and recorded, and held if need be; Execute goes on only
// while all that the judgement rested on still stands.
import type { Statement } from '../../../engine/facts/postgres/reading.js'
import type { CommandToJudge, Preview } from '../../guard.js'
import { bindOf, type BindParts } from './bind-message.js'
import { forward, insert, refuseExtended, swallow } from './client-writes.js'
import { catalogueOf, contextReady, drained, looksAgain, readingOf, resume } from './context.js'
import { entryOf } from './expected.js'
import { judged, runningsOf } from './judging.js'
import type { Portal, Prepared } from './memory.js'
import { failureOf, isReserved, type Failure } from './refuse.js'
import type { RelayState } from './relay-state.js'
import { freshened, isFailure, NOT_AS_SENT, resolved } from './resolve.js'
import { rewritingOf } from './rewriting.js'
import { rowWordsOf } from './row-words.js'
import { RESERVED, unfitText } from './simple-query.js'
import { int32At, message, stringEnd, textOf } from './wire-bytes.js'

// Each answers false where the message stays in front and waits.

export function parse(r: RelayState, start: number, end: number): boolean {
  const { bytes } = r.client
  const nameEnd = stringEnd(bytes, start + 5, end)
  const textEnd = nameEnd < 0 ? -1 : stringEnd(bytes, nameEnd + 1, end)
  if (textEnd < 0 || textEnd + 3 > end) return malformed(r, 'Parse')
  const types = ((bytes[textEnd + 1] ?? 0) << 8) | (bytes[textEnd + 2] ?? 0)
  if (textEnd + 3 + types * 4 !== end) return malformed(r, 'Parse')
  const name = textOf(bytes, start + 5, nameEnd)
  const text = textOf(bytes, nameEnd + 1, textEnd)
  const unfit = unfitText(r, name === undefined ? undefined : text, textEnd - nameEnd - 1)
  if (unfit !== undefined || name === undefined || text === undefined) {
    return refused(r, end, unfit ?? RESERVED)
  }
  if (isReserved(name)) return refused(r, end, RESERVED)
  if (r.memory.size() > NAMES_MAX) return refused(r, end, TOO_MANY)
  if (!contextReady(r)) return false
  const reading = readingOf(r, text)
  if (reading === undefined || looksAgain(r, reading)) return false
  const [statement, second] = reading.statements
  if (second !== undefined) return refused(r, end, SEVERAL)
  const { syntaxError } = reading
  let preview: Preview = {}
  // What an EXECUTE or FETCH does is known when it is bound.
  if (statement !== undefined && (syntaxError !== undefined || !namesAnother(statement))) {
    const asked = { spliced: rewritingOf(r), rows: rowWordsOf(r) }
    preview = r.parts.guard.preview(r.session, commandOf(statement, reading.id, text, asked))
  }
  const { refusal, sent: instead } = preview
  if (syntaxError !== undefined) {
    const told = refusal === undefined ? 0 : r.session.commands
    return refused(r, end, { sqlstate: '42601', ...syntaxError }, told)
  }
  if (refusal !== undefined) {
    return refused(r, end, failureOf(refusal, statement), r.session.commands)
  }
  const { names } = r
  if (names === undefined) throw new Error('names are not known')
  const to: Prepared = {
    text,
    wrapped: false,
    reading: reading.id,
    statement,
    catalogue: catalogueOf(r),
    names,
    sent: instead,
    ...(types === 0 ? {} : { types: typesAt(bytes, textEnd + 3, types) }),
  }
  const changes = [[{ kind: 'statement', name, to }]] as const
  r.memory.expect(changes[0], r.segment)
  const entry = entryOf('parse', r.segment, { changes, prepared: to })
  if (instead === undefined) {
    r.expected.push(entry)
    return sent(r, end)
  }
  // The types of parameters are the client's own.
  const inOtherWords = message('P', name, instead.text, bytes.subarray(textEnd + 1, end))
  swallow(r, end)
  r.pipelineOpen = true
  insert(r, inOtherWords, entry)
  return true
}

export function bind(r: RelayState, start: number, end: number): boolean {
  const parts = bindOf(r.client.bytes, start, end)
  if (parts === undefined) return malformed(r, 'Bind')
  if (isReserved(parts.portal)) return refused(r, end, RESERVED)
  if (r.memory.size() > NAMES_MAX) return refused(r, end, TOO_MANY)
  const prepared = r.memory.statement(parts.statement, r.segment)
  if (prepared === 'wait') return later(r)
  if (prepared === undefined) {
    const which =
      parts.statement === ''
        ? 'unnamed prepared statement'
        : `prepared statement "${parts.statement}"`
    return refused(r, end, { sqlstate: '26000', message: `${which} does not exist` })
  }
  if (!contextReady(r) || !freshened(r, prepared)) return false
  const { statement } = prepared
  if (statement === undefined) return bound(r, parts, prepared, undefined, end)
  const found = resolved(r, statement, prepared.reading, [])
  if (found === 'wait') return later(r)
  if (found === 'reading') return false
  if (isFailure(found)) return refused(r, end, found)
  const { sent: instead } = prepared
  if (instead === 'void') return refused(r, end, NOT_AS_SENT)
  const { values: binds, valueFormats: bindFormats } = parts
  const rows = rowWordsOf(r)
  const asked = { rows, binds, bindFormats, bindTypes: prepared.types, sent: instead }
  const command = commandOf(found.statement, found.reading, prepared.text, asked)
  return judged(r, [command], (answer, stop) => {
    if (!answer.go) {
      refused(r, stop, failureOf(answer.refusal, found.statement), r.session.commands)
    } else {
      const [running] = runningsOf(r, [command], answer)
      bound(
        r,
        parts,
        prepared,
        { running, to: found.to, statement: found.statement, reading: found.reading },
        stop,
      )
    }
  })
}

type Judged = {
  readonly running: ReturnType<typeof runningsOf>[number] | undefined
  readonly to: Prepared | Portal | undefined
  readonly statement: Statement
  readonly reading: number
}

function bound(
  r: RelayState,
  parts: BindParts,
  prepared: Prepared,
  judgement: Judged | undefined,
  end: number,
): boolean {
  const to = {
    statement: judgement?.statement,
    reading: judgement?.reading ?? prepared.reading,
    cursor: false,
    hold: false,
    policy: r.parts.policy()?.id ?? -1,
    stamp: r.stamp,
    catalogue: catalogueOf(r),
    prepared,
    resolvedTo: judgement?.to,
    formats: parts.formats,
    running: judgement?.running,
    columns: undefined,
    describing: false,
    executed: false,
    segment: r.segment,
    mark: 0,
  }
  const changes = [[{ kind: 'portal', name: parts.portal, to }]] as const
  r.memory.expect(changes[0], r.segment)
  r.expected.push(entryOf('bind', r.segment, { changes, portal: to }))
  return sent(r, end)
}

export function sent(r: RelayState, end: number): boolean {
  r.pipelineOpen = true
  forward(r, end)
  return true
}

export function refused(r: RelayState, end: number, swap: Failure, told = 0): boolean {
  refuseExtended(r, end, swap, told)
  return true
}

export function later(r: RelayState): boolean {
  drained(r, () => resume(r))
  return false
}

export function malformed(r: RelayState, what: string): boolean {
  r.fail({ sqlstate: '08P01', message: `invalid ${what} message` })
  return false
}

function typesAt(bytes: Buffer, at: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => int32At(bytes, at + i * 4) >>> 0)
}

function namesAnother({ control }: Statement): boolean {
  return control.kind === 'execute' || control.kind === 'fetch'
}

// Written out, with every member each time: one a command, and whoever reads it reads one kind of object.
export function commandOf(
  statement: Statement,
  reading: number,
  text: string,
  { binds, bindFormats, bindTypes, spliced, rows, sent }: Partial<CommandToJudge>,
): CommandToJudge {
  return {
    statement,
    reading,
    text,
    binds,
    bindFormats,
    bindTypes,
    message: 'extended',
    position: 1,
    of: 1,
    spliced,
    rows,
    sent,
  }
}

// Statements, portals and pending changes of one session.
const NAMES_MAX = 20_000

const TOO_MANY: Failure = {
  sqlstate: '54000',
  message: 'too many prepared statements and portals in this session',
}

const SEVERAL: Failure = {
  sqlstate: '42601',
  message: 'cannot insert multiple commands into a prepared statement',
}
