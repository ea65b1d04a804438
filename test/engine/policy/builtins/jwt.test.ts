// Tokens are decoded, verified and signed as in OPA, with every algorithm, and what was altered is never taken.
import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import t from 'tap'
import { BUILTINS } from '../../../../engine/policy/builtins/table.js'
import { disagreements } from './agreement.js'

const keys = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ec256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ec384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ec521: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  ed: generateKeyPairSync('ed25519'),
}
const SECRET = 'a shared secret of some length, shared'

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function token(
  alg: string,
  key: KeyObject | string,
  payload: unknown,
  header: Readonly<Record<string, unknown>> = {},
): string {
  const text = `${base64({ alg, typ: 'JWT', ...header })}.${base64(payload)}`
  const data = Buffer.from(text)
  const hash = `sha${alg.slice(2)}`
  const signature =
    typeof key === 'string'
      ? createHmac(hash, key).update(data).digest()
      : sign(alg === 'EdDSA' ? null : hash, data, {
          key,
          ...(alg.startsWith('PS') ? { padding: 6, saltLength: 32 } : {}),
          dsaEncoding: 'ieee-p1363',
        })
  return `${text}.${signature.toString('base64url')}`
}

function jwks(
  ...list: readonly (readonly [KeyObject, Readonly<Record<string, string>>])[]
): string {
  return JSON.stringify({
    keys: list.map(([key, more]) => ({ ...key.export({ format: 'jwk' }), ...more })),
  })
}

const pem = (key: KeyObject): string => key.export({ format: 'pem', type: 'spki' }).toString()

const CLAIMS = { iss: 'me', aud: ['you', 'them'], exp: 2000000000, nbf: 1000000000, n: 1.5 }
const SIGNED: Readonly<Record<string, readonly [string, KeyObject]>> = {
  RS256: [token('RS256', keys.rsa.privateKey, CLAIMS), keys.rsa.publicKey],
  RS512: [token('RS512', keys.rsa.privateKey, CLAIMS), keys.rsa.publicKey],
  PS256: [token('PS256', keys.rsa.privateKey, CLAIMS), keys.rsa.publicKey],
  ES256: [token('ES256', keys.ec256.privateKey, CLAIMS), keys.ec256.publicKey],
  ES384: [token('ES384', keys.ec384.privateKey, CLAIMS), keys.ec384.publicKey],
  ES512: [token('ES512', keys.ec521.privateKey, CLAIMS), keys.ec521.publicKey],
  EdDSA: [token('EdDSA', keys.ed.privateKey, CLAIMS), keys.ed.publicKey],
}

const altered = (text: string): string => text.replace(/\.(..)/, '.$1A')

t.test('signatures hold, and altered ones do not, as in OPA', async (t) => {
  const names = Object.keys(SIGNED)
  const calls = Object.entries(SIGNED).flatMap(([alg, [text, key]]) => {
    const all = [
      pem(key),
      jwks([key, {}]),
      jwks([keys.rsa.publicKey, { kid: 'x' }], [key, { alg }]),
    ]
    return all.flatMap((one) => [
      `io.jwt.verify_${alg.toLowerCase()}(${JSON.stringify(text)}, ${JSON.stringify(one)})`,
      `io.jwt.verify_${alg.toLowerCase()}(${JSON.stringify(altered(text))}, ${JSON.stringify(one)})`,
      ...names.map(
        (other) =>
          `io.jwt.verify_${other.toLowerCase()}(${JSON.stringify(text)}, ${JSON.stringify(one)})`,
      ),
    ])
  })
  const [rs256 = ''] = SIGNED['RS256'] ?? []
  const hs = ['256', '384', '512'].flatMap((size) => {
    const text = token(`HS${size}`, SECRET, CLAIMS)
    return [SECRET, 'wrong', ''].map(
      (secret) => `io.jwt.verify_hs${size}(${JSON.stringify(text)}, ${JSON.stringify(secret)})`,
    )
  })
  const odd = ['', 'a.b', 'a.b.c', `${rs256}.x`, `${rs256}=`, ` ${rs256}`].map(
    (text) =>
      `io.jwt.verify_rs256(${JSON.stringify(text)}, ${JSON.stringify(pem(keys.rsa.publicKey))})`,
  )
  const badKeys = ['', '{}', '[]', '{"keys":[]}', 'nonsense', `${pem(keys.rsa.publicKey)}x`].map(
    (key) => `io.jwt.verify_rs256(${JSON.stringify(rs256)}, ${JSON.stringify(key)})`,
  )
  t.same(await disagreements([...calls, ...hs, ...odd, ...badKeys]), [])
})

