// Signatures are OPA's: it checks ours, and we check its own, whatever stands in the documents.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { packedBundle } from '../../../../proxy/policies/pack.js'
import { algorithmsOf } from '../../../../proxy/policies/signing/keys.js'
import { signedBundle } from '../../../../proxy/policies/signing/sign.js'
import { verifiedBundle } from '../../../../proxy/policies/signing/verify.js'
import { opaPath } from '../../../rego/library.js'
import { changed, FILES, pairOf, pem } from './signing-lab.js'

// Whatever a digest could trip over: numbers as written, order by bytes, escapes of two languages.
const TRICKY = `{
  "numbers": [0, -0, 1.0, 1e2, 1E+2, 12345678901234567890123, 0.1000, -1.5e-7],
  "\\ud83d\\ude00": 1, "\\ufb01": 2, "z": 3, "\\u00e4": 4, "Z": 5, "": 6,
  "texts": ["<a&b>", "\\u2028\\u2029", "\\b\\f\\n\\r\\t\\u0001\\u007f", "\\/", "\\"\\\\", "\\ud800", "😀"],
  "deep": {"b": {"b": [], "a": {}}, "a": [[[null, true, false]]]}
}`

const KINDS = ['P-256', 'Ed25519', 'RSA'] as const

function scratch(test: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-sign-'))
  test.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function bundle(): Promise<Buffer> {
  const files = new Map(FILES)
  files.delete('policy.wasm')
  return packedBundle(files.set('data.json', Buffer.from(TRICKY)))
}

for (const kind of KINDS) {
  t.test(`OPA accepts what we signed with ${kind}, also with more signatures beside`, async (t) => {
    const [opa, folder] = [await opaPath(), scratch(t)]
    const [first, second] = [pairOf('first', kind), pairOf('second')]
    const alone = await signedBundle(await bundle(), { key: first.own })
    const both = await signedBundle(alone.bytes, { key: second.own })
    const [algorithm = ''] = algorithmsOf(first.shown)
    writeFileSync(join(folder, 'first.pem'), pem(first.shown.key))
    writeFileSync(join(folder, 'second.pem'), pem(pairOf('second', kind).shown.key))
    // What OPA says; nothing where it is content.
    const checked = (file: string, key: string): string => {
      const keys = ['--verification-key', key, '--verification-key-id', 'first']
      const args = ['build', '-b', file, ...keys, '--signing-alg', algorithm, '-o', 'out.tar.gz']
      const { stdout, stderr } = spawnSync(opa, args, { cwd: folder, encoding: 'utf8' })
      return `${stdout}${stderr}`
    }
    for (const [name, bytes] of [
      ['alone', alone.bytes],
      ['both', both.bytes],
    ] as const) {
      writeFileSync(join(folder, `${name}.tar.gz`), bytes)
      t.equal(checked(`${name}.tar.gz`, 'first.pem'), '', name)
      t.match(checked(`${name}.tar.gz`, 'second.pem'), /failed to verify/, 'by no other key')
    }
    const other = await changed(both.bytes, (files) => files.set('data.json', Buffer.from('{}')))
    writeFileSync(join(folder, 'other.tar.gz'), other)
    t.match(checked('other.tar.gz', 'first.pem'), /digest mismatch/)
    const keys = ['--verification-key', 'first.pem', '--verification-key-id', 'first']
    const run = ['run', '-b', 'both.tar.gz', ...keys, '--signing-alg', algorithm]
    t.match(
      execFileSync(opa, run, { cwd: folder, input: 'data.z\n', encoding: 'utf8' }),
      /3/,
      'opa run',
    )
  })

  t.test(`we accept what OPA signed with ${kind}`, async (t) => {
    const [opa, folder] = [await opaPath(), scratch(t)]
    const { own, shown } = pairOf('first', kind)
    const [algorithm = ''] = algorithmsOf(own)
    writeFileSync(join(folder, 'key.pem'), pem(own.key))
    const sources = { 'src/data.json': TRICKY, 'src/p/a.rego': 'package p\n\nx := 1\n' }
    for (const [name, text] of Object.entries(sources)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    const key = ['--signing-key', '../key.pem', '--signing-alg', algorithm]
    const at = { cwd: join(folder, 'src'), stdio: 'pipe' } as const
    const keyid = ['--verification-key-id', 'first']
    execFileSync(opa, ['build', '-b', '.', ...key, ...keyid, '-o', '../built.tar.gz'], at)
    const built = readFileSync(join(folder, 'built.tar.gz'))
    const requirement = { required: 1, keys: [shown] }
    t.same((await verifiedBundle(built, requirement)).signers, ['first'], 'opa build')
    execFileSync(opa, ['sign', '-b', '.', ...key], at)
    execFileSync('tar', ['czf', '../signed.tar.gz', 'p', 'data.json', '.signatures.json'], at)
    const signed = readFileSync(join(folder, 'signed.tar.gz'))
    t.same((await verifiedBundle(signed, requirement)).signers, ['first'], 'opa sign')
    t.equal((await signedBundle(built, { key: pairOf('us').own })).names.join(), 'first,us')
  })
}

t.test('a second signature in one name replaces the first, in its place', async (t) => {
  const [one, other] = [pairOf('one'), pairOf('other')]
  let { bytes } = await signedBundle(await bundle(), { key: one.own })
  bytes = (await signedBundle(bytes, { key: other.own })).bytes
  const again = pairOf('one')
  const { names, bytes: replaced } = await signedBundle(bytes, { key: again.own })
  t.same(names, ['one', 'other'])
  const requirement = { required: 2, keys: [again.shown, other.shown] }
  t.same((await verifiedBundle(replaced, requirement)).signers, ['one', 'other'])
})

t.test('nobody signs beside a signature over other files', async (t) => {
  const { bytes } = await signedBundle(await bundle(), { key: pairOf('one').own })
  const other = await changed(bytes, (files) => files.set('data.json', Buffer.from('{}')))
  await t.rejects(signedBundle(other, { key: pairOf('two').own }), {
    code: 'bundle_signature',
    message: /“one” signed another bundle than this one: data\.json/,
  })
  await t.rejects(signedBundle(Buffer.from('x'), { key: pairOf('two').own }), {
    code: 'bundle_invalid',
  })
})

t.test('a signature lasts as long as it says, for what it says', async (t) => {
  const { own, shown } = pairOf('one')
  const { bytes } = await signedBundle(await bundle(), { key: own, scope: 'prod', expires: 1000 })
  const requirement = { required: 1, keys: [shown], scope: 'prod' }
  t.same((await verifiedBundle(bytes, requirement, 999_999)).signers, ['one'])
  await t.rejects(verifiedBundle(bytes, requirement, 1_000_000), { message: /it ended at 1970/ })
})
