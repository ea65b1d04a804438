// Keys as issuers publish them: rotated, withdrawn, unreachable, and hostile. The honest issuer is a
// real OpenID provider; the hostile one is a server of our own.
import { rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import t, { type Test } from 'tap'
import { devToken } from '../../../proxy/demo/dev-token.js'
import { startIssuer } from '../../../proxy/demo/issuer.js'
import type { Verify } from '../../../proxy/identity/identity.js'
import type { IssuerSettings } from '../../../proxy/identity/identity.js'
import { usableKeys } from '../../../proxy/identity/jwks.js'
import { IDENTITY_LIMITS } from '../../../proxy/identity/limits.js'
import { oidcVerifier, type OidcOptions } from '../../../proxy/identity/oidc.js'
import { boundedFetch, type Fetch } from '../../../proxy/identity/bounded-fetch.js'
import { issuerWorld, signer } from '../../peers/issuer.js'

function verifier(t: Test, settings: IssuerSettings, options: OidcOptions = {}): Verify {
  const { verify, close } = oidcVerifier([settings], options)
  t.teardown(close)
  return verify
}

function movedClock(): {
  now: () => number
  monotonicUs: () => number
  forward: (ms: number) => void
} {
  let ahead = 0
  return {
    now: () => Date.now() + ahead,
    monotonicUs: () => 0,
    forward: (ms) => {
      ahead += ms
    },
  }
}

function counted(): { fetch: Fetch; urls: string[] } {
  const urls: string[] = []
  const plain = boundedFetch()
  return {
    urls,
    fetch: (url, options) => {
      urls.push(url)
      return plain(url, options)
    },
  }
}

// A connection kept from before an issuer’s restart may only be noticed to be dead by its next use.
async function answers(url: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const answer = await fetch(`${url}/.well-known/openid-configuration`).catch(() => undefined)
    if (answer?.ok === true) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

void t.test('a new key is found once its token comes, and the old one ends', async (t) => {
  const { directory, issuer, settings } = await issuerWorld(t)
  const clock = movedClock()
  const verify = verifier(t, settings, { clock })
  const before = await devToken(directory, 'engineer')
  await verify(before)
  await issuer.close()
  rmSync(join(directory, 'keys.json'))
  const port = Number(new URL(issuer.url).port)
  const rotated = await startIssuer({ directory, port })
  t.teardown(rotated.close)
  await answers(issuer.url)
  const after = await devToken(directory, 'engineer')
  await t.rejects(verify(after), { code: 'token_invalid' }, 'asked a moment ago: not asked again')
  await verify(before)
  clock.forward(IDENTITY_LIMITS.unknownKeyRefetchMs)
  t.equal((await verify(after)).facts.subject, 'engineer')
  await t.rejects(
    verify(before),
    { code: 'token_invalid' },
    'the withdrawn key counts no longer, also for a token that was verified before',
  )
})

void t.test('tokens with made-up key ids do not make us ask the issuer each time', async (t) => {
  const { directory, issuer, settings } = await issuerWorld(t)
  const clock = movedClock()
  const { fetch, urls } = counted()
  const verify = verifier(t, settings, { clock, fetch })
  const sign = signer(directory, issuer.url)
  clock.forward(IDENTITY_LIMITS.unknownKeyRefetchMs)
  const flood = Array.from({ length: 200 }, async (_, index) =>
    verify(await sign({ header: { kid: `made-up-${index}` } })).catch(() => undefined),
  )
  await Promise.all(flood)
  t.ok(urls.length <= 4, `${urls.length} questions`)
})

void t.test('while the issuer is away known keys serve for the grace, and no longer', async (t) => {
  const { directory, issuer, settings, sign } = await issuerWorld(t)
  const clock = movedClock()
  const patient = verifier(t, { ...settings, outageGraceMs: 600_000 }, { clock })
  const strict = verifier(t, { ...settings, outageGraceMs: 0 }, { clock })
  const token = await devToken(directory, 'engineer')
  await patient(token)
  await strict(token)
  await issuer.close()
  clock.forward(IDENTITY_LIMITS.keysFreshMs + 1)
  const late = { claims: { exp: Math.floor(clock.now() / 1000) + 7_200 } }
  await patient(await sign(late))
  await t.rejects(strict(token), { code: 'issuer_unreachable' })
  clock.forward(600_000)
  await t.rejects(patient(await sign(late)), { code: 'issuer_unreachable' })
  const back = await startIssuer({ directory, port: Number(new URL(issuer.url).port) })
  t.teardown(back.close)
  clock.forward(IDENTITY_LIMITS.failedRetryMs)
  await patient(await sign(late))
})

void t.test('an issuer that never came up refuses tokens as unreachable', async (t) => {
  const { issuer, settings, sign } = await issuerWorld(t)
  await issuer.close()
  await t.rejects(verifier(t, settings)(await sign({})), { code: 'issuer_unreachable' })
})

// Serves any discovery document and key set under one address.
async function hostile(t: Test, answer: (url: string) => RequestListener): Promise<string> {
  const listener: { now: RequestListener } = { now: () => undefined }
  const server = createServer((request, response) => listener.now(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  listener.now = answer(url)
  return url
}

function metadataOr(url: string, keys: RequestListener): RequestListener {
  return (request, response) => {
    if (request.url !== '/.well-known/openid-configuration') return keys(request, response)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }))
  }
}

void t.test('a hostile issuer can neither hang nor fill the gateway', async (t) => {
  const world = await issuerWorld(t)
  const json = { 'content-type': 'application/json' }
  const ways: Readonly<Record<string, RequestListener>> = {
    'an endless key set': (_, response) => {
      response.writeHead(200, json)
      const more = (): void => {
        while (response.write('x'.repeat(65_536)));
      }
      response.on('drain', more)
      more()
    },
    'one byte a second': (_, response) => {
      response.writeHead(200, json)
      const timer = setInterval(() => response.write('{'), 100)
      response.on('close', () => clearInterval(timer))
    },
    silence: () => undefined,
    'a redirect': (_, response) => response.writeHead(302, { location: '/keys' }).end(),
    'deep nesting': (_, response) => response.end('{"keys":' + '['.repeat(50_000)),
    'too many keys': (_, response) =>
      response.end(JSON.stringify({ keys: Array.from({ length: 1_000 }, () => ({ kty: 'EC' })) })),
    'the list of keys twice': (_, response) => response.end('{"keys":[],"keys":[]}'),
    'no list of keys': (_, response) => response.end('{"keys":{"length":1}}'),
  }
  const fetch = boundedFetch({ timeoutMs: 700, bytesMax: IDENTITY_LIMITS.documentBytes })
  for (const [name, keys] of Object.entries(ways)) {
    const url = await hostile(t, (self) => metadataOr(self, keys))
    const verify = verifier(t, { ...world.settings, issuer: url }, { fetch })
    const token = await signer(world.directory, url)({})
    const started = Date.now()
    await t.rejects(verify(token), { code: 'issuer_unreachable' }, name)
    t.ok(Date.now() - started < 30_000, `${name}: in time`)
  }
})

void t.test('metadata that points elsewhere is refused', async (t) => {
  const world = await issuerWorld(t)
  const documents: readonly ((url: string) => unknown)[] = [
    () => ({ issuer: world.issuer.url, jwks_uri: `${world.issuer.url}/jwks` }),
    (url) => ({ issuer: url, jwks_uri: 'http://192.0.2.1/keys' }),
    (url) => ({ issuer: url, jwks_uri: 'file:///etc/passwd' }),
    (url) => ({ issuer: url }),
    () => [],
  ]
  for (const document of documents) {
    const url = await hostile(t, (self) => (_, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(document(self)))
    })
    const verify = verifier(t, { ...world.settings, issuer: url })
    const token = await signer(world.directory, url)({})
    await t.rejects(verify(token), { code: 'issuer_unreachable' })
  }
})

