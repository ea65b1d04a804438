// Sessions and commands as spans, refusals and incidents as log records, by OpenTelemetry's semantic conventions
// for databases (stable since 1.33) and attributes of our own under `sallyport.`. Texts are those of the
// record: protected literals are gone already.
import type { IdentityFacts } from '../../engine/schemas/facts.js'
import { spanIdOf, traceIdOf, type Attributes, type LogRecord, type Span } from './otlp.js'

export type ToldSession = {
  readonly session: string
  readonly identity: Partial<IdentityFacts>
  readonly target: string
  readonly database: string
  readonly clientAddress: string
  readonly application: string
  readonly openedMs: number
}

export type ToldCommand = {
  readonly session: string
  readonly command: number
  readonly timeMs: number
  readonly text: string
  readonly redacted: boolean
  readonly go: boolean
  readonly refusal?: string | undefined
  readonly approval?: string | undefined
  readonly bundle: string
  readonly action: string
  readonly rules: readonly string[]
  // Of the facts: the command tag, and the objects that it is about.
  readonly tag: string
  readonly objects: readonly string[]
  readonly target: string
  readonly database: string
}

export type ToldOutcome = {
  readonly result: string
  readonly tag?: string | undefined
  readonly sqlstate?: string | undefined
  readonly rows?: number | undefined
  readonly bytes?: number | undefined
  readonly durationUs?: number | undefined
  readonly masked?: number | undefined
}

// Longer texts are cut: backends refuse large attributes, and the record has the whole.
const TEXT_MAX = 8_192

export function sessionSpan(told: ToldSession, endMs: number, refused?: string): Span {
  const { identity, session } = told
  return {
    traceId: traceIdOf(session),
    spanId: spanIdOf(session),
    name: `session ${told.target}`,
    kind: 'server',
    startMs: told.openedMs,
    endMs,
    attributes: {
      'db.system.name': 'postgresql',
      'db.namespace': told.database,
      'client.address': told.clientAddress,
      'user.id': identity.subject,
      'user.name': identity.name,
      'user.roles': identity.groups,
      'sallyport.session': session,
      'sallyport.target': told.target,
      'sallyport.identity.kind': identity.kind,
      'sallyport.identity.issuer': identity.issuer,
      'sallyport.application': told.application,
    },
    ...(refused === undefined ? {} : { error: refused }),
  }
}

export function commandSpan(told: ToldCommand, outcome: ToldOutcome | undefined): Span {
  const { session, command, timeMs, go } = told
  const ms = (outcome?.durationUs ?? 0) / 1000
  const error = errorOf(told, outcome)
  const summary = summaryOf(told)
  return {
    traceId: traceIdOf(session),
    spanId: spanIdOf(session, command),
    parentSpanId: spanIdOf(session),
    name: summary,
    kind: 'client',
    startMs: timeMs,
    endMs: timeMs + ms,
    attributes: {
      ...databaseAttributes(told),
      'db.query.summary': summary,
      'db.query.text': cut(told.text),
      'db.response.status_code': outcome?.sqlstate,
      'db.response.returned_rows': outcome?.rows,
      'error.type': go ? (outcome?.sqlstate ?? undefined) : (told.rules[0] ?? 'refused'),
      ...ourAttributes(told),
      'sallyport.result': go ? (outcome?.result ?? 'unknown') : 'refused',
      'sallyport.masked': outcome?.masked,
      'sallyport.bytes': outcome?.bytes,
    },
    ...(error === undefined ? {} : { error }),
  }
}

export function refusalLog(told: ToldCommand): LogRecord {
  const why = told.refusal ?? told.rules.join(', ')
  return {
    timeMs: told.timeMs,
    severity: 'warn',
    name: 'sallyport.refusal',
    body: `refused: ${why === '' ? 'no rule allows it' : why}`,
    attributes: { ...databaseAttributes(told), ...ourAttributes(told) },
    traceId: traceIdOf(told.session),
    spanId: spanIdOf(told.session, told.command),
  }
}

export type ToldIncident = {
  readonly timeMs: number
  readonly event: string
  readonly detail?: string | undefined
  readonly session?: string | undefined
  readonly command?: number | undefined
}

export function incidentLog({ timeMs, event, detail, session, command }: ToldIncident): LogRecord {
  return {
    timeMs,
    severity: 'error',
    name: 'sallyport.incident',
    body: detail === undefined || detail === '' ? event : `${event}: ${detail}`,
    attributes: {
      'sallyport.incident': event,
      'sallyport.session': session,
      'sallyport.command': command,
    },
    ...(session === undefined
      ? {}
      : { traceId: traceIdOf(session), spanId: spanIdOf(session, command) }),
  }
}

function databaseAttributes(told: ToldCommand): Attributes {
  const [object, ...more] = told.objects
  return {
    'db.system.name': 'postgresql',
    'db.namespace': told.database,
    'db.operation.name': told.tag === '' ? undefined : told.tag,
    'db.collection.name': more.length === 0 ? object : undefined,
  }
}

function ourAttributes(told: ToldCommand): Attributes {
  return {
    'sallyport.session': told.session,
    'sallyport.command': told.command,
    'sallyport.target': told.target,
    'sallyport.decision': told.action,
    'sallyport.rules': told.rules,
    'sallyport.refusal': told.refusal,
    'sallyport.approval': told.approval,
    'sallyport.bundle': told.bundle,
    'sallyport.redacted': told.redacted,
  }
}

// Few different ones, as names of spans must be: never the text.
function summaryOf({ tag, objects }: ToldCommand): string {
  const [object, ...more] = objects
  const operation = tag === '' ? 'command' : tag
  return object === undefined || more.length > 0 ? operation : `${operation} ${object}`
}

function errorOf(told: ToldCommand, outcome: ToldOutcome | undefined): string | undefined {
  if (!told.go) return told.refusal ?? `refused by ${told.rules[0] ?? 'the policy'}`
  if (outcome === undefined || outcome.result === 'done') return undefined
  return outcome.sqlstate === undefined ? outcome.result : `SQLSTATE ${outcome.sqlstate}`
}

function cut(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}…`
}
