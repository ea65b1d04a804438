// What a configuration says of policies, where a schema cannot: each mistake with its place, what was found
// and what is allowed.
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseConfig, settingsFrom } from '../../../proxy/config/read-config.js'
import { problemText } from '../../../proxy/yaml-document.js'

const ENV = { BUNDLE_TOKEN: 'a token' }

function written(t: Test, policy: string): { readonly file: string; readonly text: string } {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const pair = generateKeyPairSync('ed25519')
  writeFileSync(
    join(directory, 'ada.pem'),
    pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  )
  writeFileSync(
    join(directory, 'secret.pem'),
    pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  )
  const file = join(directory, 'sallyport.yaml')
  const text = `
listeners: { web: { address: 127.0.0.1:8470 } }
issuers: [{ issuer: https://login.example.com, audience: sallyport }]
targets: { shop: { kind: postgres, host: db.example.com, accounts: [{ user: app }] } }
record: { directory: record }
policy:
${policy.replace(/^/gm, '  ')}
`
  writeFileSync(file, text)
  return { file, text }
}

function problems(t: Test, policy: string): readonly string[] {
  const { file, text } = written(t, policy)
  const reading = parseConfig(text, file, ENV)
  return reading.ok ? [] : reading.problems.map((problem) => problemText('F', problem))
}

t.test('a server, signatures, limits of age and a shadow become settings', async (t) => {
  const { file } = written(
    t,
    `source: https://bundles.example.com/b.tar.gz
server: { token: env:BUNDLE_TOKEN, wait_ms: 0 }
signatures: { required: 1, keys: { ada: ada.pem } }
stale_ms: 60000
shadow: { source: later.tar.gz }`,
  )
  const { policy } = settingsFrom(file, ENV)
  t.match(policy, {
    source: {
      kind: 'server',
      url: 'https://bundles.example.com/b.tar.gz',
      pollMs: 30_000,
      waitMs: 0,
    },
    signatures: { required: 1, keys: [{ name: 'ada', file: join(file, '../ada.pem') }] },
    staleMs: 60_000,
    denyMs: undefined,
    operators: ['policy-operators'],
    shadow: { kind: 'path', path: join(file, '../later.tar.gz') },
  })
  t.notMatch(JSON.stringify(policy), /a token/)
})

const WRONG: readonly (readonly [policy: string, problem: RegExp])[] = [
  ['source: http://bundles.example.com/b.tar.gz', /policy\.source.*http:\/\/ only on loopback/],
  ['source: https://me:pw@bundles.example.com/b', /no user or password in it/],
  ['source: oci://me:pw@registry.example.com/b', /no user or password in it/],
  ['source: oci+http://registry.example.com/b', /http:\/\/ only on loopback/],
  ['source: oci://registry.example.com/Not/A:Name', /oci:\/\/registry\/repository:tag/],
  ['source: missing', /a folder of Rego, or a bundle\.tar\.gz/],
  ['source: .\nserver: { poll_ms: 5000 }', /policy\.server.*only where source is the https/],
  [
    'source: https://bundles.example.com/b\nserver: { token: env:NONE }',
    /policy\.server\.token.*env:NONE is not set/,
  ],
  ['source: https://bundles.example.com/b\nserver: { ca: none.pem }', /policy\.server\.ca.*ENOENT/],
  [
    'source: .\nsignatures: { required: 2, keys: { ada: ada.pem } }',
    /signatures\.required.*at most 1, as many as keys/,
  ],
  ['source: .\nsignatures: { required: 1, keys: { eve: secret.pem } }', /keys\.eve.*a private key/],
  ['source: .\nsignatures: { required: 1, keys: { eve: none.pem } }', /keys\.eve.*ENOENT/],
  ['source: .\nstale_ms: 9000\ndeny_ms: 5000', /policy\.stale_ms.*no more than policy\.deny_ms/],
  ['source: .\nshadow: { source: http://x.example/b }', /policy\.shadow\.source/],
]

t.test('each mistake is named with its place', async (t) => {
  for (const [policy, problem] of WRONG) {
    const found = problems(t, policy)
    t.match(found.join('\n'), problem, policy)
    t.match(found[0], /^F: policy\.\S+ \(\d+:\d+\): found /)
    t.notMatch(found.join('\n'), /pw@|BEGIN PRIVATE|MC4C/)
  }
})
