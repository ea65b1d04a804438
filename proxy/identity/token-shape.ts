// Takes a compact JWS apart (RFC 7515 §7.1) and refuses what no honest issuer sends, before any key is
// looked up: unsigned and HMAC tokens, critical extensions, keys inside the token, a kind of token that
// is not the configured one.
import { GatewayError } from '../errors.js'
import type { IssuerSettings } from './identity.js'
import { nameOf } from './jwks.js'
import { IDENTITY_LIMITS } from './limits.js'
import { strictObject, type JsonObject } from './strict-json.js'

export type TokenShape = { readonly header: JsonObject; readonly claims: JsonObject }

export function tokenShape(token: string): TokenShape {
  if (token.length > IDENTITY_LIMITS.tokenBytes) {
    throw new GatewayError('token_invalid', 'the token is too long')
  }
  const parts = token.split('.', 4)
  const [header, payload, signature] = parts
  if (
    parts.length !== 3 ||
    header === undefined ||
    payload === undefined ||
    signature === undefined ||
    !parts.every(isBase64url)
  ) {
    throw new GatewayError('token_invalid', 'this is not a signed token (JWT)')
  }
  return {
    header: strictObject(Buffer.from(header, 'base64url'), 'the token’s header'),
    claims: strictObject(Buffer.from(payload, 'base64url'), 'the token’s payload'),
  }
}

// Canonical alone (RFC 7515 §2): otherwise one token has several spellings, and so several hashes.
function isBase64url(part: string): boolean {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return false
  return Buffer.from(part, 'base64url').toString('base64url') === part
}

export function algorithmOf(
  header: JsonObject,
  settings: IssuerSettings,
): IssuerSettings['algorithms'][number] {
  const named = header['alg']
  const alg = typeof named === 'string' ? nameOf(named) : undefined
  const allowed = settings.algorithms.find((one) => one === alg)
  if (allowed === undefined) {
    throw new GatewayError(
      'token_invalid',
      `the token’s signature algorithm is not one of ${settings.algorithms.join(', ')}`,
    )
  }
  return allowed
}

export function keyIdOf(header: JsonObject): string | undefined {
  const kid = header['kid']
  if (kid === undefined || typeof kid === 'string') return kid
  throw new GatewayError('token_invalid', 'the token’s key id is not a text')
}

// RFC 7515 §4.1.11: an extension that is not understood must be refused, and none is understood here.
// `b64` changes what is signed (RFC 7797), `zip` and `enc` what is read.
export function refuseExtensions(header: JsonObject): void {
  for (const member of ['crit', 'b64', 'zip', 'enc', 'cty']) {
    if (Object.hasOwn(header, member)) {
      throw new GatewayError('token_invalid', `the token’s header holds “${member}”`)
    }
  }
}

// RFC 8725 §3.11 and RFC 9068 §4: an ID token says who logged in at a client and is no key to anything;
// an access token is no proof of a login.
//
// `token_use` and `typ` among the claims are two large providers' own words for it.
const SAID = new Map([
  ['bearer', 'access'],
  ['access', 'access'],
  ['id', 'id'],
  ['refresh', 'refresh'],
  ['offline', 'refresh'],
  ['logout', 'logout'],
])

export function refuseOtherKinds(
  { header, claims }: TokenShape,
  wanted: IssuerSettings['tokenType'],
): void {
  const typ = mediaTypeOf(header['typ'])
  const isAccessTyp = typ === 'at+jwt'
  const fits =
    wanted === 'access' ? isAccessTyp || typ === 'jwt' : typ === undefined || typ === 'jwt'
  if (!fits) throw otherKind(wanted)
  // Where `typ` is the plain JWT, the claims tell (OpenID Connect Core 2).
  const idMarks = ['nonce', 'at_hash', 'c_hash', 's_hash']
  const accessMarks = ['scope', 'scp', 'client_id']
  const wrong = wanted === 'access' ? (isAccessTyp ? [] : idMarks) : accessMarks
  if (wrong.some((claim) => Object.hasOwn(claims, claim))) throw otherKind(wanted)
  const said = SAID.get(wordOf(claims['token_use']) ?? wordOf(claims['typ']) ?? '')
  if (said !== undefined && said !== wanted) throw otherKind(wanted)
  // OpenID Connect Back-Channel Logout 1.0 §2.4, RFC 8417.
  if (Object.hasOwn(claims, 'events')) throw otherKind(wanted)
}

function otherKind(wanted: IssuerSettings['tokenType']): GatewayError {
  const kind = wanted === 'access' ? 'an access token' : 'an ID token'
  return new GatewayError('token_invalid', `the token is not ${kind}`)
}

// RFC 7515 §4.1.9: without a slash, `application/` is understood; media types ignore case.
function mediaTypeOf(typ: unknown): string | undefined {
  if (typ === undefined) return undefined
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : 'none'
}

function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value.toLowerCase() : undefined
}
