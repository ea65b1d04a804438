// New keys: the private half readable by its owner alone, nothing ever written over.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { algorithmsOf, privateKey, publicKey } from '../../../../proxy/policies/signing/keys.js'
import { newKeys } from '../../../../proxy/policies/signing/new-keys.js'

t.test('a pair is made in a new folder, for its owner', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-keys-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const kind of ['ES256', 'EdDSA'] as const) {
    const { privateFile, publicFile } = await newKeys(join(folder, 'keys'), `ci-${kind}`, kind)
    t.equal(statSync(privateFile).mode & 0o777, 0o600)
    t.equal(statSync(join(folder, 'keys')).mode & 0o777, 0o700)
    t.equal(algorithmsOf(privateKey('a', readFileSync(privateFile, 'utf8')))[0], kind)
    t.equal(algorithmsOf(publicKey('a', readFileSync(publicFile, 'utf8')))[0], kind)
  }
  await t.rejects(newKeys(join(folder, 'keys'), 'ci-ES256', 'EdDSA'), { code: 'conflict' })
  for (const name of ['', '../x', 'a b', '.x', 'a/b']) {
    await t.rejects(newKeys(folder, name, 'ES256'), { code: 'usage' })
  }
})
