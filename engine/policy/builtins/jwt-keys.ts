// Keys that tokens are verified with: a PEM certificate or public key, a JWK, or a set of them; and how each
// algorithm of RFC 7518 verifies.
import {
  constants,
  createHmac,
  createPublicKey,
  createSecretKey,
  timingSafeEqual,
  verify,
  X509Certificate,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'
import { NoAnswer } from './builtin.js'
import { pemBlock } from './pem.js'

export type VerificationKey = {
  readonly alg: string
  readonly kid: string
  readonly key: KeyObject
}

const ALGORITHM = /^(?:RS|PS|ES|HS)(?:256|384|512)$|^EdDSA$/

export function isAlgorithm(name: string): boolean {
  return ALGORITHM.test(name)
}

const KEPT_MAX = 100
const kept = new Map<string, readonly VerificationKey[]>()

// Throws NoAnswer where the text is no key.
export function keysOf(text: string): readonly VerificationKey[] {
  const found = kept.get(text)
  if (found !== undefined) return found
  const keys = orNoAnswer(() => parsed(text))
  if (kept.size >= KEPT_MAX) kept.clear()
  kept.set(text, keys)
  return keys
}

// What OpenSSL and JSON refuse is a failed builtin.
export function orNoAnswer<T>(work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    if (thrown instanceof NoAnswer) throw thrown
    throw new NoAnswer('no key', { cause: thrown })
  }
}

function parsed(text: string): readonly VerificationKey[] {
  const block = pemBlock(text)
  if (block === undefined) return jwks(text)
  if (block.rest !== '') throw new NoAnswer('more behind a PEM block')
  if (block.type === 'CERTIFICATE') {
    return [{ alg: '', kid: '', key: new X509Certificate(block.bytes).publicKey }]
  }
  if (block.type !== 'PUBLIC KEY') throw new NoAnswer('no public key')
  const key = createPublicKey({ key: block.bytes, format: 'der', type: 'spki' })
  return [{ alg: '', kid: '', key }]
}

type Jwk = JsonWebKey & { readonly alg?: string; readonly kid?: string }

export function jwksIn(text: string): readonly Jwk[] {
  const found: unknown = JSON.parse(text)
  if (typeof found !== 'object' || found === null) throw new NoAnswer('no JWK')
  return 'keys' in found && Array.isArray(found.keys) ? (found.keys as Jwk[]) : [found as Jwk]
}

function jwks(text: string): readonly VerificationKey[] {
  return jwksIn(text).flatMap((jwk) => {
    const key = keyOf(jwk)
    const alg = typeof jwk.alg === 'string' ? jwk.alg : ''
    if (alg !== '' && !isAlgorithm(alg)) return []
    return [{ alg, kid: typeof jwk.kid === 'string' ? jwk.kid : '', key }]
  })
}

function keyOf(jwk: Jwk): KeyObject {
  if (jwk.kty !== 'oct') return createPublicKey({ key: jwk, format: 'jwk' })
  if (typeof jwk.k !== 'string') throw new NoAnswer('no key')
  return createSecretKey(Buffer.from(jwk.k, 'base64url'))
}

// A signature that cannot even be checked with this key is a wrong one.
export function isSignature(alg: string, key: KeyObject, text: string, signature: Buffer): boolean {
  const hash = `sha${alg.slice(2)}`
  const data = Buffer.from(text)
  try {
    switch (alg.slice(0, 2)) {
      case 'HS': {
        if (key.type !== 'secret') return false
        const wanted = createHmac(hash, key).update(data).digest()
        return wanted.length === signature.length && timingSafeEqual(wanted, signature)
      }
      case 'RS':
        return key.asymmetricKeyType === 'rsa' && verify(hash, data, key, signature)
      case 'PS': {
        if (key.asymmetricKeyType !== 'rsa') return false
        const padding = constants.RSA_PKCS1_PSS_PADDING
        const saltLength = constants.RSA_PSS_SALTLEN_AUTO
        return verify(hash, data, { key, padding, saltLength }, signature)
      }
      case 'ES':
        return (
          key.asymmetricKeyType === 'ec' &&
          verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, signature)
        )
      default:
        return key.asymmetricKeyType === 'ed25519' && verify(null, data, key, signature)
    }
  } catch {
    return false
  }
}
