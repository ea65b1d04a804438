// Adding a policy is adding a file: what files are called, and so in which order they are read, decides
// nothing.
import { mkdir, mkdtemp, readdir, copyFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { policyOf } from '../../engine/policy/bundle.js'
import { buildBundle } from '../../proxy/policies/build.js'
import { cases, LIBRARY, libraryPolicy, opaPath } from './library.js'

t.test('files of policies in another order decide the same, byte for byte', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-order-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const names = await readdir(LIBRARY, { recursive: true })
  let place = names.length
  for (const name of names.filter((one) => /\.(rego|yaml)$/.test(one)).sort()) {
    const reversed = name.replace(/([^/]+)\.rego$/, (_, stem: string) => `z${place}_${stem}.rego`)
    const path = join(folder, name.endsWith('_test.rego') ? name : reversed)
    place--
    await mkdir(join(path, '..'), { recursive: true })
    await copyFile(join(LIBRARY, name), path)
  }
  const bytes = await buildBundle({ opa: await opaPath(), folder })
  const [one, other] = [await libraryPolicy(), await policyOf(bytes, { id: 2, fuel: 100_000_000 })]
  t.not(one.wasmDigest, other.wasmDigest)
  for (const { name, facts } of cases()) {
    for (const entrypoint of ['decision', 'degraded'] as const) {
      t.equal(
        JSON.stringify(other.decide(facts, entrypoint)),
        JSON.stringify(one.decide(facts, entrypoint)),
        `${name}, ${entrypoint}`,
      )
    }
  }
})
