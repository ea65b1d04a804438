// Extensions of certificates (RFC 5280, 4.2) in the shape that Go's crypto/x509 gives them as JSON.
import { numberOf, type RegoValue } from '../rego-value.js'
import { NoAnswer, objectWith } from './builtin.js'
import {
  bits,
  dotted,
  elements,
  inside,
  integer,
  oid,
  OCTET_STRING,
  single,
  SEQUENCE,
  type Der,
} from './der.js'
import { addressText } from './ip-address.js'
import { parsedUrl } from './url.js'
import { base64, identifier, orNull } from './x509-names.js'

export type Extension = {
  readonly id: string
  readonly critical: boolean
  readonly value: Buffer
  readonly json: RegoValue
}

export function extensionsIn(list: Der | undefined): readonly Extension[] {
  if (list === undefined) return []
  return inside(list).map((one) => {
    const [id, ...rest] = inside(one)
    const critical = rest.length > 1 && rest[0]?.content[0] === 0xff
    const value = rest.at(-1)
    if (value?.tag !== OCTET_STRING) throw new NoAnswer('no extension')
    const json = objectWith({
      Id: identifier(oid(id)),
      Critical: critical,
      Value: base64(value.content),
    })
    return { id: dotted(id), critical, value: value.content, json }
  })
}

// What certificates and requests have in common: other names of the subject.
export function alternativeNames(value: Buffer | undefined): Record<string, RegoValue> {
  const names = value === undefined ? [] : inside(elements(value)[0])
  const texts = (tag: number): readonly string[] =>
    names.filter((one) => one.tag === tag).map(({ content }) => content.toString('latin1'))
  return {
    DNSNames: orNull(texts(0x82)),
    EmailAddresses: orNull(texts(0x81)),
    IPAddresses: orNull(
      names.filter(({ tag }) => tag === 0x87).map(({ content }) => addressOf(content)),
    ),
    URIs: orNull(texts(0x86).map((text) => goUrl(text))),
  }
}

export function uriTexts(value: Buffer | undefined): RegoValue {
  const names = value === undefined ? [] : inside(elements(value)[0])
  return orNull(
    names.filter(({ tag }) => tag === 0x86).map(({ content }) => content.toString('latin1')),
  )
}

function addressOf(bytes: Buffer): string {
  if (bytes.length !== 4 && bytes.length !== 16) throw new NoAnswer('no IP address')
  const value = BigInt(`0x${bytes.toString('hex')}`)
  return addressText(bytes.length === 4 ? (0xffffn << 32n) | value : value)
}

// net/url's URL.
function goUrl(text: string): RegoValue {
  const {
    scheme,
    opaque,
    host,
    path,
    rawPath,
    query,
    forceQuery,
    omitHost,
    fragment,
    rawFragment,
  } = parsedUrl(text)
  return objectWith({
    Scheme: scheme,
    Opaque: opaque,
    User: null,
    Host: host,
    Path: path,
    Fragment: fragment,
    RawQuery: query,
    RawPath: rawPath,
    RawFragment: rawFragment,
    ForceQuery: forceQuery,
    OmitHost: omitHost,
  })
}

const EXTENDED_USAGES: Readonly<Record<string, number>> = {
  '2.5.29.37.0': 0,
  ...Object.fromEntries(
    Array.from({ length: 9 }, (_, at) => [`1.3.6.1.5.5.7.3.${at + 1}`, at + 1]),
  ),
  '1.3.6.1.4.1.311.10.3.3': 10,
  '2.16.840.1.113730.4.1': 11,
  '1.3.6.1.4.1.311.2.1.22': 12,
  '1.3.6.1.4.1.311.61.1.1': 13,
}

const HANDLED = new Set([
  ...[14, 15, 17, 19, 30, 31, 32, 33, 35, 36, 37, 54].map((last) => `2.5.29.${last}`),
  '1.3.6.1.5.5.7.1.1',
])

export function extensionFields(extensions: readonly Extension[]): Record<string, RegoValue> {
  const at = (last: string): Buffer | undefined => extensions.find(({ id }) => id === last)?.value
  const names = alternativeNames(at('2.5.29.17'))
  const unhandled = extensions.filter(
    ({ id, critical }) =>
      critical &&
      (!HANDLED.has(id) ||
        (id === '2.5.29.17' && Object.values(names).every((list) => list === null))),
  )
  return {
    Extensions: orNull(extensions.map(({ json }) => json)),
    ExtraExtensions: null,
    UnhandledCriticalExtensions: orNull(
      unhandled.map(({ id }) => identifier(id.split('.').map(Number))),
    ),
    KeyUsage: numberOf(keyUsage(at('2.5.29.15'))),
    ...extendedUsages(at('2.5.29.37')),
    ...basicConstraints(at('2.5.29.19')),
    ...names,
    ...nameConstraints(extensions.find(({ id }) => id === '2.5.29.30')),
    ...authorityAccess(at('1.3.6.1.5.5.7.1.1')),
    CRLDistributionPoints: orNull(distributionPoints(at('2.5.29.31'))),
    SubjectKeyId: keyIdentifier(at('2.5.29.14')),
    AuthorityKeyId: authorityKey(at('2.5.29.35')),
    ...policies(at('2.5.29.32'), at('2.5.29.33')),
    ...policyConstraints(at('2.5.29.36'), at('2.5.29.54')),
  }
}

