// `io.jwt.encode_sign` and `io.jwt.encode_sign_raw`, with algorithms that sign the same each time. ECDSA and
// RSA-PSS sign with chance, and end the evaluation.
import { createHmac, createPrivateKey, sign, type JsonWebKey } from 'node:crypto'
import { isObject, type RegoValue } from '../rego-value.js'
import { memberAt, NoAnswer, textOf, type BuiltinEntry } from './builtin.js'
import { asJson, jsonText } from './json.js'
import { isJson, jsonValue } from './json-read.js'
import { isAlgorithm, jwksIn, orNoAnswer } from './jwt-keys.js'

const SIGN_COST = 3_000_000

export const JWT_SIGN: readonly BuiltinEntry[] = [
  [
    'io.jwt.encode_sign',
    {
      apply: (header = null, payload = null, key = null) =>
        signed(...([header, payload, key].map((one) => jsonText(asJson(one))) as Texts)),
      cost: () => SIGN_COST,
    },
  ],
  [
    'io.jwt.encode_sign_raw',
    {
      apply: (header, payload, key) => signed(textOf(header), textOf(payload), textOf(key)),
      cost: () => SIGN_COST,
    },
  ],
]

type Texts = [header: string, payload: string, key: string]

function signed(header: string, payload: string, key: string): RegoValue {
  const [jwk] = orNoAnswer(() => jwksIn(key))
  if (jwk === undefined) throw new NoAnswer('no key')
  const found = jsonValue(header)
  if (found === null || !isObject(found)) throw new NoAnswer('no header')
  const alg = textOf(memberAt(found, 'alg'))
  if (!isAlgorithm(alg)) throw new NoAnswer('no such algorithm')
  const typ = memberAt(found, 'typ')
  if ((typeof typ !== 'string' || typ === 'JWT') && !isJson(payload))
    throw new NoAnswer('the payload is no JSON')
  const text = [header, payload].map((part) => Buffer.from(part).toString('base64url')).join('.')
  return `${text}.${signatureOf(alg, jwk, text).toString('base64url')}`
}

function signatureOf(alg: string, jwk: JsonWebKey, text: string): Buffer {
  const data = Buffer.from(text)
  if (/^(?:ES|PS)/.test(alg)) throw new RangeError(`${alg} signs with chance`)
  return orNoAnswer(() => {
    if (alg.startsWith('HS')) {
      if (jwk.kty !== 'oct' || typeof jwk.k !== 'string') throw new NoAnswer('another kind of key')
      const secret = Buffer.from(jwk.k, 'base64url')
      return createHmac(`sha${alg.slice(2)}`, secret)
        .update(data)
        .digest()
    }
    const key = createPrivateKey({ key: jwk, format: 'jwk' })
    const wanted = alg === 'EdDSA' ? 'ed25519' : 'rsa'
    if (key.asymmetricKeyType !== wanted) throw new NoAnswer('another kind of key')
    return sign(alg === 'EdDSA' ? null : `sha${alg.slice(2)}`, data, key)
  })
}
