// Verifies a caller's token against the configured issuers (OpenID Connect Core 3.1.3.7, RFC 9068 §4,
// RFC 8725) and gives an identity that can be asked at any later moment whether it still stands. No
// error, log line or record made here holds a token or a part of one.
import { createHash } from 'node:crypto'
import { errors, jwtVerify } from 'jose'
import { systemClock, type Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import { boundedFetch, type Fetch } from './bounded-fetch.js'
import { identityKey, identityOf } from './claims.js'
import type { Algorithm, Identity, IssuerSettings, Standing, Verify } from './identity.js'
import { issuerDiscovery } from './issuer.js'
import { issuerKeys, type IssuerKeys } from './jwks.js'
import { IDENTITY_LIMITS } from './limits.js'
import {
  algorithmOf,
  keyIdOf,
  refuseExtensions,
  refuseOtherKinds,
  tokenShape,
} from './token-shape.js'
import { tokenWatcher, type TokenWatch, type TokenWatcher, type WatchTimes } from './tokens.js'

export type OidcVerifier = {
  readonly verify: Verify
  // After a reload: no more is verified, and the sessions that live on are still asked about.
  readonly retire: () => void
  // Nobody is asked about any longer: a session that lives on is refused within a minute.
  readonly close: () => void
}

export type OidcOptions = {
  readonly clock?: Clock
  readonly fetch?: Fetch
  readonly watchTimes?: WatchTimes
  readonly keyTimes?: Parameters<typeof issuerKeys>[4]
}

type Issuer = {
  readonly settings: IssuerSettings
  readonly keys: IssuerKeys
  readonly watcher: TokenWatcher | undefined
}

// What a signature check has shown. It stands as long as the key does, and so holds the key's name.
type Verified = {
  readonly issuer: Issuer
  readonly kid: string | undefined
  readonly alg: Algorithm
  readonly thumbprint: string
  readonly identity: Pick<
    Identity,
    'key' | 'facts' | 'issuedAtMs' | 'expiresAtMs' | 'authenticatedAtMs'
  >
}

export function oidcVerifier(
  settings: readonly IssuerSettings[],
  options: OidcOptions = {},
): OidcVerifier {
  const clock = options.clock ?? systemClock
  const fetch = options.fetch ?? boundedFetch()
  const issuers = new Map(
    settings.map((one) => [one.issuer, issuerOf(one, clock, fetch, options)] as const),
  )
  const cache = new Map<string, Verified>()

  const verifiedOf = async (hash: string, token: string): Promise<Verified> => {
    const known = cache.get(hash)
    if (known !== undefined) {
      const key = await known.issuer.keys.find(known.kid, known.alg)
      const ends = known.identity.expiresAtMs + known.issuer.settings.clockSkewMs
      if (key?.thumbprint === known.thumbprint && clock.now() < ends) return known
      cache.delete(hash)
    }
    const fresh = await verifiedToken(token, issuers, clock)
    const oldest = cache.keys().next()
    if (cache.size >= IDENTITY_LIMITS.verifiedTokens && oldest.done !== true) {
      cache.delete(oldest.value)
    }
    cache.set(hash, fresh)
    return fresh
  }

  return {
    verify: async (token) => {
      if (token.length > IDENTITY_LIMITS.tokenBytes) {
        throw new GatewayError('token_invalid', 'the token is too long')
      }
      const hash = createHash('sha256').update(token).digest('base64')
      const { issuer, identity } = await verifiedOf(hash, token)
      const watch = await issuer.watcher?.watch(hash, token, identity.expiresAtMs)
      return {
        ...identity,
        standing: (nowMs) => standingOf(identity.expiresAtMs, issuer.settings, watch, nowMs),
        release: () => watch?.release(),
      }
    },
    retire: () => {
      for (const { watcher } of issuers.values()) watcher?.retire()
    },
    close: () => {
      for (const { watcher } of issuers.values()) watcher?.close()
    },
  }
}

function issuerOf(
  settings: IssuerSettings,
  clock: Clock,
  fetch: Fetch,
  options: OidcOptions,
): Issuer {
  const discover = issuerDiscovery(settings, fetch)
  return {
    settings,
    keys: issuerKeys(settings, discover, fetch, clock, options.keyTimes),
    watcher:
      settings.revocation === 'introspection'
        ? tokenWatcher(settings, discover, clock, options.watchTimes)
        : undefined,
  }
}

async function verifiedToken(
  token: string,
  issuers: ReadonlyMap<string, Issuer>,
  clock: Clock,
): Promise<Verified> {
  const shape = tokenShape(token)
  refuseExtensions(shape.header)
  const iss = shape.claims['iss']
  // Not yet believed: it only says whose keys to try.
  const issuer = typeof iss === 'string' ? issuers.get(iss) : undefined
  if (issuer === undefined) {
    throw new GatewayError('token_invalid', 'the token’s issuer is not one that is configured')
  }
  const { settings } = issuer
  const alg = algorithmOf(shape.header, settings)
  refuseOtherKinds(shape, settings.tokenType)
  const kid = keyIdOf(shape.header)
  const key = await issuer.keys.find(kid, alg)
  if (key === undefined) {
    throw new GatewayError('token_invalid', 'the issuer has no key by the name in the token')
  }
  try {
    await jwtVerify(token, key.key, {
      algorithms: alg === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [alg],
      issuer: settings.issuer,
      audience: settings.audience,
      clockTolerance: settings.clockSkewMs / 1000,
      currentDate: new Date(clock.now()),
      requiredClaims: ['iss', 'aud', 'exp', 'iat', 'sub'],
    })
  } catch (cause) {
    throw new GatewayError('token_invalid', whatIsWrong(cause, settings))
  }
  const times = timesOf(shape.claims, settings, clock.now())
  refuseOtherParty(shape.claims, settings)
  const facts = identityOf(shape.claims, settings)
  const identity = { key: identityKey(facts), facts, ...times }
  return { issuer, kid, alg, thumbprint: key.thumbprint, identity }
}

// The library's own errors carry the payload: they are read here and go no further.
function whatIsWrong(cause: unknown, settings: IssuerSettings): string {
  if (cause instanceof errors.JWTExpired) {
    return 'the token has expired'
  }
  if (cause instanceof errors.JWTClaimValidationFailed) {
    switch (cause.claim) {
      case 'aud':
        return `the token is not for the audience ${settings.audience}`
      case 'nbf':
        return 'the token is not valid yet'
      case 'iat':
        return 'the token’s time of issue lies in the future or is missing'
      default:
        return `the token’s claim “${cause.claim}” is missing or not as it must be`
    }
  }
  return 'the token’s signature does not verify'
}

// RFC 7519 §2 NumericDate. The library checks `iat` only together with a maximum age.
function timesOf(
  claims: Readonly<Record<string, unknown>>,
  settings: IssuerSettings,
  nowMs: number,
): Pick<Identity, 'issuedAtMs' | 'expiresAtMs' | 'authenticatedAtMs'> {
  const [iat, exp, nbf] = [claims['iat'], claims['exp'], claims['nbf'] ?? 0]
  if (!isNumericDate(iat) || !isNumericDate(exp) || !isNumericDate(nbf)) {
    throw new GatewayError('token_invalid', 'a time in the token is not a time')
  }
  if (iat * 1000 > nowMs + settings.clockSkewMs || exp < iat) {
    throw new GatewayError('token_invalid', 'the token’s time of issue lies in the future')
  }
  // Optional in an access token (RFC 9068 §2.2.1); one of the future proves nothing.
  const proved = claims['auth_time']
  const isPast = isNumericDate(proved) && proved * 1000 <= nowMs + settings.clockSkewMs
  return {
    issuedAtMs: iat * 1000,
    expiresAtMs: exp * 1000,
    ...(isPast ? { authenticatedAtMs: proved * 1000 } : {}),
  }
}

// Up to the year 9999: more is a mistake (milliseconds) or an attempt at a token without an end.
function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < 253_402_300_800
}

// OpenID Connect Core 3.1.3.7, 4 and 5: an ID token for several audiences says whose it is.
function refuseOtherParty(
  claims: Readonly<Record<string, unknown>>,
  settings: IssuerSettings,
): void {
  if (settings.tokenType !== 'id') return
  const { aud, azp } = claims
  const several = Array.isArray(aud) && aud.length > 1
  if (azp === undefined ? several : azp !== settings.audience) {
    throw new GatewayError('token_invalid', 'the ID token was issued to another party')
  }
}

function standingOf(
  expiresAtMs: number,
  settings: IssuerSettings,
  watch: TokenWatch | undefined,
  nowMs: number,
): Standing {
  const how = 'get a new token with `sallyport token` (after `sallyport login`) and connect again'
  if (nowMs >= expiresAtMs + settings.clockSkewMs) return { valid: false, why: 'expired', how }
  switch (watch?.state(nowMs)) {
    case undefined:
    case 'valid':
      return { valid: true }
    case 'revoked':
      return { valid: false, why: 'revoked', how }
    case 'unknown':
      return {
        valid: false,
        why: 'issuer_gone',
        how: 'the identity provider does not answer; try again when it does',
      }
  }
}
