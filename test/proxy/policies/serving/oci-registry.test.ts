// Bundles in an OCI registry: pulled by tag or digest, held against the digests that name them, with tokens
// from nobody but the registry. OPA itself pulls from the same peer.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ociReference } from '../../../../proxy/policies/serving/oci-registry.js'
import { openSource, type Source } from '../../../../proxy/policies/serving/source.js'
import { freePort } from '../../../peers/gateway-config.js'
import { startRegistry, type Registry } from '../../../peers/oci-registry.js'
import { opaPath } from '../../../rego/library.js'
import { bundleOf, ruleOf, rules, scratch, served, until } from './lab.js'

t.setTimeout(120_000)

async function peer(test: Test, anonymous = false): Promise<Registry> {
  const registry = await startRegistry({ anonymous })
  test.teardown(() => registry.close())
  return registry
}

function sourceAt(registry: Registry, reference = ':prod', password?: string): Promise<Source> {
  return openSource({
    kind: 'server',
    url: `oci://${registry.host}/org/policies${reference}`,
    user: registry.user,
    token: () => password ?? registry.password,
    ca: () => registry.certificate,
    pollMs: 100,
    waitMs: 20_000,
    random: () => 0.5,
  })
}

t.test('a tag is followed, its token fetched once, its blob from a store elsewhere', async (t) => {
  const registry = await peer(t)
  registry.push('prod', await bundleOf(t, rules('a/one')))
  const { serving, events } = await served(t, { source: await sourceAt(registry) })
  t.equal(ruleOf(serving.current()), 'a/one')
  t.match(serving.status(), { kind: 'server', source: `oci://${registry.host}/org/policies:prod` })
  t.same(registry.asked(), [
    'GET /v2/org/policies/manifests/prod nothing',
    'GET /token Basic',
    'GET /v2/org/policies/manifests/prod Bearer',
    'GET /v2/org/policies/blobs/sha256:… Bearer',
    'GET /store/sha256:… nothing',
  ])
  await until(t, 'asked again', () => registry.asked().length >= 7)
  t.equal(registry.asked().at(-1), 'GET /v2/org/policies/manifests/prod Bearer', 'the tag alone')
  registry.push('prod', await bundleOf(t, rules('a/two')))
  await until(t, 'the new one decides', () => ruleOf(serving.current()) === 'a/two')

  for (const [how, words] of [
    ['other-blob', /is not what the manifest names/],
    ['two-layers', /has 2 layers of the type/],
  ] as const) {
    registry.misbehave(how)
    registry.push('prod', await bundleOf(t, rules(`a/${how}`)))
    await until(t, how, () => words.test(events.at(-1)?.reason ?? ''))
    t.not(ruleOf(serving.current()), `a/${how}`)
  }
})

t.test('a digest names one manifest for good', async (t) => {
  const registry = await peer(t)
  const digest = registry.push('prod', await bundleOf(t, rules('b/one')))
  registry.push('prod', await bundleOf(t, rules('b/two')))
  const { serving } = await served(t, { source: await sourceAt(registry, `@${digest}`) })
  t.equal(ruleOf(serving.current()), 'b/one')
})

t.test('our password goes to the registry’s own token service or nowhere', async (t) => {
  const registry = await peer(t)
  registry.push('prod', await bundleOf(t, rules('c/one')))
  const rejected = async (source: Promise<Source>, words: RegExp): Promise<void> => {
    await t.rejects(served(t, { source: await source }), { message: words })
  }
  await rejected(sourceAt(registry, ':prod', 'another'), /\/token refuses our token \(401\)/)
  await rejected(sourceAt(registry, ':none'), /has no such bundle \(404\)/)
  registry.misbehave('strange-realm')
  await rejected(sourceAt(registry), /refuses our token \(401\)/)
})

t.test('references are read as registries write them', async (t) => {
  const digest = `sha256:${'a'.repeat(64)}`
  for (const [text, expected] of [
    ['oci://r.example/a:1', { origin: 'https://r.example', repository: 'a', reference: '1' }],
    ['oci://r.example/a/b-c', { repository: 'a/b-c', reference: 'latest' }],
    [`oci://r.example:5000/a@${digest}`, { origin: 'https://r.example:5000', reference: digest }],
    ['oci+http://localhost:5000/a:x', { origin: 'http://localhost:5000' }],
  ] as const) {
    t.match(ociReference(text), expected, text)
  }
  for (const text of [
    'https://r.example/a:1',
    'oci://r.example/',
    'oci://r.example/A',
    'oci://me:pw@r.example/a',
    'oci://r.example/a@sha256:12',
    'oci://r.example/../a',
  ]) {
    t.equal(ociReference(text), undefined, text)
  }
})

t.test('OPA pulls the same artifact from the same registry', async (t) => {
  const registry = await peer(t, true)
  registry.push('prod', await bundleOf(t, rules('d/one')))
  const folder = scratch(t)
  writeFileSync(join(folder, 'ca.pem'), registry.certificate)
  const port = await freePort()
  writeFileSync(
    join(folder, 'opa.json'),
    JSON.stringify({
      persistence_directory: folder,
      services: {
        peer: {
          url: `https://${registry.host}`,
          type: 'oci',
          tls: { ca_cert: join(folder, 'ca.pem') },
        },
      },
      bundles: {
        ours: {
          service: 'peer',
          resource: `${registry.host}/org/policies:prod`,
          polling: { min_delay_seconds: 1, max_delay_seconds: 2 },
        },
      },
    }),
  )
  const opa = spawn(
    await opaPath(),
    ['run', '--server', '--addr', `127.0.0.1:${port}`, '-c', join(folder, 'opa.json')],
    { stdio: 'ignore', env: { ...process.env, OPA_TELEMETRY: 'disable' } },
  )
  t.teardown(() => opa.kill('SIGKILL'))
  let last = ''
  const ask = async (): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/data/sallyport/main/decision`)
    last = JSON.stringify(await answer.json())
  }
  const asking = setInterval(() => void ask().catch(() => undefined), 50)
  t.teardown(() => clearInterval(asking))
  await until(t, 'OPA decides by it', () => last.includes('d/one'))
})
