// What a configuration says of witnesses and of where checkpoints are published: defaults, and each mistake
// with its place, what was found and what is allowed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseConfig, settingsFrom } from '../../../proxy/config/read-config.js'
import { problemText } from '../../../proxy/yaml-document.js'

const raw = (type: number): string =>
  Buffer.concat([Buffer.of(type), Buffer.alloc(32, 5)]).toString('base64')
const KEY = `w.example/1+00000000+${raw(4)}`
const OTHER = `w.example/2+00000001+${raw(4)}`
const ENV = { HOOK: 'a secret' }

function written(t: Test, record: string): { readonly file: string; readonly text: string } {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'sallyport.yaml')
  const text = `
listeners: { web: { address: 127.0.0.1:8470 } }
issuers: [{ issuer: https://login.example.com, audience: sallyport }]
targets: { shop: { kind: postgres, host: db.example.com, accounts: [{ user: app }] } }
policy: { source: "https://bundles.example.com/b.tar.gz" }
record:
  directory: record
${record.replace(/^/gm, '  ')}
`
  writeFileSync(file, text)
  return { file, text }
}

t.test('witnesses and places become settings, more than half a quorum', async (t) => {
  const { file } = written(
    t,
    `erasable: true
witnesses: [{ key: '${KEY}', url: 'https://w.example' }, { key: '${OTHER}', url: 'http://127.0.0.1:1' }]
publish:
  - { file: ../kept/checkpoints.txt }
  - { url: 'https://kept.example/checkpoints', secret: env:HOOK }
  - { git: clone, remote: origin, branch: main, every_ms: 1000 }`,
  )
  const { record } = settingsFrom(file, ENV)
  t.match(record, {
    erasable: true,
    witnesses: { quorum: 2, requiredMs: undefined, witnesses: [{ key: KEY }, { key: OTHER }] },
    publish: [
      { kind: 'file', file: /^\/.*kept\/checkpoints\.txt$/, everyMs: 0 },
      { kind: 'http', url: 'https://kept.example/checkpoints', everyMs: 60_000 },
      { kind: 'git', file: 'checkpoints.txt', remote: 'origin', branch: 'main', everyMs: 1000 },
    ],
  })
  const plain = settingsFrom(written(t, '').file, ENV)
  t.match(plain.record, { erasable: false, witnesses: { witnesses: [] }, publish: [] })
})

t.test('each mistake is named with its place', async (t) => {
  const witness = (more: string): string =>
    `witnesses: [{ key: '${KEY}', url: 'https://w.example' }]\n${more}`
  for (const [record, said] of [
    [`witnesses: [{ key: 'w+00+x', url: 'https://w.example' }]`, /witnesses.*no key of a witness/s],
    [
      `witnesses: [{ key: 'w+00000000+${raw(1)}', url: 'https://w.example' }]`,
      /no key of a witness/,
    ],
    [`witnesses: [{ key: '${KEY}', url: 'http://w.example' }]`, /a URL that is not safe/],
    [
      `witnesses: [{ key: '${KEY}', url: 'https://a' }, { key: '${KEY}', url: 'https://b' }]`,
      /there twice/,
    ],
    [witness('witness_quorum: 2'), /no more than there are witnesses \(1\)/],
    ['witness_required_ms: 5000', /witnesses to be named/],
    ['publish: [{}]', /one of file, url and git/],
    [`publish: [{ file: a.txt, git: b }]`, /one of file, url and git/],
    [`publish: [{ url: 'http://kept.example/x' }]`, /a URL that is not safe/],
    [`publish: [{ url: 'https://kept.example/x', secret: env:NONE }]`, /NONE/],
    [`publish: [{ git: clone, path: ../x.txt }]`, /ends in \.txt/],
    [`publish: [{ git: clone, path: x.yaml }]`, /ends in \.txt/],
    [`publish: [{ git: clone, remote: --upload-pack=x }]`, /begins with -/],
  ] as const) {
    const { file, text } = written(t, record)
    const reading = parseConfig(text, file, ENV)
    const told = reading.ok ? [] : reading.problems.map((problem) => problemText('F', problem))
    t.match(told.join('\n'), said, record)
  }
})