function keyUsage(value: Buffer | undefined): number {
  if (value === undefined) return 0
  const { bytes } = bits(elements(value)[0])
  let usage = 0
  for (let at = 0; at < 9; at++) {
    if (((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1) usage |= 1 << at
  }
  return usage
}

function extendedUsages(value: Buffer | undefined): Record<string, RegoValue> {
  const ids = value === undefined ? [] : inside(elements(value)[0]).map((one) => oid(one))
  const known = ids.map((id) => EXTENDED_USAGES[id.join('.')])
  return {
    ExtKeyUsage: orNull(known.flatMap((one) => (one === undefined ? [] : [numberOf(one)]))),
    UnknownExtKeyUsage: orNull(ids.filter((_, at) => known[at] === undefined).map(identifier)),
  }
}

function basicConstraints(value: Buffer | undefined): Record<string, RegoValue> {
  const parts = value === undefined ? [] : inside(elements(value)[0])
  const isCa = parts.some(({ tag, content }) => tag === 0x01 && content[0] === 0xff)
  const length = parts.find(({ tag }) => tag === 0x02)
  const most = length === undefined ? (value === undefined ? 0 : -1) : Number(integer(length))
  return {
    BasicConstraintsValid: value !== undefined,
    IsCA: isCa,
    MaxPathLen: numberOf(most),
    MaxPathLenZero: value !== undefined && most === 0,
  }
}

function nameConstraints(extension: Extension | undefined): Record<string, RegoValue> {
  const trees = extension === undefined ? [] : inside(elements(extension.value)[0])
  const lists = (kind: string, tag: number): Record<string, RegoValue> => {
    const bases = trees
      .filter((one) => one.tag === tag)
      .flatMap(({ content }) => elements(content))
      .map((one) => inside(one)[0])
    const texts = (wanted: number): RegoValue =>
      orNull(bases.flatMap((one) => (one?.tag === wanted ? [one.content.toString('latin1')] : [])))
    return {
      [`${kind}DNSDomains`]: texts(0x82),
      [`${kind}EmailAddresses`]: texts(0x81),
      [`${kind}URIDomains`]: texts(0x86),
      [`${kind}IPRanges`]: orNull(
        bases.flatMap((one) => (one?.tag === 0x87 ? [range(one.content)] : [])),
      ),
    }
  }
  return {
    PermittedDNSDomainsCritical: extension?.critical ?? false,
    ...lists('Permitted', 0xa0),
    ...lists('Excluded', 0xa1),
  }
}

function range(bytes: Buffer): RegoValue {
  if (bytes.length !== 8 && bytes.length !== 32) throw new NoAnswer('no range of addresses')
  const half = bytes.length / 2
  return objectWith({
    IP: addressOf(bytes.subarray(0, half)),
    Mask: base64(bytes.subarray(half)),
  })
}

function authorityAccess(value: Buffer | undefined): Record<string, RegoValue> {
  const entries = value === undefined ? [] : inside(elements(value)[0]).map((one) => inside(one))
  const urls = (method: string): RegoValue =>
    orNull(
      entries.flatMap(([id, place]) =>
        dotted(id) === method && place?.tag === 0x86 ? [place.content.toString('latin1')] : [],
      ),
    )
  return {
    OCSPServer: urls('1.3.6.1.5.5.7.48.1'),
    IssuingCertificateURL: urls('1.3.6.1.5.5.7.48.2'),
  }
}

function distributionPoints(value: Buffer | undefined): readonly string[] {
  if (value === undefined) return []
  return inside(elements(value)[0]).flatMap((point) => {
    const named = inside(point).find(({ tag }) => tag === 0xa0)
    const full = named === undefined ? undefined : elements(named.content)[0]
    if (full?.tag !== 0xa0) return []
    return elements(full.content)
      .filter(({ tag }) => tag === 0x86)
      .map(({ content }) => content.toString('latin1'))
  })
}

function keyIdentifier(value: Buffer | undefined): RegoValue {
  return value === undefined ? null : base64(single(value, OCTET_STRING).content)
}

function authorityKey(value: Buffer | undefined): RegoValue {
  const found =
    value === undefined
      ? undefined
      : inside(single(value, SEQUENCE)).find(({ tag }) => tag === 0x80)
  return found === undefined ? null : base64(found.content)
}

function policies(
  value: Buffer | undefined,
  mapped: Buffer | undefined,
): Record<string, RegoValue> {
  const ids =
    value === undefined ? [] : inside(elements(value)[0]).map((one) => oid(inside(one)[0]))
  const mappings = mapped === undefined ? [] : inside(elements(mapped)[0]).map((one) => inside(one))
  return {
    Policies: orNull(ids.map((id) => id.join('.'))),
    PolicyIdentifiers: value === undefined ? null : ids.map(identifier),
    PolicyMappings: orNull(
      mappings.map(([issuer, subject]) =>
        objectWith({ IssuerDomainPolicy: dotted(issuer), SubjectDomainPolicy: dotted(subject) }),
      ),
    ),
  }
}

function policyConstraints(
  value: Buffer | undefined,
  inhibit: Buffer | undefined,
): Record<string, RegoValue> {
  const parts = value === undefined ? [] : inside(elements(value)[0])
  const fields = (name: string, found: bigint | undefined): Record<string, RegoValue> => ({
    [name]: numberOf(found ?? 0n),
    [`${name}Zero`]: found === 0n,
  })
  const tagged = (tag: number): bigint | undefined => {
    const one = parts.find((part) => part.tag === tag)
    return one === undefined ? undefined : integer(one, tag)
  }
  return {
    ...fields('RequireExplicitPolicy', tagged(0x80)),
    ...fields('InhibitPolicyMapping', tagged(0x81)),
    ...fields(
      'InhibitAnyPolicy',
      inhibit === undefined ? undefined : integer(elements(inhibit)[0]),
    ),
  }
}
