// `uuid.parse`: what a UUID says about itself (RFC 9562; google/uuid's reading). Making one is chance and
// stays out.
import { numberOf, type RegoValue } from '../rego-value.js'
import { NoAnswer, objectWith, textOf, type BuiltinEntry } from './builtin.js'

export const UUID: readonly BuiltinEntry[] = [
  ['uuid.parse', { apply: (text) => parsed(textOf(text)) }],
]

const HEX = '[0-9a-fA-F]'
const DASHED = `${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12}`
// Braces may be any two characters: google/uuid looks at their number alone.
const FORMS = [
  new RegExp(`^(${DASHED})$`),
  new RegExp(`^[uU][rR][nN]:[uU][uU][iI][dD]:(${DASHED})$`),
  new RegExp(`^[\\x00-\\x7f](${DASHED})[\\x00-\\x7f]$`),
  new RegExp(`^(${HEX}{32})$`),
]
// 100 ns from 15 October 1582 to 1 January 1970.
const GREGORIAN = 122_192_928_000_000_000n

function parsed(text: string): RegoValue {
  const found = FORMS.map((form) => form.exec(text)?.[1]).find((one) => one !== undefined)
  if (found === undefined) throw new NoAnswer('no UUID')
  const bytes = Buffer.from(found.replaceAll('-', ''), 'hex')
  const version = (bytes[6] ?? 0) >> 4
  return objectWith({
    version: numberOf(version),
    variant: variantOf(bytes[8] ?? 0),
    ...(version === 1 || version === 2 ? timed(bytes, version) : {}),
  })
}

function variantOf(byte: number): string {
  if ((byte & 0xc0) === 0x80) return 'RFC4122'
  if ((byte & 0xe0) === 0xc0) return 'Microsoft'
  if ((byte & 0xe0) === 0xe0) return 'Future'
  return 'Reserved'
}

const DOMAINS = ['Person', 'Group', 'Org']

function timed(bytes: Buffer, version: number): Record<string, RegoValue> {
  const time =
    BigInt(bytes.readUInt32BE(0)) |
    (BigInt(bytes.readUInt16BE(4)) << 32n) |
    (BigInt(bytes.readUInt16BE(6) & 0xfff) << 48n)
  const node = bytes.subarray(10)
  const domain = bytes[9] ?? 0
  return {
    time: numberOf(BigInt.asIntN(64, (time - GREGORIAN) * 100n)),
    nodeid: [...node].map((byte) => byte.toString(16).padStart(2, '0')).join('-'),
    macvariables: macVariables(node[0] ?? 0),
    clocksequence: numberOf(bytes.readUInt16BE(8) & 0x3fff),
    ...(version === 2
      ? {
          id: numberOf(bytes.readUInt32BE(0)),
          domain: DOMAINS[domain] ?? `Domain${domain}`,
        }
      : {}),
  }
}

function macVariables(byte: number): string {
  const place = (byte & 2) === 2 ? 'local' : 'global'
  return `${place}:${(byte & 1) === 1 ? 'multicast' : 'unicast'}`
}
