// Where telemetry goes, in a configuration: not in clear over a network, and no secret is shown.
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { parseConfig } from '../../../proxy/config/read-config.js'
import { problemText } from '../../../proxy/yaml-document.js'

const directory = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))
writeFileSync(join(directory, 'secret'), 'correct horse')

function settingsWith(otlp: string) {
  const text = `
listeners: { web: { address: 127.0.0.1:8470 } }
issuers: [{ issuer: https://login.example.com, audience: sallyport }]
targets: { shop: { kind: postgres, host: db.example.com, accounts: [{ user: app }] } }
policy: { source: . }
record: { directory: record }
telemetry: { otlp: ${otlp} }
`
  return parseConfig(text, join(directory, 'f.yaml'), {})
}

function problems(otlp: string): string {
  const reading = settingsWith(otlp)
  return reading.ok ? '' : reading.problems.map((one) => problemText('F', one)).join('\n')
}

t.test('both signals are sent unless told otherwise, with headers from references', async (t) => {
  const reading = settingsWith(
    '{ endpoint: "https://otel.example", headers: { X-Key: file:secret } }',
  )
  t.match(reading, {
    ok: true,
    settings: { telemetry: { traces: true, logs: true, resource: {} } },
  })
  t.notMatch(JSON.stringify(reading), 'correct horse')
  if (!reading.ok) return
  t.same(reading.settings.telemetry?.headers(), { 'X-Key': 'correct horse' })
  const off = settingsWith('{ endpoint: "http://127.0.0.1:4318", logs: false }')
  t.match(off, { ok: true, settings: { telemetry: { logs: false } } })
})

t.test('who ran what does not travel in clear over a network', async (t) => {
  for (const endpoint of ['http://otel.example:4318', 'https://user:pw@otel.example', 'ftp://x']) {
    t.match(problems(`{ endpoint: "${endpoint}" }`), /endpoint/, endpoint)
  }
})

t.test('headers are references, by names that are headers', async (t) => {
  t.match(
    problems('{ endpoint: "https://o.example", headers: { X-Key: "a plain secret" } }'),
    /X-Key/,
  )
  t.notMatch(
    problems('{ endpoint: "https://o.example", headers: { X-Key: "a plain secret" } }'),
    'a plain secret',
  )
  t.match(
    problems('{ endpoint: "https://o.example", headers: { X-Key: file:missing } }'),
    /missing/,
  )
  t.match(problems('{ endpoint: "https://o.example", headers: { "a b": file:secret } }'), /headers/)
})
