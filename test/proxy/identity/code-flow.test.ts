// The code flow against an issuer that lies: made by hand, since no honest provider answers like this. The
// honest one is in `test/proxy/web/sign-in-api.test.ts`.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { systemClock } from '../../../proxy/clock.js'
import { createCodeFlow } from '../../../proxy/identity/code-flow.js'
import type { IssuerSettings } from '../../../proxy/identity/identity.js'

type Lie = {
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, unknown>
  readonly without?: readonly string[]
  // Signed by a key that the issuer does not publish.
  readonly foreign?: boolean
  readonly tokens?: (tokens: Record<string, unknown>) => Record<string, unknown> | string
  readonly metadata?: Record<string, unknown>
  readonly status?: number
}

async function lyingIssuer(t: Test) {
  const [own, foreign] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')]
  let lie: Lie = {}
  let nonce = ''
  const asked: URLSearchParams[] = []
  const server = createServer((request, response) => {
    const send = (body: unknown, status = 200): void => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    }
    const answered = async (): Promise<void> => {
      if (request.url === '/.well-known/openid-configuration') return send(metadata())
      if (request.url === '/jwks') {
        return send({ keys: [{ ...(await exportJWK(own.publicKey)), kid: 'k', alg: 'ES256' }] })
      }
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      asked.push(new URLSearchParams(Buffer.concat(chunks).toString()))
      const tokens = { access_token: 'access', token_type: 'Bearer', id_token: await idToken() }
      send(lie.tokens?.(tokens) ?? tokens, lie.status)
    }
    answered().catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const metadata = () => ({
    issuer: url,
    authorization_endpoint: `${url}/auth`,
    token_endpoint: `${url}/token`,
    jwks_uri: `${url}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    authorization_response_iss_parameter_supported: true,
    ...lie.metadata,
  })
  const idToken = (): Promise<string> => {
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      iss: url,
      aud: 'console',
      sub: 'ann',
      iat: now,
      exp: now + 60,
      nonce,
      ...lie.claims,
    }
    const kept = Object.entries(claims).filter(([name]) => lie.without?.includes(name) !== true)
    return new SignJWT(Object.fromEntries(kept))
      .setProtectedHeader({ alg: 'ES256', kid: 'k', ...lie.header })
      .sign(lie.foreign === true ? foreign.privateKey : own.privateKey)
  }
  const settings = { issuer: url, tokenType: 'access' } as IssuerSettings
  const flow = () =>
    createCodeFlow(
      {
        issuer: settings,
        clientId: 'console',
        clientSecret: { reveal: () => 'secret' },
        redirectUri: 'http://127.0.0.1:1/auth/callback',
        scope: 'openid',
        resource: undefined,
        audience: undefined,
      },
      systemClock,
    )
  const through = async (told: Lie, stepUp?: { maxAgeMs?: number; acr?: string }) => {
    lie = told
    const one = flow()
    const { url: address, attempt } = await one.begin(stepUp === undefined ? {} : { stepUp })
    nonce = attempt.nonce
    const answer = new URLSearchParams({ code: 'c', state: attempt.state, iss: url })
    return { address: new URL(address), done: one.finish(answer, attempt), attempt, one }
  }
  return { url, through, asked, tell: (told: Lie) => (lie = told) }
}

t.test('an honest answer is taken, and the verifier stays with us until then', async (t) => {
  const { through, asked } = await lyingIssuer(t)
  const { address, done, attempt } = await through({ claims: { auth_time: 1_700_000_000 } })
  t.match(await done, { token: 'access', authenticatedAtMs: 1_700_000_000_000, refresh: undefined })
  t.equal(address.searchParams.get('code_challenge_method'), 'S256')
  t.notMatch(address.href, attempt.verifier)
  t.equal(asked[0]?.get('code_verifier'), attempt.verifier)
  t.equal(asked[0]?.get('redirect_uri'), 'http://127.0.0.1:1/auth/callback')
})

const LIES: Readonly<Record<string, Lie>> = {
  'a token of another key': { foreign: true },
  'a token of an algorithm that was not announced': { header: { alg: 'ES256', crit: ['x'], x: 1 } },
  'another nonce': { claims: { nonce: 'other' } },
  'no nonce': { without: ['nonce'] },
  'another audience': { claims: { aud: 'somebody' } },
  'another party': { claims: { aud: ['console', 'other'], azp: 'other' } },
  'another issuer': { claims: { iss: 'https://evil.example' } },
  'an expired token': { claims: { exp: 1 } },
  'no subject': { without: ['sub'] },
  'no ID token': { tokens: ({ id_token: _, ...rest }) => rest },
  'an unsigned token': {
    tokens: (tokens) => ({
      ...tokens,
      id_token: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${String(tokens['id_token']).split('.')[1] ?? ''}.`,
    }),
  },
  'no JSON': { tokens: () => 'sorry' },
  'an array': { tokens: () => '[]' },
  'an error with our secrets in it': {
    status: 400,
    tokens: () => ({ error: 'invalid_grant', error_description: 'code c and secret' }),
  },
  'a failing server': { status: 500 },
}

