// Configuration files that fit and that do not: each problem must name its place, what was found and
// what is allowed, and no secret.
import { execFileSync, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseConfig, readConfig, settingsFrom } from '../../../proxy/config/read-config.js'
import { problemText } from '../../../proxy/yaml-document.js'

const MINIMAL = `
listeners:
  postgres:
    - address: 127.0.0.1:6432
      plaintext: loopback
  web: { address: 127.0.0.1:8470 }
issuers:
  - issuer: https://login.example.com
    audience: sallyport
targets:
  shop:
    kind: postgres
    host: db.example.com
    accounts:
      - user: app
        password: env:SHOP_PASSWORD
policy: { source: . }
record: { directory: record }
`

const ENV = { SHOP_PASSWORD: 'correct horse' }

function folder(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function problems(text: string, file: string): readonly string[] {
  const reading = parseConfig(text, file, ENV)
  return reading.ok ? [] : reading.problems.map((problem) => problemText('F', problem))
}

void t.test('a small file gives settings without a gap', (t) => {
  const directory = folder(t)
  const file = join(directory, 'sallyport.yaml')
  writeFileSync(file, MINIMAL)
  const settings = settingsFrom(file, ENV)
  t.equal(settings.record.directory, join(directory, 'record'), 'paths start at the file')
  t.equal(settings.limits.messageBytes, 16_777_216)
  t.same(settings.listeners.postgres[0]?.address, { host: '127.0.0.1', port: 6432 })
  t.equal(settings.listeners.web.url, 'http://127.0.0.1:8470')
  const [shop] = settings.targets
  t.same(shop?.tls, { mode: 'verify', ca: undefined, serverName: 'db.example.com' })
  t.equal(shop?.database, 'shop')
  t.equal(shop?.accounts[0]?.password?.reveal(), 'correct horse')
  t.notOk(JSON.stringify(settings).includes('correct horse'), 'printed, it shows no secret')
  t.equal(settings.issuers[0]?.tokenType, 'access')
  t.end()
})

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

function certificate(directory: string, name: string): void {
  const [key, chain] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)]
  const form = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=x']
  execFileSync('openssl', ['req', '-x509', ...form, '-keyout', key, '-out', chain], {
    stdio: 'ignore',
  })
}

const skip = hasOpenssl ? false : 'openssl is not installed'

