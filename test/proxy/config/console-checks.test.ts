// The console in a configuration: off unless asked for, at an issuer that is there, where cookies are safe.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { parseConfig } from '../../../proxy/config/read-config.js'
import { problemText } from '../../../proxy/yaml-document.js'

const directory = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))
writeFileSync(join(directory, 'secret'), 'correct horse')
writeFileSync(join(directory, 'other'), 'battery staple')

const ISSUER = 'issuer: https://login.example.com, audience: sallyport'

function read(web: string, issuer = `${ISSUER}, client_id: gate, client_secret: file:secret`) {
  const text = `
listeners: { web: { address: 127.0.0.1:8470, ${web} } }
issuers: [{ ${issuer} }]
targets: { shop: { kind: postgres, host: db.example.com, accounts: [{ user: app }] } }
policy: { source: . }
record: { directory: record }
`
  return parseConfig(text, join(directory, 'f.yaml'), {})
}

const consoleOf = (web: string, issuer?: string) => {
  const reading = read(web, issuer)
  if (!reading.ok) throw new Error(reading.problems.map((one) => problemText('F', one)).join('\n'))
  return reading.settings.listeners.web.console
}

const problems = (web: string, issuer?: string): string => {
  const reading = read(web, issuer)
  return reading.ok ? '' : reading.problems.map((one) => problemText('F', one)).join('\n')
}

t.test('there is a console only where one is asked for', async (t) => {
  t.equal(consoleOf('url: https://s.example'), undefined)
  t.equal(consoleOf('console: { enabled: false }'), undefined)
  t.ok(consoleOf('console: {}'))
  t.ok(consoleOf('console: { enabled: true }'))
})

t.test('it is the issuer’s own client unless it has one of its own', async (t) => {
  const same = consoleOf('console: {}')
  t.match(same, { issuer: 'https://login.example.com', clientId: 'gate', scope: 'openid' })
  t.equal(same?.clientSecret?.reveal(), 'correct horse')
  t.notMatch(JSON.stringify(same), 'correct horse')
  const open = consoleOf('console: { client_id: console }')
  t.match(open, { clientId: 'console', clientSecret: undefined }, 'a public client')
  const own = consoleOf('console: { client_id: console, client_secret: file:other }')
  t.equal(own?.clientSecret?.reveal(), 'battery staple')
})

t.test('what does not fit is named with its place', async (t) => {
  t.match(problems('console: { issuer: https://other.example }'), /console\.issuer.*not configured/)
  t.match(problems('console: { client_secret: file:gone }'), /console\.client_secret/)
  t.match(problems('console: { client_secret: in-clear }'), /console\.client_secret/)
  t.notMatch(problems('console: { client_secret: in-clear }'), /in-clear/)
  t.match(problems('console: { scope: profile }'), /console\.scope/)
  t.match(problems('console: { idle_ms: 1 }'), /console\.idle_ms/)
  t.match(problems('console: { step_up: { max_age_ms: 0 } }'), /step_up\.max_age_ms/)
  t.match(problems('console: { colour: red }'), /colour/)
})

t.test('an ID token must be for the client that asked for it', async (t) => {
  const ids = `${ISSUER}, token_type: id`
  t.match(problems('console: { client_id: other }', ids), /console\.client_id.*“other”/)
  t.equal(problems('console: { client_id: sallyport }', ids), '')
  t.equal(problems('console: {}', ids), '')
})

t.test('people reach it over TLS, or on loopback, at a host of its own', async (t) => {
  t.equal(problems('url: https://s.example, console: {}'), '')
  t.equal(problems('url: "http://127.0.0.1:8470", console: {}'), '')
  t.match(problems('url: http://s.example, console: {}'), /cookies are not safe/)
  t.match(problems('url: https://s.example/sallyport, console: {}'), /cookies are not safe/)
  t.equal(problems('url: http://s.example'), '', 'without a console as before')
})
