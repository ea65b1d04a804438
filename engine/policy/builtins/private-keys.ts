// `crypto.parse_private_keys` and `crypto.x509.parse_rsa_private_key`: keys in PEM as Go holds them, and as JWK.
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { numberOf, type RegoValue } from '../rego-value.js'
import { base64Bytes } from './base64.js'
import { NoAnswer, objectWith, perCharacter, textOf, type BuiltinEntry } from './builtin.js'
import { elements, inside, integer } from './der.js'
import { orNoAnswer } from './jwt-keys.js'
import { pemBlock, type PemBlock } from './pem.js'
import { jwkNumber } from './x509-names.js'

const cost = perCharacter(300, 500_000)

export const PRIVATE_KEYS: readonly BuiltinEntry[] = [
  ['crypto.parse_private_keys', { apply: (text) => parsed(textOf(text)), cost }],
  ['crypto.x509.parse_rsa_private_key', { apply: (text) => asJwk(textOf(text)), cost }],
]

function parsed(text: string): RegoValue {
  return text === '' ? null : keysIn(text).map(goKey)
}

function asJwk(text: string): RegoValue {
  if (text === '') throw new NoAnswer('no key')
  const plain = text.startsWith('-----BEGIN') ? text : base64Bytes(text).toString('latin1')
  const [first] = keysIn(plain)
  if (first === undefined) return null
  const jwk = orNoAnswer(() => first.export({ format: 'jwk' }))
  return objectWith(jwk as Record<string, string>)
}

// Base64 around the PEM is taken off.
function keysIn(text: string): readonly KeyObject[] {
  let rest = unwrapped(text)
  const keys: KeyObject[] = []
  for (let block = pemBlock(rest); block !== undefined; block = pemBlock(rest)) {
    const key = privateKey(block)
    if (key !== undefined) keys.push(key)
    rest = block.rest
  }
  return keys
}

function unwrapped(text: string): string {
  try {
    return base64Bytes(text).toString('latin1')
  } catch (thrown) {
    if (thrown instanceof NoAnswer) return text
    throw thrown
  }
}

const TYPES: Readonly<Record<string, 'pkcs1' | 'pkcs8' | 'sec1'>> = {
  'RSA PRIVATE KEY': 'pkcs1',
  'PRIVATE KEY': 'pkcs8',
  'EC PRIVATE KEY': 'sec1',
}

export function privateKey({ type, bytes }: PemBlock): KeyObject | undefined {
  const known = TYPES[type]
  if (known === undefined) return undefined
  return orNoAnswer(() => createPrivateKey({ key: bytes, format: 'der', type: known }))
}

// rsa.PrivateKey, ecdsa.PrivateKey or ed25519.PrivateKey as JSON.
export function goKey(key: KeyObject): RegoValue {
  return orNoAnswer(() => {
    if (key.asymmetricKeyType === 'rsa') return rsaKey(key)
    const { d = '', x = '', y = '' } = key.export({ format: 'jwk' })
    if (key.asymmetricKeyType === 'ed25519') {
      const parts = [d, x].map((part) => Buffer.from(part, 'base64url'))
      return Buffer.concat(parts).toString('base64')
    }
    if (key.asymmetricKeyType !== 'ec') throw new NoAnswer('another kind of key')
    const [D, X, Y] = [d, x, y].map(jwkNumber)
    return objectWith({ Curve: { object: [] }, D, X, Y })
  })
}

// RFC 8017, A.1.2.
function rsaKey(key: KeyObject): RegoValue {
  const bytes = key.export({ format: 'der', type: 'pkcs1' })
  const [, ...parts] = inside(elements(bytes)[0]).map((one) => numberOf(integer(one)))
  const [N, E, D, first = null, second = null, Dp, Dq, Qinv] = parts
  return objectWith({
    N,
    E,
    D,
    Primes: [first, second],
    Precomputed: objectWith({ Dp, Dq, Qinv, CRTValues: [] }),
  })
}
