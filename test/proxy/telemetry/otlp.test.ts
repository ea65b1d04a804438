// Spans and log records as OTLP has them in JSON.
import t from 'tap'
import {
  logsBody,
  spanIdOf,
  traceIdOf,
  tracesBody,
  type Span,
} from '../../../proxy/telemetry/otlp.js'
import { commandSpan, type ToldCommand } from '../../../proxy/telemetry/spans.js'

const TOLD: ToldCommand = {
  session: 's1',
  command: 7,
  timeMs: 1_700_000_000_123.456,
  text: 'SELECT 1',
  redacted: false,
  go: true,
  bundle: 'sha256:b',
  action: 'allow',
  rules: [],
  tag: 'SELECT',
  objects: ['public.orders'],
  target: 'shop',
  database: 'shop',
}

function spanIn(span: Span): Record<string, unknown> {
  const text = JSON.stringify(tracesBody([span], { 'service.name': 'sallyport' }))
  return JSON.parse(text).resourceSpans[0].scopeSpans[0].spans[0]
}

t.test('ids are hex of the right length, the same each time, and of nobody else', async (t) => {
  t.match(traceIdOf('s1'), /^[0-9a-f]{32}$/)
  t.match(spanIdOf('s1', 1), /^[0-9a-f]{16}$/)
  t.equal(traceIdOf('s1'), traceIdOf('s1'))
  const ids = new Set<string>()
  for (const session of ['s1', 's2', 's1 1']) {
    ids.add(spanIdOf(session))
    for (let n = 1; n <= 100; n++) ids.add(spanIdOf(session, n))
  }
  t.equal(ids.size, 303)
})

t.test('times are whole nanoseconds as texts, and never run backwards', async (t) => {
  const span = spanIn(commandSpan(TOLD, { result: 'done', durationUs: 1500 }))
  t.equal(span['startTimeUnixNano'], '1700000000123456000')
  t.equal(span['endTimeUnixNano'], '1700000000124956000')
  const jumped = spanIn({ ...commandSpan(TOLD, undefined), endMs: 0 })
  t.equal(jumped['endTimeUnixNano'], jumped['startTimeUnixNano'])
  t.equal(
    spanIn({ ...commandSpan(TOLD, undefined), startMs: -5, endMs: -5 })['startTimeUnixNano'],
    '0',
  )
})

t.test('values keep their kind, and half a pair of a character is no text', async (t) => {
  const body = tracesBody(
    [
      {
        ...commandSpan(TOLD, undefined),
        attributes: {
          text: 'a\ud800b',
          whole: 3,
          part: 0.5,
          yes: true,
          list: ['x'],
          none: undefined,
        },
      },
    ],
    {},
  )
  const [span] = JSON.parse(JSON.stringify(body)).resourceSpans[0].scopeSpans[0].spans
  t.same(span.attributes, [
    { key: 'text', value: { stringValue: 'a\ufffdb' } },
    { key: 'whole', value: { intValue: '3' } },
    { key: 'part', value: { doubleValue: 0.5 } },
    { key: 'yes', value: { boolValue: true } },
    { key: 'list', value: { arrayValue: { values: [{ stringValue: 'x' }] } } },
  ])
})

t.test(
  'a span is named by what is done to what, never by the text, and long texts are cut',
  async (t) => {
    t.equal(commandSpan(TOLD, undefined).name, 'SELECT public.orders')
    t.equal(commandSpan({ ...TOLD, objects: ['a', 'b'] }, undefined).name, 'SELECT')
    t.equal(commandSpan({ ...TOLD, tag: '', objects: [] }, undefined).name, 'command')
    const text = commandSpan({ ...TOLD, text: 'x'.repeat(100_000) }, undefined).attributes[
      'db.query.text'
    ]
    t.ok(String(text).length < 10_000)
  },
)

t.test('what failed or was refused is an error, what went well is not', async (t) => {
  t.match(spanIn(commandSpan(TOLD, { result: 'done' }))['status'], {})
  t.match(spanIn(commandSpan(TOLD, { result: 'failed', sqlstate: '42P01' }))['status'], {
    code: 2,
    message: 'SQLSTATE 42P01',
  })
  t.match(spanIn(commandSpan({ ...TOLD, go: false, rules: ['a/b'] }, undefined))['status'], {
    code: 2,
    message: 'refused by a/b',
  })
})

t.test('a log record names its event and the span that it belongs to', async (t) => {
  const record = {
    timeMs: 1,
    severity: 'warn',
    name: 'sallyport.refusal',
    body: 'no',
    attributes: {},
  } as const
  const body = logsBody([{ ...record, traceId: traceIdOf('s1'), spanId: spanIdOf('s1', 7) }], {})
  const [log] = JSON.parse(JSON.stringify(body)).resourceLogs[0].scopeLogs[0].logRecords
  t.match(log, {
    severityNumber: 13,
    severityText: 'WARN',
    eventName: 'sallyport.refusal',
    body: { stringValue: 'no' },
  })
})
