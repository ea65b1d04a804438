// `crypto.x509.*` that read: certificates, requests and key pairs, in the shape that Go's crypto/x509 gives
// them as JSON. Verifying a chain asks for the time of day, and stays out.
import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import { numberOf, type RegoValue } from '../rego-value.js'
import { base64Bytes } from './base64.js'
import { NoAnswer, objectWith, perCharacter, textOf, type BuiltinEntry } from './builtin.js'
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
  time,
  type Der,
} from './der.js'
import { orNoAnswer } from './jwt-keys.js'
import { pemBlock } from './pem.js'
import { goKey, privateKey } from './private-keys.js'
import { alternativeNames, extensionFields, extensionsIn, uriTexts } from './x509-extensions.js'
import { base64, identifier, name, orNull, publicKey, signatureAlgorithm } from './x509-names.js'

const cost = perCharacter(300, 500_000)

export const X509: readonly BuiltinEntry[] = [
  ['crypto.x509.parse_certificates', { apply: (text) => certificates(textOf(text)), cost }],
  ['crypto.x509.parse_certificate_request', { apply: (text) => request(textOf(text)), cost }],
  [
    'crypto.x509.parse_keypair',
    { apply: (one, other) => keyPair(textOf(one), textOf(other)), cost },
  ],
]

const BEGIN = '-----BEGIN'

function certificates(text: string): RegoValue {
  return elements(certificateBytes(text)).map((one) => {
    const names = extensionsIn(extensionList(one)).find(({ id }) => id === '2.5.29.17')
    return { object: [...certificate(one), ['URIStrings', uriTexts(names?.value)]] }
  })
}

function certificateBytes(text: string): Buffer {
  if (text.startsWith(BEGIN)) return blocks(text)
  const bytes = base64Bytes(text)
  const inner = bytes.toString('latin1')
  return inner.startsWith(BEGIN) ? blocks(inner) : bytes
}

function blocks(text: string): Buffer {
  const found: Buffer[] = []
  let rest = text
  for (let block = pemBlock(rest); block !== undefined; block = pemBlock(rest)) {
    if (block.type !== 'CERTIFICATE') throw new NoAnswer('no certificate')
    found.push(block.bytes)
    rest = block.rest
  }
  return Buffer.concat(found)
}

type Members = readonly (readonly [RegoValue, RegoValue])[]

function extensionList(one: Der): Der | undefined {
  const tagged = inside(inside(one)[0]).find(({ tag }) => tag === 0xa3)
  return tagged === undefined ? undefined : elements(tagged.content)[0]
}

// RFC 5280, 4.1.
function certificate(one: Der): Members {
  // OpenSSL refuses what is no certificate at all.
  orNoAnswer(() => new X509Certificate(one.raw))
  const [tbs, algorithm, signature] = inside(one)
  if (tbs === undefined) throw new NoAnswer('no certificate')
  const parts = inside(tbs)
  const versioned = parts[0]?.tag === 0xa0
  const [serial, , issuer, validity, subject, key] = parts.slice(versioned ? 1 : 0)
  if (issuer === undefined || subject === undefined || key === undefined)
    throw new NoAnswer('no certificate')
  const [from, until] = inside(validity)
  const version = versioned ? integer(elements(expected(parts[0], 0xa0).content)[0]) + 1n : 1n
  const found = publicKey(key)
  return objectWith({
    Raw: base64(one.raw),
    RawTBSCertificate: base64(tbs.raw),
    RawSubjectPublicKeyInfo: base64(key.raw),
    RawSubject: base64(subject.raw),
    RawIssuer: base64(issuer.raw),
    Signature: base64(bits(signature).bytes),
    SignatureAlgorithm: signatureAlgorithm(algorithm),
    PublicKeyAlgorithm: found.kind,
    PublicKey: found.key,
    Version: numberOf(version),
    SerialNumber: numberOf(integer(serial)),
    Issuer: name(issuer),
    Subject: name(subject),
    NotBefore: time(from),
    NotAfter: time(until),
    ...extensionFields(extensionsIn(extensionList(one))),
  }).object
}

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'

