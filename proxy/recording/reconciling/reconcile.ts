// Compares a record with the target's own log: each session's commands, in order, with what the target says it
// was asked to do by that session. Both are read once, side by side in time, and only what has no
// counterpart yet is held.
import type { RecordLine } from '../../../engine/schemas/record.js'
import { recordLines } from '../read-record.js'
import { outcomesOf } from '../recorded-outcomes.js'
import type { LogEntry, Unreadable } from './log-entry.js'
import { createFindings } from './findings.js'
import type { Finding, Findings } from './findings.js'
import { loggedIn } from './logged-statements.js'
import type { Source } from './logged-statements.js'
import { createPairing } from './pairing.js'
import type { Pairing } from './pairing.js'
import { isEmptyStatement } from './same-text.js'

export type ReconcileOptions = {
  readonly record: string
  // The target whose log this is; undefined where the record knows one alone.
  readonly target: string | undefined
  readonly log: AsyncIterable<LogEntry | Unreadable>
  readonly source: Source
  // Statements of the gateway's own, which stand in no record.
  readonly isOwn: (text: string) => boolean
  // Connections that are known and do not go through the gateway.
  readonly allowed: (connection: { readonly user: string; readonly application: string }) => boolean
}

export type Reconciliation = {
  readonly ok: boolean
  readonly sessions: number
  // Commands that both have.
  readonly same: number
  // Of the record, before the log begins or after it ends.
  readonly outside: number
  readonly counts: Readonly<Record<Finding['kind'], number>>
  readonly listed: readonly Finding[]
}

// `sallyport:SESSION`, then what the client calls itself (`target-opening.ts` of the protocol).
const OF_SESSION = /^sallyport:([\w-]{8,64})(?: |$)/
const OF_GATEWAY = /^sallyport[ -]/
// The target's clock and ours may differ by so much, and a held line of the record may come later.
const SLACK_MS = 5_000
// Connections remembered to know which session they are: more are open nowhere.
const CONNECTIONS_MAX = 200_000

type Known = { readonly session: string | undefined; lastId: string }

export async function reconciled(options: ReconcileOptions): Promise<Reconciliation> {
  const findings = createFindings()
  const pairing = createPairing(findings)
  const span = { from: Infinity, to: -Infinity }
  const known = new Map<string, Known>()
  const recorded = recordedHere(options, pairing)
  let line = await recorded.next()
  for await (const entry of options.log) {
    if ('what' in entry) {
      findings.add({ kind: 'unreadable', what: `line ${entry.line}: ${entry.what}` })
      continue
    }
    if (!Number.isNaN(entry.timeMs)) {
      span.from = Math.min(span.from, entry.timeMs)
      span.to = Math.max(span.to, entry.timeMs)
      pairing.logSpan(span)
    }
    // The record's lines of the same time first.
    while (line.done !== true && !(line.value > entry.timeMs + SLACK_MS))
      line = await recorded.next()
    entered(entry, options, known, pairing, findings)
  }
  while (line.done !== true) line = await recorded.next()
  const { sessions, same, outside } = pairing.finished()
  return { ...findings.all(), sessions, same, outside }
}

// Hands each command to the pairing and yields its time.
async function* recordedHere(
  { record, target }: ReconcileOptions,
  pairing: Pairing,
): AsyncGenerator<number> {
  const targets = new Map<string, string>()
  for await (const { line } of recordLines(record)) {
    if (line.kind === 'session') noteTarget(line, targets)
    else if (line.kind === 'command') {
      if (!line.go) continue
      const at = targets.get(line.session)
      if (target !== undefined && at !== undefined && at !== target) continue
      const { session, command, time, text, rewritten, redacted = false } = line
      pairing.recorded({
        session,
        command,
        time,
        text: rewritten ?? text,
        redacted,
        rewritten: rewritten !== undefined,
      })
    }
    for (const { session, command, result } of outcomesOf(line)) {
      pairing.outcome(session, command, result)
    }
    yield line.time
  }
}

function noteTarget(
  line: Extract<RecordLine, { kind: 'session' }>,
  targets: Map<string, string>,
): void {
  if (line.event === 'opened' && line.target !== undefined) targets.set(line.session, line.target)
  else if (line.event === 'closed') targets.delete(line.session)
}

function entered(
  entry: LogEntry,
  options: ReconcileOptions,
  known: Map<string, Known>,
  pairing: Pairing,
  findings: Findings,
): void {
  const statement = loggedIn(entry, options.source)
  // The name at the first sight of the connection: a client may call itself something else later.
  let connection = known.get(entry.connection)
  if (connection === undefined && statement !== undefined) {
    connection = { session: OF_SESSION.exec(entry.application)?.[1], lastId: '' }
    known.set(entry.connection, connection)
    const [oldest] = known.keys()
    if (known.size > CONNECTIONS_MAX && oldest !== undefined) known.delete(oldest)
  }
  if (/^disconnection: /.test(entry.message)) known.delete(entry.connection)
  if (statement === undefined || connection === undefined) return
  if (isEmptyStatement(statement.text)) return
  if (statement.id !== undefined) {
    if (statement.id === connection.lastId) return
    connection.lastId = statement.id
  }
  if (connection.session !== undefined) {
    if (options.isOwn(statement.text)) return
    pairing.logged(connection.session, {
      kind: statement.kind,
      text: statement.text,
      time: entry.timeMs,
      ...(statement.id === undefined ? {} : { told: 'each' as const }),
    })
    return
  }
  if (statement.kind === 'failed') return
  const { application, user } = entry
  if (OF_GATEWAY.test(application) && options.isOwn(statement.text)) return
  if (options.allowed({ user, application })) return
  findings.add({
    kind: 'direct',
    connection: entry.connection,
    what: `${user}@${entry.database} from ${entry.host === '' ? 'a local socket' : entry.host}, application ${JSON.stringify(application)}`,
    time: entry.timeMs,
    text: statement.text,
  })
}
