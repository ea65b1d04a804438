// Tokens against a real OpenID provider on loopback. Tokens that no honest issuer would give are signed
// here with that provider's own key, so that only the check in question can refuse them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SignJWT, UnsecuredJWT, type JWK } from 'jose'
import t, { type Test } from 'tap'
import { devToken } from '../../../proxy/demo/dev-token.js'
import { GatewayError } from '../../../proxy/errors.js'
import type { IssuerSettings } from '../../../proxy/identity/identity.js'
import { oidcVerifier, type OidcOptions } from '../../../proxy/identity/oidc.js'
import type { Verify } from '../../../proxy/identity/identity.js'
import { issuerWorld, type Change } from '../../peers/issuer.js'

function verifier(t: Test, settings: IssuerSettings, options: OidcOptions = {}): Verify {
  const { verify, close } = oidcVerifier([settings], options)
  t.teardown(close)
  return verify
}

async function refused(t: Test, verify: Verify, token: string, words: RegExp): Promise<void> {
  try {
    await verify(token)
    t.fail(`accepted, though ${words.source}`)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    t.equal(error.code, 'token_invalid', words.source)
    t.match(error.message, words)
    const told = `${error.message} ${String(error.stack)} ${String(error.cause)}`
    t.notOk(told.includes(token.split('.')[1] || '-'), 'the error holds no part of the token')
  }
}

void t.test('a token that the provider gave is taken, and its holder known', async (t) => {
  const { directory, settings } = await issuerWorld(t)
  const verify = verifier(t, settings)
  const engineer = await verify(await devToken(directory, 'engineer'))
  t.equal(engineer.facts.kind, 'human')
  t.same(engineer.facts.groups, ['engineers'])
  t.equal(engineer.facts.mfa, true)
  t.same(engineer.standing(Date.now()), { valid: true })
  t.equal(engineer.key, JSON.stringify([settings.issuer, 'engineer']))
  const agent = await verify(await devToken(directory, 'agent'))
  t.equal(agent.facts.kind, 'agent')
  t.equal(agent.facts.subject, 'engineer', 'the subject is the person the agent acts for')
  t.same(agent.facts.actor, [{ subject: 'agent' }])
  t.equal((await verify(await devToken(directory, 'pipeline'))).facts.kind, 'pipeline')
})

void t.test('a token ends when it says so, in a session as at the door', async (t) => {
  const { settings, sign } = await issuerWorld(t)
  let now = Date.now()
  const clock = { now: () => now, monotonicUs: () => 0 }
  const verify = verifier(t, { ...settings, clockSkewMs: 5_000 }, { clock })
  const token = await sign({})
  const identity = await verify(token)
  now = identity.expiresAtMs + 4_000
  t.same(identity.standing(now).valid, true, 'within the skew')
  await verify(token)
  now = identity.expiresAtMs + 6_000
  const standing = identity.standing(now)
  t.equal(standing.valid ? '' : standing.why, 'expired')
  await refused(t, verify, token, /expired/)
})

void t.test('each claim that must hold is checked, whoever signed', async (t) => {
  const { settings, sign } = await issuerWorld(t)
  const verify = verifier(t, settings)
  const now = Math.floor(Date.now() / 1000)
  const cases: readonly (readonly [RegExp, Change])[] = [
    [/issuer is not one/, { claims: { iss: `${settings.issuer}/` } }],
    [/issuer is not one/, { claims: { iss: [settings.issuer] } }],
    [/not for the audience/, { claims: { aud: 'another' } }],
    [/not for the audience/, { claims: { aud: ['Sallyport', 'sallyport/'] } }],
    [/aud|audience/, { without: ['aud'] }],
    [/expired/, { claims: { exp: now - 1 } }],
    [/exp/, { without: ['exp'] }],
    [/not valid yet/, { claims: { nbf: now + 60 } }],
    [/time of issue/, { claims: { iat: now + 60 } }],
    [/time of issue/, { without: ['iat'] }],
    [/time/, { claims: { exp: 1e15 } }],
    [/exp/, { claims: { exp: '99999999999' } }],
    [/sub/, { without: ['sub'] }],
    [/subject/, { claims: { sub: '' } }],
    [/subject/, { claims: { sub: ' \t' } }],
    [/subject/, { claims: { sub: 7 } }],
    [/subject/, { claims: { sub: 'a\u001b[2Jb' } }],
    [/subject/, { claims: { sub: 'x'.repeat(256) } }],
    [/groups/, { claims: { groups: 'dba' } }],
    [/groups/, { claims: { groups: ['dba', 7] } }],
    [/groups/, { claims: { groups: { 0: 'dba' } } }],
    [/groups/, { claims: { groups: null } }],
    [/groups/, { claims: { groups: Array.from({ length: 600 }, (_, i) => `g${i}`) } }],
    [/kind/, { claims: { kind: 'root' } }],
    [/actors/, { claims: { act: 'agent' } }],
    [/subject/, { claims: { act: {} } }],
    [/actors/, { claims: { act: chain(9) } }],
    [/nested/, { claims: { deep: nested(20) } }],
    [/too long/, { claims: { department: 'x'.repeat(2_000) } }],
    [/too long/, { claims: { more: 'x'.repeat(20_000) } }],
    [/access token/, { header: { typ: 'dpop+jwt' } }],
    [/access token/, { header: { typ: 'logout+jwt' } }],
    [/access token/, { header: { typ: 'JWT' }, claims: { nonce: 'n' } }],
    [/access token/, { header: { typ: 'JWT' }, claims: { token_use: 'id' } }],
    [/access token/, { header: { typ: 'JWT' }, claims: { typ: 'Refresh' } }],
    [/access token/, { claims: { events: {} } }],
    [/b64|crit/, { header: { b64: true, crit: ['b64'] } }],
    [/no key/, { header: { kid: 'another' } }],
  ]
  for (const [words, change] of cases) await refused(t, verify, await sign(change), words)
  const plain = await verify(await sign({ header: { typ: 'JWT' }, claims: { act: chain(8) } }))
  t.equal(plain.facts.actor.length, 8)
  t.equal(plain.facts.kind, 'agent', 'who acts for somebody is not that person')
  t.same((await verify(await sign({ claims: { department: 'sales' } }))).facts.claims, {
    department: 'sales',
  })
})

