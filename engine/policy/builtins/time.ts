// Arithmetic on times that a policy was given. There is no clock here, and no zones but UTC: tables of
// zones differ from machine to machine, and the facts already hold the hour in the target's zone. A
// named zone and a layout other than RFC 3339's throw.
import { isArray, isNumber, numberOf, type RegoValue } from '../rego-value.js'

const NS_PER_MS = 1_000_000n
const NS_PER_S = 1_000_000_000n
const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)

type Apply = (...args: readonly RegoValue[]) => RegoValue | undefined

export const TIME_BUILTINS: readonly (readonly [string, Apply])[] = [
  ['time.parse_rfc3339_ns', (text) => nanoseconds(text)],
  ['time.parse_duration_ns', (text) => duration(text)],
  ['time.format', format],
  ['time.date', (time) => parts(time, ([year, month, day]) => [year, month, day])],
  ['time.clock', (time) => parts(time, ([, , , hour, minute, second]) => [hour, minute, second])],
  ['time.weekday', weekday],
  ['time.add_date', addDate],
]

// RFC 3339 §5.6.
function nanoseconds(text: RegoValue = null): RegoValue | undefined {
  if (typeof text !== 'string') return undefined
  const found =
    /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/.exec(text)
  if (found === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map(Number)
  const [, , , , , , , fraction = '', sign, zoneHour = '0', zoneMinute = '0'] = found
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 59) return undefined
  if (Number(zoneHour) > 24 || Number(zoneMinute) > 59) return undefined
  const offset = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === '-' ? -1 : 1)
  const ms = utc(year, month, day, hour, minute - offset, second)
  const ns = BigInt(ms) * NS_PER_MS + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  return within(ns)
}

function daysIn(year: number, month: number): number {
  return new Date(utc(year, month + 1, 0, 0, 0, 0)).getUTCDate()
}

// Date.UTC takes years below 100 for ones of the twentieth century.
function utc(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.setUTCHours(hour, minute, second, 0)
}

function within(ns: bigint): RegoValue | undefined {
  return ns > INT64_MAX || ns < INT64_MIN ? undefined : numberOf(ns)
}

const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}
const UNIT_HOURS: Readonly<Record<string, number>> = { d: 24, w: 7 * 24, y: 365 * 24 }

// Go's time.ParseDuration, with OPA's days, weeks and years.
function duration(text: RegoValue = null): RegoValue | undefined {
  if (typeof text !== 'string') return undefined
  const [, sign = '', rest = ''] = /^([-+]?)(.*)$/s.exec(text) ?? []
  if (rest === '0') return numberOf(0)
  const segment = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h|d|w|y)/gy
  let total = 0n
  let at = 0
  while (at < rest.length) {
    const found = segment.exec(rest)
    if (found === null) return undefined
    const ns = segmentNs(found[1] ?? '', found[2] ?? '', found[3] ?? '')
    if (ns === undefined) return undefined
    total += ns
    at = segment.lastIndex
  }
  if (at === 0) return undefined
  return within(sign === '-' ? -total : total)
}

function segmentNs(digits: string, fraction: string, unit: string): bigint | undefined {
  if (digits === '' && fraction === '') return undefined
  const hours = UNIT_HOURS[unit]
  if (hours !== undefined) {
    const [whole = '', part = ''] = String(Number(`${digits}.${fraction}0`) * hours).split('.')
    return /^\d+$/.test(whole) ? segmentNs(whole, part, 'h') : undefined
  }
  const size = UNIT_NS[unit]
  if (size === undefined) return undefined
  const part = fraction === '' ? 0 : Math.trunc(Number(fraction) * (size / 10 ** fraction.length))
  return BigInt(digits === '' ? 0 : digits) * BigInt(size) + BigInt(part)
}

// A time is a number of nanoseconds, or [nanoseconds, zone, layout].
function timeOf(time: RegoValue): { readonly ns: bigint; readonly layout: string } | undefined {
  const [number, zone = '', layout = ''] = isArray(time) ? time : [time]
  if (!isNumber(number) || typeof zone !== 'string' || typeof layout !== 'string') return undefined
  if (zone !== '' && zone !== 'UTC') throw new RangeError('times are in UTC here')
  const value = Number(number.number)
  const whole = /^-?\d+$/.test(number.number)
  if (!whole && !Number.isInteger(value)) return undefined
  const ns = whole ? BigInt(number.number) : BigInt(value)
  return ns > INT64_MAX || ns < INT64_MIN ? undefined : { ns, layout }
}

type Parts = readonly [number, number, number, number, number, number]

function partsOf(ns: bigint): Parts {
  const date = dateOf(ns)
  return [
    date.getUTCFullYear(),
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ]
}

function dateOf(ns: bigint): Date {
  return new Date(Number((ns - remainder(ns)) / NS_PER_MS))
}

// What is left of a second; never negative.
function remainder(ns: bigint): bigint {
  return ((ns % NS_PER_S) + NS_PER_S) % NS_PER_S
}

function parts(
  time: RegoValue = null,
  some: (all: Parts) => readonly number[],
): RegoValue | undefined {
  const found = timeOf(time)
  return found === undefined ? undefined : some(partsOf(found.ns)).map(numberOf)
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

function weekday(time: RegoValue = null): RegoValue | undefined {
  const found = timeOf(time)
  return found === undefined ? undefined : WEEKDAYS[dateOf(found.ns).getUTCDay()]
}

function addDate(
  time: RegoValue = null,
  years: RegoValue = null,
  months: RegoValue = null,
  days: RegoValue = null,
): RegoValue | undefined {
  const found = timeOf(time)
  const [y, m, d] = [years, months, days].map((one) => (isNumber(one) ? Number(one.number) : NaN))
  if (found === undefined || y === undefined || m === undefined || d === undefined) return undefined
  if (![y, m, d].every((one) => Number.isInteger(one) && Math.abs(one) < 1e6)) return undefined
  const [year, month, day, hour, minute, second] = partsOf(found.ns)
  const ms = utc(year + y, month + m, day + d, hour, minute, second)
  return within(BigInt(ms) * NS_PER_MS + remainder(found.ns))
}

function format(time: RegoValue = null): RegoValue | undefined {
  const found = timeOf(time)
  if (found === undefined) return undefined
  if (!['', 'RFC3339', 'RFC3339Nano'].includes(found.layout))
    throw new RangeError('times are written by RFC 3339 here')
  const seconds = dateOf(found.ns).toISOString().slice(0, 19)
  const fraction = String(remainder(found.ns)).padStart(9, '0').replace(/0+$/, '')
  return `${seconds}${found.layout === 'RFC3339' || fraction === '' ? '' : `.${fraction}`}Z`
}
