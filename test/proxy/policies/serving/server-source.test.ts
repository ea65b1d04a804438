// A bundle server by OPA's protocol: what it has is in force within moments where it lets us wait, and
// nothing that it sends or does otherwise changes what decides. OPA itself downloads from the same peer.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openSource, type Source } from '../../../../proxy/policies/serving/source.js'
import { freePort } from '../../../peers/gateway-config.js'
import { startBundleServer, type BundleServer } from '../../../peers/bundle-server.js'
import { opaPath } from '../../../rego/library.js'
import { bundleOf, ruleOf, rules, scratch, served, until } from './lab.js'

t.setTimeout(120_000)

async function peer(test: Test, longPolling = true): Promise<BundleServer> {
  const server = await startBundleServer({ longPolling })
  test.teardown(() => server.close())
  return server
}

function sourceAt(
  server: BundleServer,
  change: { readonly url?: string; readonly token?: string; readonly ca?: string } = {},
  { pollMs = 100, waitMs = 20_000 } = {},
): Promise<Source> {
  const { url = server.url, token = server.token, ca = server.certificate } = change
  return openSource({
    kind: 'server',
    url,
    user: '',
    token: () => token,
    ca: ca === '' ? undefined : () => ca,
    pollMs,
    waitMs,
    random: () => 0.5,
  })
}

