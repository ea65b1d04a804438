// The keys of one issuer (RFC 7517): fetched when first needed, again when they have aged or when a
// token names a key that is not known (once in a while, whoever asks), and kept for a configured time
// while the issuer cannot be reached.
import { calculateJwkThumbprint, importJWK, type CryptoKey, type JWK } from 'jose'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { Fetch } from './bounded-fetch.js'
import type { Algorithm, IssuerSettings } from './identity.js'
import { unreachable, type Discover } from './issuer.js'
import { IDENTITY_LIMITS } from './limits.js'
import { isObject, strictObject, type JsonObject } from './strict-json.js'

export type IssuerKey = { readonly key: CryptoKey; readonly thumbprint: string }

export type IssuerKeys = {
  // The one key that a header with this `kid` and `alg` means; undefined where there is none.
  readonly find: (kid: string | undefined, alg: Algorithm) => Promise<IssuerKey | undefined>
}

type KeyTimes = {
  readonly freshMs: number
  readonly unknownKeyRefetchMs: number
  readonly failedRetryMs: number
}

const TIMES: KeyTimes = {
  freshMs: IDENTITY_LIMITS.keysFreshMs,
  unknownKeyRefetchMs: IDENTITY_LIMITS.unknownKeyRefetchMs,
  failedRetryMs: IDENTITY_LIMITS.failedRetryMs,
}

export function issuerKeys(
  settings: IssuerSettings,
  discover: Discover,
  fetch: Fetch,
  clock: Clock,
  times: KeyTimes = TIMES,
): IssuerKeys {
  let jwks: readonly JWK[] = []
  let fetchedAtMs = -Infinity
  let triedAtMs = -Infinity
  let failure: GatewayError | undefined
  let running: Promise<void> | undefined
  const imported = new Map<string, Promise<IssuerKey>>()

  const refetch = (): Promise<void> => {
    running ??= fetchJwks(settings, discover, fetch)
      .then(
        (found) => {
          jwks = found
          imported.clear()
          fetchedAtMs = clock.now()
          failure = undefined
        },
        (cause: unknown) => {
          failure = unreachable(settings.issuer, cause)
        },
      )
      .finally(() => {
        triedAtMs = clock.now()
        running = undefined
      })
    return running
  }

  const refresh = async (): Promise<void> => {
    if (clock.now() - fetchedAtMs < times.freshMs) return
    // While the issuer is down nobody waits for its deadline more than once in a while.
    if (failure === undefined || clock.now() - triedAtMs >= times.failedRetryMs) await refetch()
    if (failure === undefined) return
    if (clock.now() - fetchedAtMs < times.freshMs + settings.outageGraceMs) return
    throw failure
  }

  const importedKey = (jwk: JWK, alg: Algorithm): Promise<IssuerKey> => {
    const id = `${jwks.indexOf(jwk)} ${alg}`
    const known = imported.get(id)
    if (known !== undefined) return known
    const made = importedOf(jwk, alg)
    imported.set(id, made)
    return made
  }

  return {
    find: async (kid, alg) => {
      await refresh()
      let found = matching(jwks, kid, alg)
      if (found.length === 0 && clock.now() - triedAtMs >= times.unknownKeyRefetchMs) {
        await refetch()
        found = matching(jwks, kid, alg)
        if (found.length === 0 && failure !== undefined) throw failure
      }
      const [jwk, second] = found
      // Two keys under one name: nobody can say which is meant.
      return jwk === undefined || second !== undefined ? undefined : importedKey(jwk, alg)
    },
  }
}

async function importedOf(jwk: JWK, alg: Algorithm): Promise<IssuerKey> {
  try {
    const key = await importJWK({ ...jwk, alg }, alg)
    if (key instanceof Uint8Array) throw new TypeError('a symmetric key')
    return { key, thumbprint: await calculateJwkThumbprint(jwk) }
  } catch (cause) {
    throw new GatewayError('token_invalid', 'the issuer’s key for this token is damaged', { cause })
  }
}

