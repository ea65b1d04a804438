// From a folder to a bundle that two people signed, by the commands alone.
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import * as build from '../../../../proxy/commands/policy/build.js'
import * as sign from '../../../../proxy/commands/policy/sign.js'
import * as verify from '../../../../proxy/commands/policy/verify.js'
import { GatewayError } from '../../../../proxy/errors.js'
import { LIBRARY, opaPath } from '../../../rego/library.js'

const CONFIG = `
listeners: { web: { address: 127.0.0.1:8470 } }
issuers: [{ issuer: https://login.example.com, audience: sallyport }]
targets: { shop: { kind: postgres, host: db.example.com, accounts: [{ user: app }] } }
record: { directory: record }
`

t.test('build, keys, two signatures, verify', async (t) => {
  const cwd = mkdtempSync(join(tmpdir(), 'sallyport-commands-'))
  t.teardown(() => rmSync(cwd, { recursive: true, force: true }))
  const said: string[] = []
  const out = { write: (text: string) => said.push(text) }
  const io = { stdout: out, stderr: out, cwd, env: { SALLYPORT_OPA: await opaPath() } }
  const ran = async (
    command: { run: (argv: readonly string[], given: typeof io) => Promise<number> },
    ...argv: readonly string[]
  ): Promise<string> => {
    said.length = 0
    const status = await command.run(argv, io).catch((problem: unknown) => {
      if (problem instanceof GatewayError) return `${problem.code}: ${problem.message}`
      throw problem
    })
    return `${status} ${said.join('')}`
  }
  t.match(await ran(build, LIBRARY), /^0 bundle\.tar\.gz  \d+ bytes\n  revision  \w+[\s\S]+ deny/)
  const json = await ran(build, LIBRARY, '--format', 'json', '--output', 'b.tar.gz')
  t.match(JSON.parse(json.slice(2)), {
    bundle: 'b.tar.gz',
    digest: /^sha256:/,
    fuel: { used: /\d/ },
  })
  t.ok(readFileSync(join(cwd, 'b.tar.gz')).equals(readFileSync(join(cwd, 'bundle.tar.gz'))))
  t.notOk(existsSync(join(cwd, 'b.tar.gz.part')))

  t.match(await ran(sign, '--new-key', 'keys', '--name', 'anna'), /^0 .*anna\.key\.pem/)
  t.match(await ran(sign, '--new-key', 'keys', '--name', 'ben', '--kind', 'EdDSA'), /^0 /)
  t.equal(statSync(join(cwd, 'keys', 'anna.key.pem')).mode & 0o777, 0o600)
  const key = (name: string): readonly string[] => ['--key', `keys/${name}.key.pem`, '--name', name]
  const keys = ['anna', 'ben'].flatMap((name) => ['--key', `${name}=keys/${name}.pub.pem`])
  t.match(await ran(verify, 'b.tar.gz', ...keys), /^bundle_signature: .*signed by nobody/)
  t.match(await ran(sign, 'b.tar.gz', ...key('anna')), /^0 .*signed by anna \(ES256\)/)
  t.match(await ran(verify, 'b.tar.gz', ...keys), /^bundle_signature: .*signed by 1 \(anna\)/)
  t.match(await ran(verify, 'b.tar.gz', ...keys, '--required', '1'), /^0 .*good/)
  t.match(await ran(sign, 'b.tar.gz', ...key('ben'), '--output', 'c.tar.gz'), /^0 .*anna, ben/)
  const found = await ran(verify, 'c.tar.gz', ...keys, '--format', 'json')
  t.match(JSON.parse(found.slice(2)), { signers: ['anna', 'ben'], required: 2 })

  t.match(await ran(verify, 'c.tar.gz', '--source', LIBRARY), /^0 .*byte for byte/s)
  const other = join(cwd, 'other')
  cpSync(LIBRARY, other, { recursive: true })
  writeFileSync(join(other, 'data/hours/data.yaml'), 'enabled: true\n')
  const wrong = await ran(verify, 'c.tar.gz', '--source', 'other')
  t.match(wrong, /^bundle_signature: it is not what other makes:/)
  t.match(wrong, /it was built from .*nothing that says so\n {2}data\.json differs/)

  const config = (policy: string): void =>
    writeFileSync(join(cwd, 'sallyport.yaml'), CONFIG + policy)
  config('policy: { source: c.tar.gz }\n')
  t.match(
    await ran(verify, 'c.tar.gz', '--config', 'sallyport.yaml'),
    /^config_invalid: .*no policy/,
  )
  const files = '{ anna: keys/anna.pub.pem, ben: keys/ben.pub.pem }'
  config(`policy: { source: c.tar.gz, signatures: { required: 2, keys: ${files} } }\n`)
  t.match(await ran(verify, 'c.tar.gz', '--config', 'sallyport.yaml'), /^0 .*\(2 required\)/s)
  t.match(await ran(verify, 'bundle.tar.gz', '--config', 'sallyport.yaml'), /signed by nobody/)
})

t.test('wrong usage is said in words', async (t) => {
  const out = { write: () => true }
  const io = { stdout: out, stderr: out, cwd: '/', env: {} }
  for (const [command, argv, why] of [
    [sign, [], /--name/],
    [sign, ['--name', 'a'], /one BUNDLE/],
    [sign, ['b', '--name', 'a'], /--key/],
    [sign, ['--new-key', 'x', '--name', 'a', '--kind', 'HS256'], /--kind is one of/],
    [verify, [], /one BUNDLE/],
    [verify, ['b'], /which keys/],
    [verify, ['b', '--key', 'x'], /NAME=FILE/],
    [verify, ['b', '--key', 'a=x', '--required', '0'], /--required/],
    [build, ['a', 'b'], /one folder/],
    [build, ['--format', 'xml'], /--format/],
    [build, ['--strange'], /strange/],
  ] as const) {
    await t.rejects(command.run(argv, io), { code: 'usage', message: why })
  }
})
