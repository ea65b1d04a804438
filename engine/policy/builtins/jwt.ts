// `io.jwt.decode`, `io.jwt.verify_*` and `io.jwt.decode_verify` (RFC 7515, 7519), as OPA reads and checks
// tokens. There is no clock: a token with times is checked against the `time` that the policy names.
import { createSecretKey } from 'node:crypto'
import { isArray, isNumber, order, type RegoObject, type RegoValue } from '../rego-value.js'
import { base64UrlBytes } from './base64.js'
import { memberAt, NoAnswer, objectOf, perCharacter, textOf, type BuiltinEntry } from './builtin.js'
import { goText } from './go-text.js'
import { jsonValue } from './json-read.js'
import { isSignature, keysOf, orNoAnswer, type VerificationKey } from './jwt-keys.js'

// A signature takes about this much fuel.
const VERIFY_COST = 300_000
const NESTED_MAX = 10

const ASYMMETRIC = [
  ...['256', '384', '512'].flatMap((size) => ['RS', 'PS', 'ES'].map((kind) => kind + size)),
  'EdDSA',
]

export const JWT: readonly BuiltinEntry[] = [
  ['io.jwt.decode', { apply: (token) => decoded(textOf(token), 0), cost: perCharacter(200) }],
  ['io.jwt.decode_verify', { apply: decodeVerify, cost: () => VERIFY_COST }],
  ...ASYMMETRIC.map((alg): BuiltinEntry => [
    `io.jwt.verify_${alg.toLowerCase()}`,
    {
      apply: (token, key) => verified(alg, textOf(token), textOf(key)),
      cost: () => VERIFY_COST,
    },
  ]),
  ...['256', '384', '512'].map((size): BuiltinEntry => [
    `io.jwt.verify_hs${size}`,
    { apply: (token, secret) => authentic(`HS${size}`, textOf(token), textOf(secret)) },
  ]),
]

type Token = { readonly header: string; readonly payload: string; readonly signature: string }

function tokenOf(text: string): Token {
  const [header, payload, signature, ...more] = text.split('.')
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0)
    throw new NoAnswer('a token has three parts')
  return { header, payload, signature }
}

function signedText({ header, payload }: Token): string {
  return `${header}.${payload}`
}

function headerOf({ header }: Token): RegoObject {
  const found = objectOf(jsonValue(goText(base64UrlBytes(header))))
  if (memberAt(found, 'enc') !== undefined) throw new NoAnswer('an encrypted token')
  return found
}