async function fetchJwks(
  settings: IssuerSettings,
  discover: Discover,
  fetch: Fetch,
): Promise<readonly JWK[]> {
  const metadata = (await discover()).serverMetadata()
  if (metadata.jwks_uri === undefined) {
    throw new GatewayError('issuer_unreachable', `${settings.issuer} publishes no jwks_uri`)
  }
  const response = await fetch(metadata.jwks_uri, { headers: { accept: 'application/json' } })
  if (response.status !== 200) {
    throw new GatewayError(
      'issuer_unreachable',
      `${settings.issuer} answered ${response.status} for its keys`,
    )
  }
  const bytes = new Uint8Array(await response.arrayBuffer())
  try {
    return usableKeys(strictObject(bytes, 'the key set'))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unreadable'
    throw new GatewayError('issuer_unreachable', `${settings.issuer}: ${why}`)
  }
}

// What does not serve to check a signature is left out: encryption keys, symmetric keys, private keys,
// keys of a size that is weak or costly.
export function usableKeys(document: JsonObject): readonly JWK[] {
  const keys = document['keys']
  if (!Array.isArray(keys) || keys.length > IDENTITY_LIMITS.keys) {
    throw new GatewayError('issuer_unreachable', 'the key set has no list of keys, or too many')
  }
  return keys.flatMap((key: unknown) =>
    isObject(key) && isForSignatures(key) ? publicJwk(key) : [],
  )
}

function isForSignatures(key: JsonObject): boolean {
  if (key['use'] !== undefined && key['use'] !== 'sig') return false
  const operations = key['key_ops']
  if (operations === undefined) return true
  return Array.isArray(operations) && operations.includes('verify')
}

// Only the members that name the public key survive (RFC 7518 §6); `x5u` and the like are never used.
function publicJwk(key: JsonObject): readonly JWK[] {
  const { kty, crv, n, e, x, y, kid, alg } = key
  if (key['d'] !== undefined || key['k'] !== undefined) return []
  if (kid !== undefined && typeof kid !== 'string') return []
  if (alg !== undefined && typeof alg !== 'string') return []
  const named = { ...(kid === undefined ? {} : { kid }), ...(alg === undefined ? {} : { alg }) }
  if (kty === 'RSA' && typeof n === 'string' && typeof e === 'string') {
    return isSoundRsa(n, e) ? [{ kty, n, e, ...named }] : []
  }
  if (typeof crv !== 'string' || typeof x !== 'string') return []
  if (kty === 'EC' && typeof y === 'string') return [{ kty, crv, x, y, ...named }]
  return kty === 'OKP' && crv === 'Ed25519' ? [{ kty, crv, x, ...named }] : []
}

function isSoundRsa(n: string, e: string): boolean {
  const modulusBits = bitsOf(Buffer.from(n, 'base64url'))
  const exponent = Buffer.from(e, 'base64url')
  return (
    modulusBits >= IDENTITY_LIMITS.rsaBitsMin &&
    modulusBits <= IDENTITY_LIMITS.rsaBitsMax &&
    exponent.length >= 1 &&
    exponent.length <= IDENTITY_LIMITS.rsaExponentBytes &&
    exponent.readUIntBE(0, exponent.length) >= 3 &&
    (exponent.at(-1) ?? 0) % 2 === 1
  )
}

function bitsOf(bytes: Buffer): number {
  const first = bytes.findIndex((byte) => byte !== 0)
  if (first === -1) return 0
  return (bytes.length - first) * 8 - (Math.clz32(bytes[first] ?? 0) - 24)
}

function matching(jwks: readonly JWK[], kid: string | undefined, alg: Algorithm): readonly JWK[] {
  return jwks.filter(
    (jwk) =>
      (kid === undefined || jwk.kid === kid) &&
      (jwk.alg === undefined || nameOf(jwk.alg) === alg) &&
      fits(jwk, alg),
  )
}

// RFC 9864 renames EdDSA over Ed25519 to `Ed25519`; both are the one algorithm here.
export function nameOf(alg: string): string {
  return alg === 'Ed25519' ? 'EdDSA' : alg
}

function fits(jwk: JWK, alg: Algorithm): boolean {
  switch (alg) {
    case 'RS256':
    case 'RS384':
    case 'RS512':
    case 'PS256':
    case 'PS384':
    case 'PS512':
      return jwk.kty === 'RSA'
    case 'ES256':
      return jwk.kty === 'EC' && jwk.crv === 'P-256'
    case 'ES384':
      return jwk.kty === 'EC' && jwk.crv === 'P-384'
    case 'ES512':
      return jwk.kty === 'EC' && jwk.crv === 'P-521'
    case 'EdDSA':
      return jwk.kty === 'OKP'
  }
}
