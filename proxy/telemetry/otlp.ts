// OpenTelemetry spans and log records as OTLP/HTTP takes them in JSON (opentelemetry-proto 1.x, "JSON Protobuf
// Encoding": ids in hex, 64-bit numbers as texts, enums as numbers). A session is a trace: its span is the
// parent of one span for each command, named by the semantic conventions for databases.
import { hash } from 'node:crypto'

export type Attribute = string | number | boolean | readonly string[] | undefined
export type Attributes = Readonly<Record<string, Attribute>>

export type Span = {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: 'internal' | 'server' | 'client'
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Attributes
  readonly events?: readonly {
    readonly atMs: number
    readonly name: string
    readonly attributes: Attributes
  }[]
  // Absent: unset, as conventions ask for what is not an error.
  readonly error?: string
}

export type LogRecord = {
  readonly timeMs: number
  readonly severity: 'info' | 'warn' | 'error'
  readonly name: string
  readonly body: string
  readonly attributes: Attributes
  readonly traceId?: string
  readonly spanId?: string
}

// The same ids whenever they are worked out, here or from an export, so that what was sent twice is one.
export function traceIdOf(session: string): string {
  return idOf(`trace ${session}`, 32)
}

export function spanIdOf(session: string, command?: number): string {
  return idOf(`span ${session} ${command ?? 'session'}`, 16)
}

export function tracesBody(spans: readonly Span[], resource: Attributes): object {
  const scopeSpans = [{ scope: SCOPE, spans: spans.map(spanJson) }]
  return { resourceSpans: [{ resource: { attributes: keyValues(resource) }, scopeSpans }] }
}

export function logsBody(records: readonly LogRecord[], resource: Attributes): object {
  const scopeLogs = [{ scope: SCOPE, logRecords: records.map(logJson) }]
  return { resourceLogs: [{ resource: { attributes: keyValues(resource) }, scopeLogs }] }
}

const SCOPE = { name: 'sallyport' } as const
const KINDS = { internal: 1, server: 2, client: 3 } as const
const STATUS_ERROR = 2
// SeverityNumber of the log data model.
const SEVERITIES = { info: 9, warn: 13, error: 17 } as const

function spanJson(span: Span): object {
  const { traceId, spanId, parentSpanId, name, kind, startMs, endMs, attributes, error } = span
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(Math.max(startMs, endMs)),
    attributes: keyValues(attributes),
    ...(span.events === undefined || span.events.length === 0
      ? {}
      : {
          events: span.events.map((event) => ({
            timeUnixNano: nanos(event.atMs),
            name: event.name,
            attributes: keyValues(event.attributes),
          })),
        }),
    status: error === undefined ? {} : { code: STATUS_ERROR, message: error },
  }
}

function logJson(record: LogRecord): object {
  const { timeMs, severity, name, body, attributes, traceId, spanId } = record
  return {
    timeUnixNano: nanos(timeMs),
    observedTimeUnixNano: nanos(timeMs),
    severityNumber: SEVERITIES[severity],
    severityText: severity.toUpperCase(),
    eventName: name,
    body: { stringValue: whole(body) },
    attributes: keyValues(attributes),
    ...(traceId === undefined ? {} : { traceId }),
    ...(spanId === undefined ? {} : { spanId }),
  }
}

// Microseconds survive; more was never measured.
function nanos(milliseconds: number): string {
  return (BigInt(Math.max(0, Math.round(milliseconds * 1000))) * 1000n).toString()
}

function keyValues(attributes: Attributes): readonly object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  )
}

function anyValue(value: NonNullable<Attribute>): object {
  if (typeof value === 'string') return { stringValue: whole(value) }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  }
  return { arrayValue: { values: value.map(anyValue) } }
}

// Texts of protocol buffers are well-formed Unicode; half a pair would have the whole batch refused.
function whole(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8')
}

function idOf(text: string, digits: number): string {
  return hash('sha256', text).slice(0, digits)
}