void t.test('only public signature keys of a sound size are kept', async (t) => {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const good = await exportJWK(publicKey)
  const huge = Buffer.alloc(4_096, 0xff).toString('base64url')
  const slow = Buffer.alloc(64, 0xff).toString('base64url')
  const kept = usableKeys({
    keys: [
      { ...good, kid: 'good' },
      { ...good, kid: 'enc', use: 'enc' },
      { ...good, kid: 'wrap', key_ops: ['wrapKey'] },
      { ...(await exportJWK(privateKey)), kid: 'private' },
      { ...good, kid: 'huge', n: huge },
      { ...good, kid: 'slow', e: slow },
      { ...good, kid: 'even', e: 'Ag' },
      { ...good, kid: 'none', e: '' },
      { ...good, kid: 'small', n: good.n?.slice(0, 170) },
      { ...good, kid: 7 },
      { kty: 'oct', k: 'c2VjcmV0', kid: 'hmac' },
      { kty: 'OKP', crv: 'X25519', x: 'AA', kid: 'exchange' },
      null,
      'text',
    ],
  })
  t.same(
    kept.map((key) => key.kid),
    ['good'],
  )
})

void t.test('two keys under one name serve for nothing', async (t) => {
  const world = await issuerWorld(t)
  const pairs = await Promise.all([1, 2].map(() => generateKeyPair('ES256', { extractable: true })))
  const keys = await Promise.all(
    pairs.map(async ({ publicKey }) => ({ ...(await exportJWK(publicKey)), kid: 'one' })),
  )
  const url = await hostile(t, (self) =>
    metadataOr(self, (_, response) => response.end(JSON.stringify({ keys }))),
  )
  const verify = verifier(t, { ...world.settings, issuer: url })
  const token = await signer(world.directory, url)({ header: { kid: 'one' } })
  await t.rejects(verify(token), { code: 'token_invalid', message: /no key/ })
})

void t.test('plain HTTP is for loopback alone', async (t) => {
  const world = await issuerWorld(t)
  for (const url of ['http://login.example.com', 'http://127.0.0.1.example.com', 'ftp://[::1]']) {
    const verify = verifier(t, { ...world.settings, issuer: url })
    const token = await signer(world.directory, url)({})
    await t.rejects(verify(token), { code: 'issuer_unreachable' }, url)
  }
})
