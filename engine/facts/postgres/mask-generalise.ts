// The SQL of `generalise` for what is no text: the period of a date, the bucket of a number, the network of
// an address. Values beyond what can be computed become the infinities or NaN, so that no value makes
// an error; types that have no such thing become NULL.
import type { Mask } from '../../schemas/decision.js'
import { numericSize } from './declared-size.js'

const FLOAT4 = 700
const NUMERIC = 1700
const DATE = 1082
const TIMESTAMP = 1114
const TIMESTAMPTZ = 1184
const INET = 869
const CIDR = 650

export const INTEGER_MINIMUM: ReadonlyMap<number, bigint> = new Map([
  [20, -(2n ** 63n)],
  [21, -(2n ** 15n)],
  [23, -(2n ** 31n)],
])
export const FLOATS: ReadonlySet<number> = new Set([FLOAT4, 701])
// Whole numbers up to here, and the ends of their buckets, are exact in a double.
export const FLOAT_LIMIT = 2 ** 52
// Every period between these begins within the range of timestamps.
export const FIRST_YEAR = { text: '4713-01-01 BC', astronomical: -4712 } as const
export const AFTER_LAST_YEAR = { text: '294276-01-01', astronomical: 294_276 } as const

// undefined: NULL.
export function generalisedExpression(
  source: string,
  type: number,
  typmod: number | undefined,
  mask: Mask,
): string | undefined {
  const { period, width, network } = mask
  switch (type) {
    case DATE:
      return period && periodOf(source, period, 'date')
    case TIMESTAMP:
      return period && periodOf(source, period, 'timestamp')
    case TIMESTAMPTZ: {
      const begin = period && periodOf(inUtc(source), period, 'timestamp')
      return begin && inUtc(begin)
    }
    case INET:
    case CIDR:
      return network === undefined ? undefined : networkOf(source, network)
    default:
      return width === undefined ? undefined : bucketOf(source, type, typmod, width)
  }
}

// From a timestamp with a time zone to one without, and back.
function inUtc(timestamp: string): string {
  return `pg_catalog.timezone('UTC', ${timestamp})`
}

function periodOf(source: string, period: string, type: 'date' | 'timestamp'): string {
  const as = (value: string): string => `CAST(${value} AS pg_catalog."${type}")`
  const isBefore = `pg_catalog.${type}_lt(${source}, ${as(`'${FIRST_YEAR.text}'`)})`
  const isAfter = `pg_catalog.${type}_ge(${source}, ${as(`'${AFTER_LAST_YEAR.text}'`)})`
  const begin = `pg_catalog.date_trunc('${period}', CAST(${source} AS pg_catalog."timestamp"))`
  return `CASE WHEN ${isBefore} THEN ${as(`'-infinity'`)} WHEN ${isAfter} THEN ${as(`'infinity'`)} ELSE ${as(begin)} END`
}

function bucketOf(
  source: string,
  type: number,
  typmod: number | undefined,
  width: number,
): string | undefined {
  const least = INTEGER_MINIMUM.get(type)
  if (least !== undefined)
    return atLeast(beginOf(`CAST(${source} AS pg_catalog."numeric")`, width), `${least}`)
  if (type === NUMERIC) {
    const begin = beginOf(`pg_catalog.floor(${source})`, width)
    const size = numericSize(typmod)
    if (size === undefined) return begin
    return size.scale < 0 ? undefined : atLeast(begin, leastNumeric(size))
  }
  if (!FLOATS.has(type)) return undefined
  const double = `CAST(${source} AS pg_catalog."float8")`
  const whole = `CAST(pg_catalog.floor(${double}) AS pg_catalog."int8")`
  const begin = beginOf(`CAST(${whole} AS pg_catalog."numeric")`, width)
  const isSmall = `pg_catalog.float8lt(pg_catalog.float8abs(${double}), CAST(${FLOAT_LIMIT} AS pg_catalog."float8"))`
  const as = type === FLOAT4 ? 'float4' : 'float8'
  return `CASE WHEN ${isSmall} THEN CAST(CAST(${begin} AS pg_catalog."int8") AS pg_catalog."${as}") ELSE CAST('NaN' AS pg_catalog."${as}") END`
}

// The multiple of `width` at or below a whole number.
function beginOf(whole: string, width: number): string {
  const rest = `pg_catalog.mod(${whole}, ${width})`
  return `pg_catalog.numeric_sub(${whole}, pg_catalog.mod(pg_catalog.numeric_add(${rest}, ${width}), ${width}))`
}

function atLeast(value: string, least: string): string {
  return `pg_catalog.numeric_larger(${value}, CAST('${least}' AS pg_catalog."numeric"))`
}

/** The least that `numeric(precision, scale)` can hold. */
export function leastNumeric(size: { readonly precision: number; readonly scale: number }): string {
  const digits = '9'.repeat(size.precision).padStart(size.scale + 1, '0')
  const point = digits.length - size.scale
  return `-${digits.slice(0, point)}${size.scale === 0 ? '' : `.${digits.slice(point)}`}`
}

function networkOf(source: string, bits: number): string {
  const address = `CAST(${source} AS pg_catalog."inet")`
  const wanted = `CASE WHEN pg_catalog.int4eq(pg_catalog.family(${address}), 4) THEN ${bits} ELSE ${2 * bits} END`
  const length = `pg_catalog.int4smaller(pg_catalog.masklen(${address}), ${wanted})`
  return `pg_catalog.network(pg_catalog.set_masklen(${address}, ${length}))`
}