t.test('an answer that lies signs nobody in, and tells nobody its secrets', async (t) => {
  const { through } = await lyingIssuer(t)
  for (const [name, lie] of Object.entries(LIES)) {
    const { done, attempt } = await through(lie)
    const problem = await done.then(
      () => undefined,
      (found: unknown) => found,
    )
    t.match(problem, { name: 'GatewayError', code: /token_invalid|issuer_unreachable/ }, name)
    const told = problem instanceof Error ? `${problem.message} ${String(problem.cause)}` : ''
    t.notMatch(told, attempt.verifier, name)
    t.notMatch(told, /secret|access|eyJ/, name)
  }
})

t.test('an answer that names another issuer, or none, is a mix-up', async (t) => {
  const { through, one, url } = { ...(await lyingIssuer(t)), one: undefined }
  t.equal(one, undefined)
  for (const iss of ['https://evil.example', `${url}/`, '']) {
    const begun = await through({})
    await begun.done
    const answer = new URLSearchParams({ code: 'c', state: begun.attempt.state, iss })
    if (iss === '') answer.delete('iss')
    await t.rejects(begun.one.finish(answer, begun.attempt), { code: 'token_invalid' }, iss)
  }
})

t.test('metadata that names another issuer is not believed', async (t) => {
  const { through } = await lyingIssuer(t)
  await t.rejects(through({ metadata: { issuer: 'https://evil.example' } }), {
    code: 'issuer_unreachable',
  })
})

t.test('a fresh sign-in that was asked for must have been one', async (t) => {
  const { through } = await lyingIssuer(t)
  const now = Math.floor(Date.now() / 1000)
  const stepUp = { maxAgeMs: 60_000, acr: 'strong' }
  const good = await through({ claims: { auth_time: now, acr: 'strong' } }, stepUp)
  t.equal(good.address.searchParams.get('max_age'), '60')
  t.equal(good.address.searchParams.get('acr_values'), 'strong')
  t.match(await good.done, { acr: 'strong' })
  const stale = await through({ claims: { auth_time: now - 600, acr: 'strong' } }, stepUp)
  await t.rejects(stale.done, { code: 'token_invalid' })
  const silent = await through({ claims: { acr: 'strong' } }, stepUp)
  await t.rejects(silent.done, { code: 'token_invalid' }, 'no auth_time')
  const weak = await through({ claims: { auth_time: now, acr: 'weak' } }, stepUp)
  await t.rejects(weak.done, { code: 'not_allowed' })
})

t.test('a thousand answers of nonsense are refused, each in words', async (t) => {
  const { through } = await lyingIssuer(t)
  const { attempt, done, one } = await through({})
  await done
  const letters = 'abc=&%+#?/\u0000é🦊'
  for (let i = 0; i < 1_000; i++) {
    const word = (): string =>
      Array.from(
        { length: (i * 7) % 23 },
        (_, at) => letters[(i * 31 + at * 17) % letters.length],
      ).join('')
    const answer = new URLSearchParams({
      [word()]: word(),
      code: word(),
      state: word(),
      iss: word(),
    })
    await one.finish(answer, attempt).then(
      () => t.fail(answer.toString()),
      (problem: unknown) => {
        if (!(problem instanceof Error) || problem.name !== 'GatewayError') t.fail(String(problem))
      },
    )
  }
})