t.test('a server that lets us wait: what it publishes is in force at once', async (t) => {
  const server = await peer(t)
  server.serve(await bundleOf(t, rules('a/one')))
  const { serving, story } = await served(t, { source: await sourceAt(server) })
  t.equal(ruleOf(serving.current()), 'a/one')
  await until(t, 'we wait there', () => server.waiting() === 1)
  const next = await bundleOf(t, rules('a/two'))
  const published = Date.now()
  server.serve(next)
  await until(t, 'the new one decides', () => ruleOf(serving.current()) === 'a/two')
  t.ok(Date.now() - published < 2000, `after ${Date.now() - published} ms`)
  await until(t, 'we wait again', () => server.waiting() === 1)
  t.same(story(), ['activated', 'activated'])
  t.match(server.asked()[0], { prefer: 'modes=snapshot', etag: '', status: 200 })
  t.match(server.asked()[1], { prefer: 'modes=snapshot;wait=20', etag: /^"/, status: 200 })
})

t.test('a server that does not is asked now and then, and sends nothing twice', async (t) => {
  const server = await peer(t, false)
  server.serve(await bundleOf(t, rules('b/one')))
  const { serving } = await served(t, { source: await sourceAt(server) })
  await until(t, 'asked again', () => server.asked().length >= 3)
  t.same(
    server
      .asked()
      .slice(1)
      .map(({ status }) => status)
      .filter((status) => status !== 304),
    [],
  )
  server.serve(await bundleOf(t, rules('b/two')))
  await until(t, 'the new one decides', () => ruleOf(serving.current()) === 'b/two')

  server.misbehave('no-etag')
  const before = server.asked().length
  await until(t, 'asked without an etag', () => server.asked().length >= before + 3)
  t.equal(ruleOf(serving.current()), 'b/two')
})

t.test('whatever goes wrong on the way is told once, and the old bundle decides', async (t) => {
  const server = await peer(t, false)
  server.serve(await bundleOf(t, rules('c/one')))
  const { serving, events } = await served(t, { source: await sourceAt(server) })
  const next = await bundleOf(t, rules('c/two'))
  for (const [how, words] of [
    ['cut', /ended the connection before the bundle was whole/],
    ['redirect', /sends us elsewhere \(302\), which is not followed/],
    ['error', /answered with status 500/],
    ['gone', /has no such bundle \(404\)/],
    ['endless', /larger than/],
  ] as const) {
    server.misbehave(how)
    server.serve(next)
    await serving.activate('ops').then(
      () => t.fail(`${how} was taken`),
      (problem: unknown) => t.match(problem, { code: 'conflict', message: words }, how),
    )
    t.match(events.at(-1), { event: 'refused', step: 'download', by: 'ops' })
    const count = events.length
    await delay(700)
    t.equal(events.length, count, `${how} is tried again, and not told again`)
    t.equal(ruleOf(serving.current()), 'c/one')
    t.ok(serving.ageMs() > 300, 'and the bundle grows older')
  }
  server.misbehave('packed')
  await until(t, 'it recovers by itself', () => ruleOf(serving.current()) === 'c/two')
  t.ok(serving.ageMs() < 20_000)

  server.misbehave('mislabelled')
  server.serve(await bundleOf(t, rules('c/three')))
  await until(t, 'an encoding that is none', () => ruleOf(serving.current()) === 'c/three')

  server.misbehave(undefined)
  server.serve((await bundleOf(t, rules('c/four'))).subarray(0, 2000))
  await until(t, 'a truncated archive is refused', () => events.at(-1)?.step === 'archive')
  const count = events.length
  await delay(500)
  t.equal(events.length, count, 'once')
  t.equal(ruleOf(serving.current()), 'c/three')
})

t.test('connections that are cut while we wait are no failure of the server', async (t) => {
  const server = await peer(t)
  server.serve(await bundleOf(t, rules('g/one')))
  server.misbehave('cut-waits')
  const { serving, story } = await served(t, { source: await sourceAt(server) })
  await until(t, 'it was cut and asked again', () => server.asked().length >= 6)
  t.same(story(), ['activated'])
  t.ok(serving.ageMs() < 20_000)
  server.serve(await bundleOf(t, rules('g/two')))
  await until(t, 'the new one decides', () => ruleOf(serving.current()) === 'g/two')
})

t.test('a server that says nothing is not waited for', async (t) => {
  const server = await peer(t)
  server.misbehave('silent')
  const started = Date.now()
  const source = await sourceAt(server)
  await t.rejects(served(t, { source }), { message: /did not answer in time/ })
  t.ok(Date.now() - started < 60_000)
})

t.test('a bundle that was replaced does not come back by itself', async (t) => {
  const server = await peer(t)
  const [one, two] = [await bundleOf(t, rules('d/one')), await bundleOf(t, rules('d/two'))]
  server.serve(one)
  const { serving, events } = await served(t, { source: await sourceAt(server) })
  const first = serving.current().digest
  server.serve(two)
  await until(t, 'replaced', () => ruleOf(serving.current()) === 'd/two')
  await until(t, 'we wait there', () => server.waiting() === 1)
  server.serve(one)
  await until(t, 'the old one is refused', () => events.at(-1)?.event === 'refused')
  t.match(events.at(-1), { step: 'lineage', reason: /was replaced; a server does not bring/ })
  t.equal(ruleOf(serving.current()), 'd/two')

  await serving.pin('ops', first, 'on purpose')
  t.equal(ruleOf(serving.current()), 'd/one', 'people may')
})

t.test('nobody but the server of that name is believed', async (t) => {
  const server = await peer(t)
  server.serve(await bundleOf(t, rules('e/one')))
  const rejected = async (change: Parameters<typeof sourceAt>[1], words: RegExp): Promise<void> => {
    const source = await sourceAt(server, change)
    await t.rejects(served(t, { source }), { code: 'bundle_invalid', message: words })
  }
  await rejected({ ca: '' }, /DEPTH_ZERO_SELF_SIGNED_CERT|self-signed/i)
  await rejected({ url: server.url.replace('localhost', '127.0.0.1') }, /ERR_TLS_CERT_ALTNAME/)
  await rejected({ token: 'another' }, /refuses our token \(401\)/)
  await rejected({ url: 'http://bundles.example/b.tar.gz' }, /neither https nor on loopback/)
  t.notMatch(JSON.stringify(server.asked()), /another/)
})

t.test('OPA downloads the same bundles from the same server', async (t) => {
  const server = await peer(t)
  server.serve(await bundleOf(t, rules('f/one')))
  const folder = scratch(t)
  writeFileSync(join(folder, 'ca.pem'), server.certificate)
  const port = await freePort()
  writeFileSync(
    join(folder, 'opa.json'),
    JSON.stringify({
      services: {
        peer: {
          url: new URL(server.url).origin,
          tls: { ca_cert: join(folder, 'ca.pem') },
          credentials: { bearer: { token: server.token } },
        },
      },
      bundles: {
        ours: {
          service: 'peer',
          resource: new URL(server.url).pathname,
          polling: { long_polling_timeout_seconds: 10 },
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
  const decided = async (): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/data/sallyport/main/decision`)
    return JSON.stringify(await answer.json())
  }
  let last = ''
  const say = setInterval(
    () =>
      void decided().then(
        (text) => (last = text),
        () => undefined,
      ),
    50,
  )
  t.teardown(() => clearInterval(say))
  await until(t, 'OPA decides by it', () => last.includes('f/one'))
  await until(t, 'OPA waits there', () => server.waiting() === 1)
  server.serve(await bundleOf(t, rules('f/two')))
  await until(t, 'OPA took the new one', () => last.includes('f/two'))
  t.match(server.asked()[0]?.prefer, /^modes=snapshot,delta;wait=10$/)
})
