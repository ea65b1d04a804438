// The simple protocol (documentation 55.2.2): one message with any number of statements. All of them are
// read and judged before the first one runs.
import type { Statement } from '../../../engine/facts/postgres/reading.js'
import type { CommandToJudge, Rewriting, Rewritten } from '../../guard.js'
import type { RowWords } from '../../guard-rows.js'
import { messageText } from '../../guard-rewrite.js'
import { forward, insert, refuseQuery, swallow } from './client-writes.js'
import { contextReady, drained, looksAgain, noteSent, readingOf, resume } from './context.js'
import { entryOf } from './expected.js'
import { judged, runningsOf } from './judging.js'
import type { Change } from './memory.js'
import { failureOf, isReserved, type Failure } from './refuse.js'
import type { RelayState } from './relay-state.js'
import { isFailure, resolved } from './resolve.js'
import { rewritingOf } from './rewriting.js'
import { rowWordsOf } from './row-words.js'
import { sendCappedQuery } from './row-cap.js'
import { changesOf } from './statement-changes.js'
import { message, stringEnd, textOf } from './wire-bytes.js'

const NOTHING: readonly Change[] = []

// False: the message stays in front and waits.
export function simpleQuery(r: RelayState, start: number, end: number): boolean {
  const { bytes } = r.client
  if (stringEnd(bytes, start + 5, end) !== end - 1) {
    r.fail({ sqlstate: '08P01', message: 'invalid Query message' })
    return false
  }
  const text = textOf(bytes, start + 5, end - 1)
  const unfit = unfitText(r, text, end - start - 6)
  if (unfit !== undefined || text === undefined) {
    refuseQuery(r, end, unfit ?? NOT_UTF8)
    return true
  }
  if (!contextReady(r)) return false
  const reading = readingOf(r, text)
  if (reading === undefined || looksAgain(r, reading)) return false
  const { statements, syntaxError } = reading
  if (syntaxError !== undefined) {
    // Recorded where the policy refuses it, which the shipped library does; it never runs.
    const [first] = statements
    const seen =
      first === undefined
        ? {}
        : r.parts.guard.preview(r.session, commandOf(first, reading.id, text, 1, 1))
    const told = seen.refusal === undefined ? 0 : r.session.commands
    refuseQuery(r, end, { sqlstate: '42601', ...syntaxError }, told)
    return true
  }
  if (statements.length > r.parts.limits.statementsPerMessage) {
    refuseQuery(r, end, { sqlstate: '54000', message: 'too many statements in one message' })
    return true
  }
  const found = commandsOf(r, statements, reading.id, text)
  if (found === 'reading') return false
  if (found === 'wait') {
    drained(r, () => resume(r))
    return false
  }
  if ('sqlstate' in found) {
    refuseQuery(r, end, found)
    return true
  }
  const { commands, changes: asRead } = found
  if (commands.length === 0) {
    r.expected.push(entryOf('query', r.segment++))
    forward(r, end)
    return true
  }
  return judged(r, commands, (answer, stop) => {
    if (!answer.go) {
      const only = commands.length === 1 ? commands[0]?.statement : undefined
      refuseQuery(r, stop, failureOf(answer.refusal, only), r.session.commands)
      return
    }
    const runnings = runningsOf(r, commands, answer)
    const rewritten = answer.commands.map((one) => one.rewritten)
    const isRewritten = rewritten.some((one) => one !== undefined)
    const changes = isRewritten ? asWritten(r, commands, rewritten) : asRead
    for (const one of changes) if (one.length > 0) r.memory.expect(one, r.segment)
    for (const { statement } of commands) noteSent(r, statement)
    const entry = entryOf('query', r.segment++, { commands: runnings, changes })
    if (runnings.some(({ rowsAffectedMax }) => rowsAffectedMax !== undefined)) {
      // The guard lets none of them go beside others.
      if (runnings.length > 1) throw new Error('a capped command among others')
      sendCappedQuery(r, stop, messageText(commands, rewritten), entry)
    } else if (isRewritten) {
      swallow(r, stop)
      insert(r, message('Q', messageText(commands, rewritten)), entry)
    } else {
      r.expected.push(entry)
      forward(r, stop)
    }
  })
}

// A cursor or prepared statement that was made in other words: what it hands out is what those read.
function asWritten(
  r: RelayState,
  commands: readonly CommandToJudge[],
  rewritten: readonly (Rewritten | undefined)[],
): readonly (readonly Change[])[] {
  return commands.map((command, i) => {
    const { statement, reading, text, of } = command
    const made = changesOf(r, statement, reading, text, of, rewritten[i])
    return i === 0 ? [...unnamedGone(r), ...made] : made
  })
}

export const NOT_UTF8: Failure = {
  sqlstate: '22021',
  message: 'invalid byte sequence for encoding "UTF8"',
}

export function unfitText(
  r: RelayState,
  text: string | undefined,
  bytes: number,
): Failure | undefined {
  if (text === undefined) return NOT_UTF8
  if (bytes <= r.parts.limits.statementBytes) return undefined
  return {
    sqlstate: '54000',
    message: `a statement may have at most ${r.parts.limits.statementBytes} bytes`,
  }
}

function commandsOf(
  r: RelayState,
  statements: readonly Statement[],
  reading: number,
  text: string,
):
  | {
      readonly commands: readonly CommandToJudge[]
      readonly changes: readonly (readonly Change[])[]
    }
  | Failure
  | 'wait'
  | 'reading' {
  const of = statements.length
  // As long as they will be: what grows by pushing takes room for seventeen.
  const commands = new Array<CommandToJudge>(of)
  const changes = new Array<readonly Change[]>(of).fill(NOTHING)
  const earlier: Change[] = []
  for (let i = 0; i < of; i++) {
    const statement = statements[i]
    if (statement === undefined) break
    const found = resolved(r, statement, reading, earlier)
    if (typeof found === 'string') return found
    if (isFailure(found)) return found
    const rewriting = found.statement === statement ? rewritingOf(r) : undefined
    const rows = rowWordsOf(r)
    commands[i] = commandOf(found.statement, found.reading, text, i + 1, of, rewriting, rows)
    const made = changesOf(r, statement, reading, text, of)
    if (made.some((change) => 'name' in change && isReserved(change.name))) return RESERVED
    // PostgreSQL drops the unnamed statement and portal with every Query.
    const gone = i === 0 ? unnamedGone(r) : NOTHING
    const all = gone.length === 0 ? made : [...gone, ...made]
    changes[i] = all
    if (all.length > 0) earlier.push(...all)
  }
  return { commands, changes }
}

export const RESERVED: Failure = {
  sqlstate: '42602',
  message: 'names that begin with sallyport_ are reserved',
}

function unnamedGone(r: RelayState): readonly Change[] {
  if (r.memory.size() === 0) return NOTHING
  return [
    { kind: 'statement', name: '', to: undefined },
    { kind: 'portal', name: '', to: undefined },
  ]
}

export function commandOf(
  statement: Statement,
  reading: number,
  text: string,
  position: number,
  of: number,
  spliced?: Rewriting,
  rows?: RowWords,
): CommandToJudge {
  return {
    statement,
    reading,
    text,
    binds: undefined,
    bindFormats: undefined,
    bindTypes: undefined,
    message: 'simple',
    position,
    of,
    spliced,
    rows,
    sent: undefined,
  }
}
