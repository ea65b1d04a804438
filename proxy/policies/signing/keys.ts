// Keys that sign bundles, in PEM form: ECDSA (P-256 and larger), Ed25519, RSA. A key alone says by which
// algorithms it may be used, so that no signature can ask for another one.
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { GatewayError } from '../../errors.js'

export type PublicKey = { readonly name: string; readonly key: KeyObject }
export type PrivateKey = PublicKey

const RSA_BITS_MIN = 2048
const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
}

// Throws GatewayError('bundle_signature') that says what is wrong, and never shows the text.
export function publicKey(name: string, pem: string): PublicKey {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw wrong(`the key “${name}” is a private key: whoever verifies needs the public one alone`)
  }
  if (!/-----BEGIN (RSA )?PUBLIC KEY-----/.test(pem)) {
    throw wrong(`the key “${name}” is no public key in PEM form (-----BEGIN PUBLIC KEY-----)`)
  }
  return usable(name, () => createPublicKey(pem))
}

export function privateKey(name: string, pem: string): PrivateKey {
  if (/-----BEGIN ENCRYPTED/.test(pem) || /^Proc-Type: .*ENCRYPTED/m.test(pem)) {
    throw wrong(`the key “${name}” is encrypted: hand it over decrypted, for instance by env:NAME`)
  }
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw wrong(`the key “${name}” is no private key in PEM form (-----BEGIN PRIVATE KEY-----)`)
  }
  return usable(name, () => createPrivateKey(pem))
}

// The first is the one that we sign with.
export function algorithmsOf({ name, key }: PublicKey): readonly string[] {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (type === 'ed25519') return ['EdDSA', 'Ed25519']
  if (type === 'rsa' && (details?.modulusLength ?? 0) >= RSA_BITS_MIN) return RSA
  const curve = type === 'ec' ? CURVES[details?.namedCurve ?? ''] : undefined
  if (curve !== undefined) return [curve]
  throw wrong(
    `the key “${name}” is of a kind that is not used (${details?.namedCurve ?? type}): ` +
      `P-256, P-384, P-521, Ed25519, or RSA of ${RSA_BITS_MIN} bits are`,
  )
}

// Of the public half, so that it tells whether two names mean the same key.
export function thumbprintOf({ key }: PublicKey): string {
  const half = key.type === 'private' ? createPublicKey(key) : key
  const der = half.export({ format: 'der', type: 'spki' })
  return `sha256:${createHash('sha256').update(der).digest('hex')}`
}

function usable(name: string, made: () => KeyObject): PublicKey {
  let key: KeyObject
  try {
    key = made()
  } catch (cause) {
    throw new GatewayError('bundle_signature', `the key “${name}” cannot be read`, { cause })
  }
  algorithmsOf({ name, key })
  return { name, key }
}

function wrong(why: string): GatewayError {
  return new GatewayError('bundle_signature', why)
}
