// ASN.1 in its distinguished encoding (X.690), as far as certificates and keys use it.
import { NoAnswer } from './builtin.js'

export type Der = {
  // The identifier octet: class, constructed, number.
  readonly tag: number
  readonly content: Buffer
  readonly raw: Buffer
}

export const SEQUENCE = 0x30
export const SET = 0x31
export const INTEGER = 0x02
export const BIT_STRING = 0x03
export const OCTET_STRING = 0x04
export const OID = 0x06

function fail(): never {
  throw new NoAnswer('malformed ASN.1')
}

// All elements, one behind the other.
export function elements(bytes: Buffer): readonly Der[] {
  const found: Der[] = []
  let at = 0
  while (at < bytes.length) {
    const one = element(bytes.subarray(at))
    found.push(one)
    at += one.raw.length
  }
  return found
}

function element(bytes: Buffer): Der {
  const [tag, first] = [bytes[0], bytes[1]]
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) fail()
  let [length, at] = [first, 2]
  if (first >= 0x80) {
    const count = first & 0x7f
    if (count === 0 || count > 4 || bytes.length < 2 + count) fail()
    length = bytes.readUIntBE(2, count)
    // The shortest form is the only one.
    if (length < 0x80 || length < 2 ** (8 * (count - 1))) fail()
    at = 2 + count
  }
  if (bytes.length < at + length) fail()
  return { tag, content: bytes.subarray(at, at + length), raw: bytes.subarray(0, at + length) }
}

// The only element.
export function single(bytes: Buffer, tag: number): Der {
  const [one, ...more] = elements(bytes)
  return more.length > 0 ? fail() : expected(one, tag)
}

export function expected(one: Der | undefined, tag: number): Der {
  return one === undefined || one.tag !== tag ? fail() : one
}

export function inside(one: Der | undefined, tag = SEQUENCE): readonly Der[] {
  return elements(expected(one, tag).content)
}

export function integer(one: Der | undefined, tag = INTEGER): bigint {
  const { content } = expected(one, tag)
  if (content.length === 0) fail()
  const value = BigInt(`0x${content.toString('hex')}`)
  return BigInt.asIntN(content.length * 8, value)
}

export function oid(one: Der | undefined, tag = OID): readonly number[] {
  const { content } = expected(one, tag)
  const numbers: number[] = []
  let value = 0
  for (const [at, byte] of content.entries()) {
    value = value * 128 + (byte & 0x7f)
    if (value > Number.MAX_SAFE_INTEGER || (byte & 0x80 && at === content.length - 1)) fail()
    if (byte & 0x80) continue
    if (numbers.length === 0) {
      const top = value < 80 ? Math.trunc(value / 40) : 2
      numbers.push(top, value - top * 40)
    } else {
      numbers.push(value)
    }
    value = 0
  }
  return numbers.length === 0 ? fail() : numbers
}

export function dotted(one: Der | undefined): string {
  return oid(one).join('.')
}

// Of whole octets, or with some of the last left out.
export function bits(one: Der | undefined): { readonly bytes: Buffer; readonly unused: number } {
  const { content } = expected(one, BIT_STRING)
  const unused = content[0]
  if (unused === undefined || unused > 7) fail()
  return { bytes: content.subarray(1), unused }
}

const TEXTS: Readonly<Record<number, BufferEncoding>> = {
  0x0c: 'utf8',
  0x12: 'latin1',
  0x13: 'latin1',
  0x14: 'latin1',
  0x16: 'latin1',
}

// A text of any of ASN.1's kinds; undefined where it is none.
export function textIn({ tag, content }: Der): string | undefined {
  if (tag === 0x1e) return Buffer.from(content).swap16().toString('utf16le')
  const encoding = TEXTS[tag]
  return encoding === undefined ? undefined : content.toString(encoding)
}

// RFC 5280, 4.1.2.5: two digits of a year are 1950 to 2049.
export function time(one: Der | undefined): string {
  if (one === undefined) fail()
  const text = one.content.toString('latin1')
  const short = one.tag === 0x17
  const found = (short ? /^(\d\d)(\d{10})Z$/ : /^(\d{4})(\d{10})Z$/).exec(text)
  if (found === null || (!short && one.tag !== 0x18)) fail()
  const [, digits = '', rest = ''] = found
  const year = short ? String(Number(digits) + (Number(digits) >= 50 ? 1900 : 2000)) : digits
  const [month, day, hour, minute, second] = rest.match(/\d\d/g) ?? []
  return `${year}-${month}-${day}T${hour}:${minute}:${second}Z`
}