void t.test('the example fits where its files are, and keys must fit', { skip }, (t) => {
  const directory = folder(t)
  const example = readFileSync('fixtures/config/sallyport.example.yaml', 'utf8')
  t.match(example, /^# yaml-language-server: \$schema=/)
  certificate(directory, 'one')
  certificate(directory, 'two')
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  writeFileSync(join(directory, 'ed25519'), pem)
  writeFileSync(join(directory, 'films'), `${Buffer.alloc(32).toString('base64')}\n`)
  const here = example
    .replace('/etc/sallyport/tls/chain.pem', 'one.pem')
    .replace('/etc/sallyport/tls/key.pem', 'one.key')
    .replace('/etc/sallyport/tls/database-ca.pem', 'two.pem')
    .replace('/etc/sallyport/record-key.pem', 'ed25519')
    .replace('/etc/sallyport/recordings.key', 'films')
    .replace('/run/secrets/shop_app', 'one.key')
    .replaceAll('../../rego', '.')
  const names = [...example.matchAll(/env:([A-Z_]+)/g)].map(
    ([, name = '']) => [name, name.endsWith('_URL') ? 'https://x.example/' : 'x'] as const,
  )
  const env = Object.fromEntries(names)
  const told = (text: string): readonly string[] => {
    const reading = parseConfig(text, join(directory, 'f.yaml'), env)
    return reading.ok ? [] : reading.problems.map((problem) => problemText('F', problem))
  }
  t.same(told(here), [])
  t.match(told(here.replace('one.key', 'two.key')).join(), /found the key of another certificate/)
  t.match(told(here.replace('one.key', 'one.pem')).join(), /found no private key/)
  t.match(told(here.replace('one.pem', 'one.key')).join(), /a file without a certificate/)
  t.match(told(here.replace('two.pem', 'f')).join(), /ca .*ENOENT/)
  t.match(told(here.replace('ed25519', 'one.key')).join(), /found no Ed25519 key/)
  t.match(told(here.replace('file:films', 'file:f')).join(), /recordings\.key .*ENOENT/)
  t.match(
    told(here.replace('file:films', 'file:one.key')).join(),
    /recordings\.key .*found no key; allowed: 32 bytes in base64/,
  )
  t.match(
    told(here.replace('/var/lib/sallyport/recordings', '/var/lib/sallyport/record')).join(),
    /recordings\.directory .*the folder of the record/,
  )
  t.match(
    told(here.replace('- labels: { env: prod }', '- target: nowhere')).join(),
    /recordings\.retention\[0\]\.target .*“nowhere”/,
  )
  t.end()
})

void t.test('each problem has its place, what was found and what is allowed', (t) => {
  const file = join(folder(t), 'f.yaml')
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [
      'audience: sallyport',
      'audiense: sallyport',
      /issuers\[0\]\.audiense \(9:5\): found an unknown key .*did you mean “audience”/,
    ],
    [
      'audience: sallyport',
      'audience: ""',
      /issuers\[0\]\.audience \(9:15\): found “”; allowed: a text that is not empty/,
    ],
    [
      '    audience: sallyport\n',
      '',
      /issuers\[0\]\.audience \(8:5\): found nothing; allowed: this key is required/,
    ],
    [
      'kind: postgres',
      'kind: mysql',
      /targets\.shop\.kind \(12:11\): found “mysql”; allowed: one of postgres/,
    ],
    ['  shop:', '  Shop:', /targets\.Shop \(11:3\): found the name “Shop”/],
    ['issuers:', 'issuers: 7\nother:', /issuers \(7:10\): found a number; allowed: a list/],
    [
      '127.0.0.1:6432',
      '6432',
      /address \(4:16\): found the number 6432; allowed: a text; host:port/,
    ],
    [
      'plaintext: loopback',
      'plaintext: true',
      /plaintext \(5:18\): found the truth value true; allowed: one of never, loopback/,
    ],
    [
      'env:SHOP_PASSWORD',
      'env:MISSING',
      /accounts\[0\]\.password \(16:19\): found env:MISSING is not set/,
    ],
    ['env:SHOP_PASSWORD', 'file:nowhere', /found file:nowhere cannot be read \(ENOENT\)/],
    [
      '      plaintext: loopback\n',
      '',
      /postgres\[0\]\.tls \(4:7\): found nothing; allowed: tls .* or plaintext: loopback/,
    ],
    ['127.0.0.1:6432', '0.0.0.0:6432', /plaintext \(5:18\): found loopback with 0\.0\.0\.0:6432/],
    ['127.0.0.1:8470', '0.0.0.0:8470', /web\.tls \(6:3\): found nothing/],
    ['127.0.0.1:8470', '127.0.0.1:6432', /an address of its own: listeners\.postgres\.0\.address/],
    ['127.0.0.1:8470', '127.0.0.1:70000', /found port 70000; allowed: a port from 0 to 65535/],
    [
      'https://login.example.com',
      'http://login.example.com',
      /issuers\[0\]\.issuer \(8:13\): .*https/,
    ],
    [
      '    audience: sallyport',
      '    audience: a\n  - issuer: https://login.example.com\n    audience: b',
      /issuers\[1\]\.issuer .*above already/,
    ],
    [
      '    audience: sallyport',
      '    audience: a\n    revocation: introspection',
      /issuers\[0\]\.client_id/,
    ],
    [
      'plaintext: loopback',
      'plaintext: loopback\n      target: shoop',
      /target \(6:15\): found “shoop”; allowed: the name of a target: shop/,
    ],
    ['    accounts:', '    tls: { mode: "off" }\n    accounts:', /tls\.mode .*verify, since/],
    ['    accounts:', '    zone: Mars/Olympus\n    accounts:', /zone \(14:11\): found a time zone/],
    ['    accounts:', '    accounts:\n      - user: anybody', /accounts\[1\] .*never reached/],
    ['source: .', 'source: nowhere', /policy\.source .*ENOENT/],
    [
      'record:',
      'limits: { message_bytes: 1024, statement_bytes: 2048 }\nrecord:',
      /limits\.statement_bytes/,
    ],
    ['record:', 'policy: { source: . }\nrecord:', /\(18:1\): found the same key twice/],
    ['record:', 'log: &a { level: info }\nx: *a\nrecord:', /found an alias/],
    ['record:', '---\nrecord:', /found more than one document/],
    ['record:', 'log: !!js/function x\nrecord:', /found a tag/],
    ['record:', '\trecord:', /found /],
  ]
  for (const [before, after, wanted] of cases) {
    const text = MINIMAL.replace(before, after)
    t.match(problems(text, file).join('\n'), wanted, wanted.source)
  }
  t.end()
})

void t.test('all problems are told, not the first alone', (t) => {
  const text = MINIMAL.replace('audience', 'audiense').replace('kind', 'kinds')
  t.equal(problems(text, join(folder(t), 'f.yaml')).length, 4)
  t.end()
})

void t.test('a secret written where a reference belongs is not repeated', (t) => {
  const file = join(folder(t), 'f.yaml')
  const values = [
    'hunter2',
    '"hunter2"',
    '[hunter2]',
    '{ hunter2: 1 }',
    '"env hunter2"',
    '12345678',
  ]
  for (const value of values) {
    const told = problems(MINIMAL.replace('env:SHOP_PASSWORD', value), file).join('\n')
    t.match(told, /password/)
    t.notMatch(told, /hunter2|12345678/, value)
  }
  const unclosed = problems(MINIMAL.replace('env:SHOP_PASSWORD', '"hunter2'), file).join('\n')
  t.notMatch(unclosed, /hunter2/)
  t.end()
})

void t.test('files that are no configuration end quickly', (t) => {
  const file = join(folder(t), 'f.yaml')
  const bomb = [
    'a: &a [x]',
    ...'bcdefgh'.split('').map((c, i) => `${c}: &${c} [*${'abcdefgh'[i]}]`),
  ]
  const texts = [
    '',
    'null',
    '[]',
    '7',
    '{',
    bomb.join('\n'),
    '['.repeat(100_000),
    '- '.repeat(90_000),
  ]
  const more = ['? '.repeat(90_000), `a: ${'x'.repeat(300_000)}`, '\u0000', `${'a:\n '.repeat(9)}`]
  const steps = Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')
  for (const text of [...texts, ...more, steps]) {
    const started = Date.now()
    t.equal(parseConfig(text, file, ENV).ok, false)
    t.ok(Date.now() - started < 30_000, JSON.stringify(text.slice(0, 20)))
  }
  t.throws(() => readConfig(join(file, 'nowhere'), ENV), { code: 'config_unreadable' })
  t.throws(() => readConfig('/dev', ENV), { code: 'config_unreadable' })
  t.end()
})
