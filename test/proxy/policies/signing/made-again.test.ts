// A bundle is held against its sources: whatever somebody put in, took out or changed is named.
import t from 'tap'
import { buildBundle } from '../../../../proxy/policies/build.js'
import { differencesFrom } from '../../../../proxy/policies/signing/made-again.js'
import { signedBundle } from '../../../../proxy/policies/signing/sign.js'
import { LIBRARY, opaPath } from '../../../rego/library.js'
import { changed, pairOf } from './signing-lab.js'

t.setTimeout(120_000)

t.test('what was changed after building is named, signatures are not', async (t) => {
  const source = { opa: await opaPath(), folder: LIBRARY }
  const bytes = await buildBundle(source)
  t.same(await differencesFrom(bytes, source), [])
  const { bytes: signed } = await signedBundle(bytes, { key: pairOf('anna').own })
  t.same(await differencesFrom(signed, source), [])
  const other = await changed(signed, (files) => {
    files.set('policy.wasm', Buffer.from('other'))
    files.set('extra.rego', Buffer.from('package extra'))
    files.delete('policies/sallyport/main.rego')
    const manifest = JSON.parse(String(files.get('.manifest'))) as { metadata: object }
    const metadata = { ...manifest.metadata, sallyport_opa: '1.0.0' }
    files.set('.manifest', Buffer.from(JSON.stringify({ ...manifest, metadata })))
  })
  const found = await differencesFrom(other, source)
  t.match(found[0], /^it was compiled by OPA 1\.0\.0, and this is \d/)
  t.same(found.slice(1), [
    'extra.rego is not among the sources',
    'policies/sallyport/main.rego is missing',
    'policy.wasm differs',
  ])
})