t.test('tokens are decoded as in OPA', async (t) => {
  const nested = token('HS256', SECRET, token('HS256', SECRET, { a: 1 }), { cty: 'JWT' })
  const parts = (header: unknown, payload: unknown): string =>
    `${base64(header)}.${base64(payload)}.`
  const texts = [
    token('HS256', SECRET, { a: [1, 2.5, 'é', null], b: { c: true } }),
    nested,
    parts({ enc: 'x' }, {}),
    parts([], {}),
    parts({}, []),
    parts({ cty: 'text' }, {}),
    `${base64({})}.e30=.`,
    `${base64({})}.e30.e3`,
    `${base64({})}.${Buffer.from('{"a":1,"a":2}').toString('base64url')}.`,
    `${base64({})}.${Buffer.from('{"a":1} x').toString('base64url')}.`,
  ]
  t.same(await disagreements(texts.map((text) => `io.jwt.decode(${JSON.stringify(text)})`)), [])
})

t.test('constraints hold as in OPA', async (t) => {
  const { publicKey, privateKey } = keys.rsa
  const cert = JSON.stringify(pem(publicKey))
  const text = JSON.stringify(token('RS256', privateKey, CLAIMS))
  const now = '"time": 1500000000000000000'
  const aud = '"aud": "you"'
  const constraints = [
    `{"cert": ${cert}, ${now}, ${aud}}`,
    `{"cert": ${cert}, ${now}}`,
    `{"cert": ${cert}, ${now}, "aud": "nobody"}`,
    `{"cert": ${cert}, ${now}, ${aud}, "iss": "me"}`,
    `{"cert": ${cert}, ${now}, ${aud}, "iss": "you"}`,
    `{"cert": ${cert}, ${now}, ${aud}, "alg": "RS256"}`,
    `{"cert": ${cert}, ${now}, ${aud}, "alg": "PS256"}`,
    `{"cert": ${cert}, ${aud}, "time": 2000000000000000000}`,
    `{"cert": ${cert}, ${aud}, "time": 1999999999999999999}`,
    `{"cert": ${cert}, ${aud}, "time": 1000000000000000000}`,
    `{"cert": ${cert}, ${aud}, "time": 999999999900000000}`,
    `{"cert": ${cert}, ${aud}, "time": -1}`,
    `{"cert": ${cert}, ${now}, ${aud}, "unknown": 1}`,
    `{"cert": ${cert}, "secret": "x", ${now}}`,
    `{${now}}`,
    `{"secret": "x", ${now}}`,
    `{"cert": "nonsense", ${now}}`,
  ]
  const critical = JSON.stringify(token('RS256', privateKey, {}, { crit: ['x'], x: 1 }))
  const plain = JSON.stringify(token('RS256', privateKey, {}, { crit: ['kid'] }))
  const calls = [
    ...constraints.map((one) => `io.jwt.decode_verify(${text}, ${one})`),
    `io.jwt.decode_verify(${critical}, {"cert": ${cert}, ${now}})`,
    `io.jwt.decode_verify(${plain}, {"cert": ${cert}, ${now}})`,
    `io.jwt.decode_verify(${JSON.stringify(token('HS256', SECRET, {}))}, {"secret": "${SECRET}", ${now}})`,
  ]
  t.same(await disagreements(calls), [])
})

t.test('tokens are signed as in OPA where that takes no chance', async (t) => {
  const secret = `{"kty": "oct", "k": "${Buffer.from(SECRET).toString('base64url')}"}`
  const rsa = JSON.stringify(keys.rsa.privateKey.export({ format: 'jwk' }))
  const ed = JSON.stringify(keys.ed.privateKey.export({ format: 'jwk' }))
  const calls = [
    `io.jwt.encode_sign({"alg": "HS256", "typ": "JWT"}, {"b": 1, "a": "<é>"}, ${secret})`,
    `io.jwt.encode_sign({"alg": "RS384"}, {"a": {3, 1}}, ${rsa})`,
    `io.jwt.encode_sign({"alg": "EdDSA"}, {}, ${ed})`,
    `io.jwt.encode_sign({"alg": "HS256"}, {}, ${rsa})`,
    `io.jwt.encode_sign({"alg": "none"}, {}, ${secret})`,
    `io.jwt.encode_sign_raw(${JSON.stringify('{"alg":"HS512","typ":"x"}')}, "not json", ${JSON.stringify(secret)})`,
    `io.jwt.encode_sign_raw(${JSON.stringify('{"alg":"HS512"}')}, "not json", ${JSON.stringify(secret)})`,
  ]
  t.same(await disagreements(calls), [])
})

t.test('what asks a clock or signs with chance ends the evaluation', async (t) => {
  const text = token('HS256', SECRET, { exp: 1 })
  t.throws(
    () => BUILTINS.get('io.jwt.decode_verify')?.apply(text, { object: [['secret', SECRET]] }),
    /no clock/,
  )
  const key = JSON.stringify(keys.ec256.privateKey.export({ format: 'jwk' }))
  t.throws(
    () => BUILTINS.get('io.jwt.encode_sign_raw')?.apply('{"alg":"ES256"}', '{}', key),
    /chance/,
  )
})