function chain(length: number): unknown {
  return length === 0 ? undefined : { sub: `agent-${length}`, act: chain(length - 1) }
}

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)]
}

void t.test('an ID token is no access token, and an access token no ID token', async (t) => {
  const { settings, sign } = await issuerWorld(t)
  const access = verifier(t, settings)
  const id = verifier(t, { ...settings, tokenType: 'id' })
  const idToken = await sign({ header: { typ: 'JWT' }, claims: { nonce: 'n' } })
  await id(idToken)
  await refused(t, access, idToken, /access token/)
  await refused(t, id, await sign({}), /ID token/)
  await refused(t, id, await sign({ header: { typ: 'JWT' }, claims: { scope: 'x' } }), /ID token/)
  const several = { aud: ['sallyport', 'another'] }
  await refused(t, id, await sign({ header: { typ: 'JWT' }, claims: several }), /another party/)
  const azp = { ...several, azp: 'sallyport' }
  await id(await sign({ header: { typ: 'JWT' }, claims: azp }))
})

void t.test('unsigned, HMAC and spoilt tokens are refused', async (t) => {
  const { directory, settings, sign } = await issuerWorld(t)
  const verify = verifier(t, settings)
  const none = new UnsecuredJWT({ sub: 'engineer' })
    .setIssuer(settings.issuer)
    .setAudience('sallyport')
    .setIssuedAt()
    .setExpirationTime('1h')
    .encode()
  await refused(t, verify, none, /not a signed token/)
  await refused(t, verify, `${none}AAAA`, /algorithm/)
  // The classic: the public key, which everybody has, as the HMAC secret.
  const [{ x = '' }] = JSON.parse(readFileSync(join(directory, 'keys.json'), 'utf8')) as [JWK]
  const hmac = await new SignJWT({ sub: 'engineer', iss: settings.issuer, aud: 'sallyport' })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setExpirationTime('1h')
    .sign(Buffer.from(x.padEnd(64, 'x')))
  await refused(t, verify, hmac, /algorithm/)
  const good = await sign({})
  const [header = '', payload = '', signature = ''] = good.split('.')
  const rest = signature.slice(1)
  const flipped = `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${rest}`
  await refused(t, verify, flipped, /signature/)
  const admin = Buffer.from(payload, 'base64url').toString().replace('engineer', 'approver')
  const moved = `${header}.${Buffer.from(admin).toString('base64url')}.${signature}`
  await refused(t, verify, moved, /signature/)
  for (const odd of ['', '.', '..', `${good}.x`, `${good}=`, ` ${good}`, `${good}\n`, 'a.b.c']) {
    await t.rejects(verify(odd), { code: 'token_invalid' })
  }
})

void t.test(
  'a member that stands twice is refused, in the header and in the payload',
  async (t) => {
    const { directory, settings } = await issuerWorld(t)
    const verify = verifier(t, settings)
    const [jwk] = JSON.parse(readFileSync(join(directory, 'keys.json'), 'utf8')) as [JWK]
    const now = Math.floor(Date.now() / 1000)
    const header = `{"alg":"ES256","typ":"at+jwt","kid":"${jwk.kid}"}`
    const claims = `"iss":"${settings.issuer}","aud":"sallyport","iat":${now},"exp":${now + 600}`
    const plain = await signedText(jwk, header, `{${claims},"sub":"engineer"}`)
    t.equal((await verify(plain)).facts.subject, 'engineer', 'the same by hand is taken')
    const twice = [
      `{${claims},"sub":"engineer","sub":"approver"}`,
      `{${claims},"sub":"engineer","s\\u0075b":"approver"}`,
      `{${claims},"sub":"engineer","act":{"sub":"a","sub":"b"}}`,
      `{${claims},"sub":"engineer","groups":[{"a":1,"a":2}]}`,
    ]
    for (const payload of twice) {
      await refused(t, verify, await signedText(jwk, header, payload), /names a member twice/)
    }
    const doubled = header.replace('{', '{"alg":"none",')
    await refused(t, verify, await signedText(jwk, doubled, `{${claims},"sub":"e"}`), /twice/)
  },
)

async function signedText(jwk: JWK, header: string, payload: string): Promise<string> {
  const signed = `${Buffer.from(header).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`
  const key = await crypto.subtle.importKey(
    'jwk',
    { ...jwk, key_ops: ['sign'] },
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['sign'],
  )
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
  const signature = await crypto.subtle.sign(algorithm, key, Buffer.from(signed))
  return `${signed}.${Buffer.from(signature).toString('base64url')}`
}
