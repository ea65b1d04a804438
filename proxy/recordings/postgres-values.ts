// Values of PostgreSQL as a film shows them: text as it came, the binary form of common types put into
// words, every other binary as hexadecimal. Reads what a target sent, so nothing here trusts a length.

// pg_type.dat
const BOOL = 16
const BYTEA = 17
const INT8 = 20
const INT2 = 21
const INT4 = 23
const OID = 26
const FLOAT4 = 700
const FLOAT8 = 701
const DATE = 1082
const TIMESTAMP = 1114
const TIMESTAMPTZ = 1184
const NUMERIC = 1700
const UUID = 2950
const JSONB = 3802
const TEXTS = new Set([18, 19, 25, 114, 142, 705, 1042, 1043])

// Milliseconds from 1970 to 2000, where PostgreSQL's times begin.
const EPOCH_MS = 946_684_800_000
const DAY_MS = 86_400_000

export function shownText(value: Buffer, type: number, format: number): string {
  if (format === 0) return value.toString('utf8')
  return binaryText(value, type) ?? `\\x${value.toString('hex')}`
}

function binaryText(value: Buffer, type: number): string | undefined {
  if (TEXTS.has(type)) return value.toString('utf8')
  switch (type) {
    case BYTEA:
      return undefined
    case BOOL:
      return value.length === 1 ? (value[0] === 0 ? 'f' : 't') : undefined
    case INT2:
      return value.length === 2 ? String(value.readInt16BE(0)) : undefined
    case INT4:
      return value.length === 4 ? String(value.readInt32BE(0)) : undefined
    case OID:
      return value.length === 4 ? String(value.readUInt32BE(0)) : undefined
    case INT8:
      return value.length === 8 ? String(value.readBigInt64BE(0)) : undefined
    case FLOAT4:
      return value.length === 4 ? String(Number(value.readFloatBE(0).toPrecision(7))) : undefined
    case FLOAT8:
      return value.length === 8 ? String(value.readDoubleBE(0)) : undefined
    case DATE:
      return value.length === 4 ? dayText(value.readInt32BE(0) * DAY_MS) : undefined
    case TIMESTAMP:
      return value.length === 8 ? timeText(value.readBigInt64BE(0), '') : undefined
    case TIMESTAMPTZ:
      return value.length === 8 ? timeText(value.readBigInt64BE(0), '+00') : undefined
    case UUID:
      return value.length === 16
        ? value.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
        : undefined
    case JSONB:
      return value[0] === 1 ? value.toString('utf8', 1) : undefined
    case NUMERIC:
      return numericText(value)
    default:
      return undefined
  }
}

function dayText(ms: number): string | undefined {
  const date = new Date(EPOCH_MS + ms)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().split('T')[0]
}

function timeText(micros: bigint, zone: string): string | undefined {
  const second = micros / 1_000_000n - (micros % 1_000_000n < 0n ? 1n : 0n)
  const rest = Number(micros - second * 1_000_000n)
  const date = new Date(EPOCH_MS + Number(second) * 1000)
  if (Number.isNaN(date.getTime())) return undefined
  const whole = date.toISOString().slice(0, 19).replace('T', ' ')
  const part = rest === 0 ? '' : `.${String(rest).padStart(6, '0').replace(/0+$/, '')}`
  return `${whole}${part}${zone}`
}

const NUMERIC_DIGITS_MAX = 4000

// src/backend/utils/adt/numeric.c: digits in base 10,000 around a point.
function numericText(value: Buffer): string | undefined {
  if (value.length < 8) return undefined
  const count = value.readUInt16BE(0)
  const weight = value.readInt16BE(2)
  const sign = value.readUInt16BE(4)
  const scale = value.readUInt16BE(6)
  if (sign === 0xc000) return 'NaN'
  if (sign === 0xd000) return 'Infinity'
  if (sign === 0xf000) return '-Infinity'
  if (value.length !== 8 + count * 2) return undefined
  if (scale > NUMERIC_DIGITS_MAX || Math.abs(weight) > NUMERIC_DIGITS_MAX / 4) return undefined
  const group = (at: number): string =>
    String(at >= 0 && at < count ? value.readUInt16BE(8 + at * 2) : 0).padStart(4, '0')
  let whole = ''
  for (let at = 0; at <= weight; at++) whole += group(at)
  let part = ''
  for (let at = weight + 1; part.length < scale; at++) part += group(at)
  whole = whole.replace(/^0+(?=\d)/, '')
  const shown = `${whole === '' ? '0' : whole}${scale === 0 ? '' : `.${part.slice(0, scale)}`}`
  return sign === 0x4000 ? `-${shown}` : shown
}
