// `generalise` at the exit, for values that are no text: the begin of a date's period, of a number's bucket,
// of an address's network, in text and in binary. The target does it better (in every date style, say),
// so that this is for statements that cannot be put into other words; what it cannot read is NULL.
import { numericSize } from '../../../engine/facts/postgres/declared-size.js'
import {
  FLOATS,
  FLOAT_LIMIT,
  INTEGER_MINIMUM,
  leastNumeric,
} from '../../../engine/facts/postgres/mask-generalise.js'
import type { Mask } from '../../../engine/schemas/decision.js'
import { beginOfDate, beginOfTimestamp } from './mask-period.js'
import { numericBytes, wholeNumeric } from './numeric-bytes.js'
import type { ResultColumn } from './row-description.js'

const NUMERIC = 1700
const FLOAT4 = 700
const DATE = 1082
const TIMESTAMP = 1114
const TIMESTAMPTZ = 1184
const INET = 869
const CIDR = 650
const LENGTH_MAX = 4096

export function generalised(mask: Mask, column: ResultColumn, value: Buffer): Buffer | undefined {
  const { type } = column
  const { period, width, network } = mask
  if (type === DATE) return period && beginOfDate(value, column.format, period)
  if (type === TIMESTAMP || type === TIMESTAMPTZ) {
    return period && beginOfTimestamp(value, column.format, period, type === TIMESTAMPTZ)
  }
  if (type === INET || type === CIDR) {
    return network === undefined ? undefined : networkOf(value, column, network)
  }
  return width === undefined ? undefined : bucketOf(value, column, BigInt(width))
}

function bucketOf(value: Buffer, column: ResultColumn, width: bigint): Buffer | undefined {
  const { type, format } = column
  const least = INTEGER_MINIMUM.get(type)
  if (least !== undefined) {
    const whole = integerOf(value, type, format)
    if (whole === undefined) return undefined
    const begin = beginOf(whole, width)
    return integerBytes(begin < least ? least : begin, type, format)
  }
  if (FLOATS.has(type)) return floatBucket(value, column, width)
  return type === NUMERIC ? numericBucket(value, column, width) : undefined
}

// The multiple of `width` at or below.
function beginOf(whole: bigint, width: bigint): bigint {
  return whole - (((whole % width) + width) % width)
}

const WIDTHS: ReadonlyMap<number, number> = new Map([
  [20, 8],
  [21, 2],
  [23, 4],
])

function integerOf(value: Buffer, type: number, format: number): bigint | undefined {
  if (format === 0) {
    const text = value.toString('latin1')
    return /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined
  }
  const bytes = WIDTHS.get(type)
  if (bytes === undefined || value.length !== bytes) return undefined
  return bytes === 8 ? value.readBigInt64BE(0) : BigInt(value.readIntBE(0, bytes))
}

function integerBytes(whole: bigint, type: number, format: number): Buffer {
  if (format === 0) return Buffer.from(`${whole}`)
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(whole)
  return bytes.subarray(8 - (WIDTHS.get(type) ?? 8))
}

function floatBucket(
  value: Buffer,
  { type, format }: ResultColumn,
  width: bigint,
): Buffer | undefined {
  const bytes = type === FLOAT4 ? 4 : 8
  if (format === 1 && value.length !== bytes) return undefined
  const number =
    format === 0
      ? Number(value.toString('latin1'))
      : type === FLOAT4
        ? value.readFloatBE(0)
        : value.readDoubleBE(0)
  // Also the text of NaN, of the infinities, and whatever else is no number to JavaScript.
  const isSmall = Math.abs(number) < FLOAT_LIMIT
  const begin = isSmall ? Number(beginOf(BigInt(Math.floor(number)), width)) : NaN
  if (format === 0) {
    // Beyond that, PostgreSQL writes a power of ten, and how depends on extra_float_digits.
    const isPlain = Math.abs(begin) < (type === FLOAT4 ? 1e6 : 1e15)
    return isPlain || !isSmall ? Buffer.from(`${begin}`) : undefined
  }
  const made = Buffer.alloc(bytes)
  if (type === FLOAT4) made.writeFloatBE(Math.fround(begin))
  else made.writeDoubleBE(begin)
  return made
}

function numericBucket(
  value: Buffer,
  { format, typmod }: ResultColumn,
  width: bigint,
): Buffer | undefined {
  const size = numericSize(typmod)
  if (size !== undefined && size.scale < 0) return undefined
  const whole = wholeNumeric(value, format)
  if (whole === undefined) return undefined
  const text = whole === 'NaN' ? whole : numericText(beginOf(whole, width), size)
  const made = format === 0 ? Buffer.from(text) : numericBytes(text)
  return made.length > LENGTH_MAX ? undefined : made
}

function numericText(begin: bigint, size: ReturnType<typeof numericSize>): string {
  if (size === undefined) return `${begin}`
  const least = leastNumeric(size)
  // Of two negative numbers with as many digits behind the point, the one with more text is less.
  const text = `${begin}${size.scale === 0 ? '' : `.${'0'.repeat(size.scale)}`}`
  const isTooSmall =
    begin < 0n && (text.length > least.length || (text.length === least.length && text > least))
  return isTooSmall ? least : text
}

// PGSQL_AF_INET and PGSQL_AF_INET6 (utils/inet.h), as inet_send has them.
const FAMILY_4 = 2
const FAMILY_6 = 3

function networkOf(value: Buffer, column: ResultColumn, bits: number): Buffer | undefined {
  if (column.format === 0) return networkText(value.toString('latin1'), column.type, bits)
  const [family, length = 0, isCidr = 0, count] = value
  const bytes = family === FAMILY_4 ? 4 : 16
  if (family !== FAMILY_4 && family !== FAMILY_6) return undefined
  if (count !== bytes || value.length !== 4 + bytes) return undefined
  const kept = Math.min(length, family === FAMILY_4 ? bits : 2 * bits)
  const address = value.subarray(4).map((byte, at) => byte & byteOfMask(kept, at))
  return Buffer.concat([Buffer.of(family, kept, isCidr, bytes), address])
}

// How IPv6 is shortened is for the target to say.
function networkText(text: string, type: number, bits: number): Buffer | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text)
  if (parts === null) return undefined
  const kept = Math.min(Number(parts[5] ?? 32), bits)
  const address = parts.slice(1, 5).map((part, at) => Number(part) & byteOfMask(kept, at))
  const suffix = kept === 32 && type === INET ? '' : `/${kept}`
  return Buffer.from(`${address.join('.')}${suffix}`)
}

function byteOfMask(bits: number, at: number): number {
  const within = Math.max(0, Math.min(8, bits - 8 * at))
  return (0xff << (8 - within)) & 0xff
}