function decoded(text: string, depth: number): RegoValue {
  if (depth > NESTED_MAX) throw new RangeError('a token is nested too deeply')
  const token = tokenOf(text)
  const header = headerOf(token)
  const payload = goText(base64UrlBytes(token.payload))
  const content = memberAt(header, 'cty')
  if (content !== undefined && textOf(content) === 'JWT')
    return decoded(payload.replace(/^["']+|["']+$/g, ''), depth + 1)
  const signature = base64UrlBytes(token.signature).toString('hex')
  return [header, objectOf(jsonValue(payload)), signature]
}

function authentic(alg: string, text: string, secret: string): boolean {
  const token = tokenOf(text)
  const signature = base64UrlBytes(token.signature)
  return isSignature(alg, createSecretKey(Buffer.from(secret)), signedText(token), signature)
}

function verified(alg: string, text: string, key: string): boolean {
  const token = tokenOf(text)
  const keys = keysOf(key)
  const signature = base64UrlBytes(token.signature)
  const header = parametersOf(headerOf(token))
  return signedByAny(keys, header, alg, signedText(token), signature)
}

// By the key that the header names, where there is one of that name; else by any that fits.
function signedByAny(
  keys: readonly VerificationKey[],
  { kid, alg: own }: Parameters,
  alg: string,
  text: string,
  signature: Buffer,
): boolean {
  const named = kid === '' ? undefined : keys.find((key) => key.kid === kid)
  if (named !== undefined) return isSignature(alg, named.key, text, signature)
  return keys.some(
    (one) => (one.alg === '' || one.alg === own) && isSignature(alg, one.key, text, signature),
  )
}

type Parameters = {
  readonly alg: string
  readonly kid: string
  readonly cty: string
  // RFC 7515, 4.1.11: names that must be understood, and are not.
  readonly critical: boolean
}

const UNDERSTOOD = ['alg', 'kid', 'typ', 'cty', 'crit']

function parametersOf(header: RegoObject): Parameters {
  const text = (name: string): string => {
    const found = memberAt(header, name)
    return found === undefined ? '' : textOf(found)
  }
  text('typ')
  const crit = memberAt(header, 'crit')
  const names = crit === undefined || crit === null || !isArray(crit) ? [] : crit
  if (crit !== undefined && !names.some((name) => typeof name === 'string'))
    throw new NoAnswer('crit is a list of texts')
  const unknown = header.object
    .map(([key]) => key)
    .filter((key) => !UNDERSTOOD.includes(String(key)))
  return {
    alg: text('alg'),
    kid: text('kid'),
    cty: text('cty'),
    critical: unknown.some((key) => names.includes(key)),
  }
}

type Constraints = {
  readonly keys: readonly VerificationKey[] | undefined
  readonly secret: string
  readonly alg: string
  readonly iss: string
  readonly aud: string
  readonly seconds: number | undefined
}

const CONSTRAINTS = ['cert', 'secret', 'alg', 'iss', 'aud', 'time']

function constraintsOf(object: RegoObject): Constraints {
  if (object.object.some(([key]) => !CONSTRAINTS.includes(String(key))))
    throw new NoAnswer('no such constraint')
  const text = (name: string): string => {
    const found = memberAt(object, name)
    return found === undefined ? '' : textOf(found)
  }
  const time = memberAt(object, 'time')
  if (time !== undefined && (!isNumber(time) || Number(time.number) < 0))
    throw new NoAnswer('a time is a positive number')
  const cert = memberAt(object, 'cert')
  const found = {
    keys: cert === undefined ? undefined : keysOf(textOf(cert)),
    secret: text('secret'),
    alg: text('alg'),
    iss: text('iss'),
    aud: text('aud'),
    seconds: isNumber(time) ? Number(time.number) / 1e9 : undefined,
  }
  if ((found.keys === undefined) === (found.secret === '')) throw new NoAnswer('one key is needed')
  return found
}

const UNVERIFIED: RegoValue = [false, { object: [] }, { object: [] }]

function decodeVerify(text: RegoValue = null, wanted: RegoValue = null): RegoValue {
  const constraints = constraintsOf(objectOf(wanted))
  const keys = constraints.keys ?? [secretKey(constraints.secret)]
  let inner = textOf(text)
  for (let depth = 0; depth <= NESTED_MAX; depth++) {
    const token = tokenOf(inner)
    const header = headerOf(token)
    const parameters = parametersOf(header)
    const { alg } = parameters
    if (alg === '' || parameters.critical) return UNVERIFIED
    if (constraints.alg !== '' && constraints.alg !== alg) return UNVERIFIED
    const signature = base64UrlBytes(token.signature)
    const named = constraints.keys === undefined ? { ...parameters, kid: '' } : parameters
    if (!signedByAny(keys, named, alg, signedText(token), signature)) return UNVERIFIED
    inner = goText(base64UrlBytes(token.payload))
    if (parameters.cty.toUpperCase() === 'JWT') continue
    const payload = objectOf(jsonValue(inner))
    return claimsHold(payload, constraints) ? [true, header, payload] : UNVERIFIED
  }
  throw new RangeError('a token is nested too deeply')
}

function secretKey(secret: string): VerificationKey {
  return orNoAnswer(() => ({ alg: '', kid: '', key: createSecretKey(Buffer.from(secret)) }))
}

function claimsHold(payload: RegoObject, { iss, aud, seconds }: Constraints): boolean {
  if (iss !== '' && memberAt(payload, 'iss') !== iss) return false
  const audience = memberAt(payload, 'aud')
  if (audience === undefined ? aud !== '' : !isFor(audience, aud)) return false
  const [expires, begins] = [memberAt(payload, 'exp'), memberAt(payload, 'nbf')]
  if (expires !== undefined && compared(expires, seconds) <= 0) return false
  return begins === undefined || compared(begins, seconds) <= 0
}

function isFor(audience: RegoValue, wanted: string): boolean {
  if (audience !== null && isArray(audience)) return audience.includes(wanted)
  return audience === wanted
}

function compared(claim: RegoValue, seconds: number | undefined): number {
  if (!isNumber(claim)) throw new NoAnswer('a time is a number')
  if (seconds === undefined)
    throw new Error('io.jwt.decode_verify needs `time` among its constraints: there is no clock')
  return order(claim, { number: String(seconds) })
}
