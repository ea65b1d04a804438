// Names, algorithms and public keys of certificates, in the shape that Go's crypto/x509 gives them as JSON.
import { createPublicKey } from 'node:crypto'
import { numberOf, type RegoValue } from '../rego-value.js'
import { NoAnswer, objectWith } from './builtin.js'
import {
  bits,
  dotted,
  elements,
  expected,
  inside,
  integer,
  oid,
  SEQUENCE,
  SET,
  textIn,
  type Der,
} from './der.js'

export function base64(bytes: Buffer): string {
  return bytes.toString('base64')
}

export function identifier(numbers: readonly number[]): RegoValue {
  return numbers.map(numberOf)
}

export function orNull(list: readonly RegoValue[]): RegoValue {
  return list.length === 0 ? null : list
}

const FIELDS: Readonly<Record<string, string>> = {
  '2.5.4.6': 'Country',
  '2.5.4.7': 'Locality',
  '2.5.4.8': 'Province',
  '2.5.4.9': 'StreetAddress',
  '2.5.4.10': 'Organization',
  '2.5.4.11': 'OrganizationalUnit',
  '2.5.4.17': 'PostalCode',
}

// pkix.Name.
export function name(one: Der): RegoValue {
  const names: RegoValue[] = []
  const lists = new Map<string, string[]>(Object.values(FIELDS).map((field) => [field, []]))
  let [common, serial] = ['', '']
  for (const set of inside(one)) {
    for (const pair of inside(set, SET)) {
      const [type, value] = inside(pair)
      if (value === undefined) throw new NoAnswer('no name')
      const text = textIn(value)
      names.push(objectWith({ Type: identifier(oid(type)), Value: text ?? null }))
      if (text === undefined) continue
      const kind = dotted(type)
      if (kind === '2.5.4.3') common = text
      if (kind === '2.5.4.5') serial = text
      lists.get(FIELDS[kind] ?? '')?.push(text)
    }
  }
  return objectWith({
    CommonName: common,
    SerialNumber: serial,
    ...Object.fromEntries([...lists].map(([field, values]) => [field, orNull(values)])),
    ExtraNames: null,
    Names: orNull(names),
  })
}

const SIGNATURES: Readonly<Record<string, number>> = {
  '1.2.840.113549.1.1.4': 2,
  '1.2.840.113549.1.1.5': 3,
  '1.3.14.3.2.29': 3,
  '1.2.840.113549.1.1.11': 4,
  '1.2.840.113549.1.1.12': 5,
  '1.2.840.113549.1.1.13': 6,
  '1.2.840.10040.4.3': 7,
  '2.16.840.1.101.3.4.3.2': 8,
  '1.2.840.10045.4.1': 9,
  '1.2.840.10045.4.3.2': 10,
  '1.2.840.10045.4.3.3': 11,
  '1.2.840.10045.4.3.4': 12,
  '1.3.101.112': 16,
}
const PSS = '1.2.840.113549.1.1.10'
const PSS_HASHES: Readonly<Record<string, number>> = {
  '2.16.840.1.101.3.4.2.1': 13,
  '2.16.840.1.101.3.4.2.2': 14,
  '2.16.840.1.101.3.4.2.3': 15,
}

// x509.SignatureAlgorithm; zero where Go knows none.
export function signatureAlgorithm(one: Der | undefined): RegoValue {
  const [algorithm, parameters] = inside(one)
  const found = dotted(algorithm)
  if (found !== PSS) return numberOf(SIGNATURES[found] ?? 0)
  const hash =
    parameters?.tag === SEQUENCE ? inside(parameters).find(({ tag }) => tag === 0xa0) : undefined
  const named = hash === undefined ? undefined : inside(elements(hash.content)[0])[0]
  return numberOf(named === undefined ? 0 : (PSS_HASHES[dotted(named)] ?? 0))
}

const KINDS: Readonly<Record<string, number>> = {
  '1.2.840.113549.1.1.1': 1,
  '1.2.840.10040.4.1': 2,
  '1.2.840.10045.2.1': 3,
  '1.3.101.112': 4,
}

// The kind of a public key, and the key as Go holds it.
export function publicKey(one: Der): { readonly kind: RegoValue; readonly key: RegoValue } {
  const [algorithm, value] = inside(one)
  const kind = KINDS[dotted(inside(algorithm)[0])] ?? 0
  return { kind: numberOf(kind), key: keyOf(kind, one, bits(value).bytes) }
}

function keyOf(kind: number, whole: Der, bytes: Buffer): RegoValue {
  if (kind === 4) return base64(bytes)
  if (kind === 1) {
    const [modulus, exponent] = inside(elements(bytes)[0])
    return objectWith({ N: numberOf(integer(modulus)), E: numberOf(integer(exponent)) })
  }
  return kind === 3 ? curvePoint(whole) : null
}

function curvePoint(whole: Der): RegoValue {
  try {
    const { x = '', y = '' } = createPublicKey({
      key: expected(whole, SEQUENCE).raw,
      format: 'der',
      type: 'spki',
    }).export({ format: 'jwk' })
    return objectWith({ Curve: { object: [] }, X: jwkNumber(x), Y: jwkNumber(y) })
  } catch (thrown) {
    throw new NoAnswer('no curve point', { cause: thrown })
  }
}

export function jwkNumber(text: string): RegoValue {
  return numberOf(BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`))
}
