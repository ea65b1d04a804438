// What can never be met is found before a bundle comes: keys that cannot be read, fewer keys than must sign.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { signatureRequirement } from '../../../../proxy/policies/signing/requirement.js'
import { pairOf, pem } from './signing-lab.js'

t.test('keys are read, and must be as many as are asked for', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-keys-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const keys = ['anna', 'ben'].map((name) => {
    const file = join(folder, `${name}.pem`)
    writeFileSync(file, pem(pairOf(name).shown.key))
    return { name, file }
  })
  const [anna, ben] = keys
  if (anna === undefined || ben === undefined) throw new Error('no keys')
  const found = await signatureRequirement({ required: 2, keys, scope: 'prod' })
  t.same(
    found.keys.map(({ name }) => name),
    ['anna', 'ben'],
  )
  t.match(found, { required: 2, scope: 'prod' })
  await t.rejects(signatureRequirement({ required: 3, keys, scope: undefined }), {
    message: /3 keys must sign, and only 2 different/,
  })
  const twice = [anna, { name: 'anna2', file: anna.file }]
  await t.rejects(signatureRequirement({ required: 2, keys: twice, scope: undefined }), {
    message: /only 1 different/,
  })
  const missing = [{ name: 'gone', file: join(folder, 'gone.pem') }]
  await t.rejects(signatureRequirement({ required: 1, keys: missing, scope: undefined }), {
    code: 'bundle_signature',
    message: /“gone” cannot be read/,
  })
})
