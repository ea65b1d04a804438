// A recorded session as OTLP in JSON lines, as the collector's file exporter and receiver have it: requests with
// spans, then one with the log records of refusals and incidents. The ids are those that a gateway with
// telemetry would have sent.
import type { FilmSession } from './film.js'
import { joinedOutcomes, type WholeCommand } from './joined-outcomes.js'
import { logsBody, tracesBody, type LogRecord, type Span } from '../telemetry/otlp.js'
import { commandSpan, incidentLog, refusalLog, sessionSpan } from '../telemetry/spans.js'

const BATCH = 500
const RESOURCE = { 'service.name': 'sallyport' } as const

export async function* otlpLines(
  session: FilmSession,
  lines: AsyncIterable<object>,
): AsyncGenerator<string> {
  let spans: Span[] = []
  let logs: LogRecord[] = []
  let lastMs = session.opened
  const spansOut = (): string => {
    const line = `${JSON.stringify(tracesBody(spans, RESOURCE))}\n`
    spans = []
    return line
  }
  for await (const joined of joinedOutcomes(lines)) {
    if (joined.command === undefined) {
      const { line } = joined
      lastMs = Math.max(lastMs, line.time)
      if (line.kind === 'incident') logs.push(incidentLog({ ...line, timeMs: line.time }))
    } else {
      const told = toldOf(joined.command, session)
      const { outcome } = joined
      const took = outcome?.duration_us
      const known = outcome === undefined ? undefined : { ...outcome, durationUs: took }
      lastMs = Math.max(lastMs, told.timeMs + (took ?? 0) / 1000)
      spans.push(commandSpan(told, known))
      if (!told.go) logs.push(refusalLog(told))
    }
    if (spans.length >= BATCH) yield spansOut()
    if (logs.length >= BATCH) {
      yield `${JSON.stringify(logsBody(logs, RESOURCE))}\n`
      logs = []
    }
  }
  const { id, target, database, application, client_address: clientAddress, opened } = session
  const { subject, issuer, name, kind } = session
  const identity = { subject, issuer, name, ...(isKind(kind) ? { kind } : {}) }
  const about = { session: id, identity, target, database, clientAddress, application }
  const refused = session.state === 'refused' ? (session.reason ?? 'refused') : undefined
  spans.push(sessionSpan({ ...about, openedMs: opened }, session.closed ?? lastMs, refused))
  yield spansOut()
  if (logs.length > 0) yield `${JSON.stringify(logsBody(logs, RESOURCE))}\n`
}

function isKind(kind: string): kind is 'human' | 'agent' | 'pipeline' {
  return kind === 'human' || kind === 'agent' || kind === 'pipeline'
}

function toldOf(command: WholeCommand, { target, database }: FilmSession) {
  const { facts, decision } = command
  const effects = facts?.command?.effects ?? []
  return {
    session: command.session,
    command: command.command,
    timeMs: command.time,
    text: command.text,
    redacted: command.redacted === true,
    go: command.go,
    refusal: command.refusal,
    approval: command.approval,
    bundle: command.bundle,
    action: decision?.action ?? '?',
    rules: decision?.rules.map(({ id }) => id) ?? [],
    tag: facts?.command?.postgres.tag ?? '',
    objects: [...new Set(effects.map(({ object }) => object).filter((object) => object !== ''))],
    target: facts?.target.name ?? target,
    database: facts?.target.database ?? database,
  }
}