// RFC 2986.
function request(text: string): RegoValue {
  const [one] = elements(requestBytes(text))
  const [info, algorithm, signature] = inside(one)
  if (one === undefined || info === undefined) throw new NoAnswer('no request')
  const [version, subject, key, attributes] = inside(info)
  if (subject === undefined || key === undefined) throw new NoAnswer('no request')
  const all =
    attributes?.tag === 0xa0 ? elements(attributes.content).map((item) => inside(item)) : []
  const asked = all.find(([id]) => dotted(id) === EXTENSION_REQUEST)
  const extensions = asked === undefined ? [] : extensionsIn(inside(asked[1], SET)[0])
  const found = publicKey(key)
  return objectWith({
    Raw: base64(one.raw),
    RawTBSCertificateRequest: base64(info.raw),
    RawSubjectPublicKeyInfo: base64(key.raw),
    RawSubject: base64(subject.raw),
    Version: numberOf(integer(version)),
    Signature: base64(bits(signature).bytes),
    SignatureAlgorithm: signatureAlgorithm(algorithm),
    PublicKeyAlgorithm: found.kind,
    PublicKey: found.key,
    Subject: name(subject),
    Attributes: orNull(all.flatMap(attribute)),
    Extensions: orNull(extensions.map(({ json }) => json)),
    ExtraExtensions: null,
    ...alternativeNames(extensions.find(({ id }) => id === '2.5.29.17')?.value),
  })
}

function requestBytes(text: string): Buffer {
  const marked = text.startsWith('-----BEGIN CERTIFICATE REQUEST-----')
  const bytes = marked ? Buffer.from(text) : base64Bytes(text)
  const block = pemBlock(bytes.toString('latin1'))
  if (block === undefined) return bytes
  if (block.type !== 'CERTIFICATE REQUEST') throw new NoAnswer('no request')
  return block.bytes
}

// Of the old form: sets of sequences of pairs, and nothing else.
function attribute([id, values]: readonly Der[]): readonly RegoValue[] {
  const lists = inside(values, SET)
  if (lists.some(({ tag }) => tag !== SEQUENCE)) return []
  return [
    objectWith({
      Type: identifier(oid(id)),
      Value: lists.map((list) =>
        inside(list).map((one) => {
          const [type, ...rest] = inside(one)
          const value = rest.at(-1)
          return objectWith({
            Type: identifier(oid(type)),
            Value: value === undefined ? null : base64(value.content),
          })
        }),
      ),
    }),
  ]
}

// tls.X509KeyPair: the key must be that of the first certificate.
function keyPair(certificateText: string, keyText: string): RegoValue {
  const chain = pemOf(certificateText, 'CERTIFICATE').filter(({ type }) => type === 'CERTIFICATE')
  const key = pemOf(keyText, 'PRIVATE KEY').find(
    ({ type }) => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY'),
  )
  const [leaf] = chain
  if (leaf === undefined || key === undefined) throw new NoAnswer('no key pair')
  const found = privateKey(key)
  if (found === undefined) throw new NoAnswer('no private key')
  const own = orNoAnswer(() => createPublicKey(found))
  const theirs = orNoAnswer(() => new X509Certificate(leaf.bytes).publicKey)
  if (!spki(own).equals(spki(theirs))) throw new NoAnswer('the key is of another certificate')
  return objectWith({
    Certificate: chain.map(({ bytes }) => base64(bytes)),
    PrivateKey: goKey(found),
    SupportedSignatureAlgorithms: null,
    OCSPStaple: null,
    SignedCertificateTimestamps: null,
    Leaf: { object: certificate(elements(leaf.bytes)[0] ?? fail()) },
  })
}

// Compared as bytes: KeyObject.equals leaves OpenSSL with an error that the next call would then throw.
function spki(key: KeyObject): Buffer {
  return orNoAnswer(() => key.export({ format: 'der', type: 'spki' }))
}

function fail(): never {
  throw new NoAnswer('no certificate')
}

type Block = { readonly type: string; readonly bytes: Buffer; readonly rest: string }

function pemOf(text: string, type: string): readonly Block[] {
  const bytes = text.startsWith('-----BEGIN ') ? Buffer.from(text) : base64Bytes(text)
  let rest = bytes.toString('latin1')
  if (!rest.startsWith('-----BEGIN ')) return [{ type, bytes, rest: '' }]
  const found: Block[] = []
  for (let block = pemBlock(rest); block !== undefined; block = pemBlock(rest)) {
    found.push(block)
    rest = block.rest
  }
  return found
}
