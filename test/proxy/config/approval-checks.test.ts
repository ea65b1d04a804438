// The ways to approvers in a configuration: each mistake is named with its place, and no secret is.
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { parseConfig } from '../../../proxy/config/read-config.js'
import { problemText } from '../../../proxy/yaml-document.js'

const directory = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))
writeFileSync(join(directory, 'secret'), 'correct horse')

function settingsWith(approvals: string) {
  const text = `
listeners: { web: { address: 127.0.0.1:8470 } }
issuers: [{ issuer: https://login.example.com, audience: sallyport }]
targets: { shop: { kind: postgres, host: db.example.com, accounts: [{ user: app }] } }
policy: { source: . }
record: { directory: record }
approvals:
${approvals.replace(/^/gm, '  ')}
`
  return parseConfig(text, join(directory, 'f.yaml'), { WORD: 'correct horse' })
}

function problems(approvals: string): string {
  const reading = settingsWith(approvals)
  return reading.ok ? '' : reading.problems.map((one) => problemText('F', one)).join('\n')
}

void t.test('mail goes encrypted to the port of submission unless told otherwise', (t) => {
  const reading = settingsWith(
    'email: { host: mail.example, from: a@b.example, to: [c@d.example] }',
  )
  t.match(reading, { ok: true, settings: { approvals: { email: { tls: 'starttls', port: 587 } } } })
  const tls = settingsWith(
    'email: { host: m.example, tls: tls, user: u, password: file:secret, from: a@b.c, to: [c@d.e] }',
  )
  t.match(tls, { ok: true, settings: { approvals: { email: { port: 465 } } } })
  t.notMatch(JSON.stringify(tls), 'correct horse')
  t.end()
})

const MAIL = 'from: a@b.example, to: [c@d.example]'

for (const [name, approvals, expected] of [
  [
    'mail in clear',
    `email: { host: m.example, tls: off, ${MAIL} }`,
    /email\.tls \(8:\d+\): found .off/,
  ],
  [
    'a password that is nowhere',
    `email: { host: m.example, user: u, password: env:NOT_SET, ${MAIL} }`,
    /email\.password \(8:\d+\): found .*not set/,
  ],
  [
    'a password itself',
    `email: { host: m.example, user: u, password: correct horse, ${MAIL} }`,
    /email\.password \(8:\d+\)/,
  ],
  [
    'a user alone',
    `email: { host: m.example, user: u, ${MAIL} }`,
    /email\.password .*found nothing/,
  ],
  [
    'a password alone',
    `email: { host: m.example, password: env:WORD, ${MAIL} }`,
    /email\.user .*found nothing/,
  ],
  [
    'an authority that is not there',
    `email: { host: m.example, ca: none.pem, ${MAIL} }`,
    /email\.ca \(8:\d+\): found .*ENOENT/,
  ],
  [
    'an address with a line end',
    'email: { host: m.example, from: a@b.example, to: ["c@d.example\\r\\nBcc: x@y.example"] }',
    /email\.to\[0\] \(8:\d+\)/,
  ],
  [
    'a Teams URL that is no URL',
    'teams: [{ url: env:WORD }]',
    /teams\[0\]\.url \(8:\d+\): found a reference to no https/,
  ],
  ['a Teams URL itself', 'teams: [{ url: "https://correct horse" }]', /teams\[0\]\.url \(8:\d+\)/],
  [
    'a Slack user of a strange issuer',
    'slack: { token: env:WORD, signing_secret: env:WORD, channel: C12, users: { U12: { issuer: https://other.example, subject: ada, groups: [dba] } } }',
    /users\.U12\.issuer \(8:\d+\): found an issuer that is none of issuers/,
  ],
  [
    'a name in place of a Slack user id',
    'slack: { token: env:WORD, signing_secret: env:WORD, channel: C12, users: { ada: { issuer: https://login.example.com, subject: ada, groups: [dba] } } }',
    /users\.ada \(8:\d+\)/,
  ],
  [
    'a Slack token that is nowhere',
    'slack: { token: env:NOT_SET, signing_secret: correct horse, channel: C12 }',
    /slack\.signing_secret \(8:\d+\)/,
  ],
  [
    'Slack asked in clear',
    'slack: { token: env:WORD, signing_secret: env:WORD, channel: C12, api_url: http://slack.example/api }',
    /slack\.api_url \(8:\d+\): found a URL that is not safe/,
  ],
  ['nobody', 'email: { host: m.example, from: a@b.example, to: [] }', /email\.to \(8:\d+\)/],
] as const) {
  void t.test(`${name} is refused with its place`, (t) => {
    const found = problems(approvals)
    t.match(found, expected)
    t.notMatch(found, 'correct horse')
    t.end()
  })
}
