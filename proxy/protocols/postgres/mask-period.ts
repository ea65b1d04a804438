// The first day of a date's or timestamp's year, quarter or month, of the values as they travel: days or
// microseconds since 2000, or ISO text. In the Gregorian calendar without end, as PostgreSQL counts.
import { AFTER_LAST_YEAR, FIRST_YEAR } from '../../../engine/facts/postgres/mask-generalise.js'
import type { Mask } from '../../../engine/schemas/decision.js'

type Period = NonNullable<Mask['period']>

// Day 0 is 1970-01-01; PostgreSQL counts from 2000-01-01.
const EPOCH_DAYS = 10_957
const DAY_SECONDS = 86_400
const DAY_MICROSECONDS = 86_400_000_000n
const DATE_INFINITY = 0x7fff_ffff
const TIMESTAMP_INFINITY = 2n ** 63n - 1n
const MONTHS: Readonly<Record<Period, number>> = { year: 12, quarter: 3, month: 1 }

export function beginOfDate(value: Buffer, format: number, period: Period): Buffer | undefined {
  if (format === 0) {
    const text = value.toString('latin1')
    if (isInfinite(text)) return value
    const parts = /^(\d{4,7})-(\d\d)-\d\d( BC)?$/.exec(text)
    return parts === null
      ? undefined
      : Buffer.from(begins(yearOf(parts[1], parts[3]), Number(parts[2]), period).text(''))
  }
  if (value.length !== 4) return undefined
  const days = value.readInt32BE(0)
  const made = Buffer.alloc(4)
  const isInfinity = days === DATE_INFINITY || days === -DATE_INFINITY - 1
  made.writeInt32BE(isInfinity ? days : beginOfDays(days, period, DATE_INFINITY))
  return made
}

// `withZone`: in UTC, whatever the session's zone.
export function beginOfTimestamp(
  value: Buffer,
  format: number,
  period: Period,
  withZone: boolean,
): Buffer | undefined {
  if (format === 0) return textOfTimestamp(value, period, withZone)
  if (value.length !== 8) return undefined
  const at = value.readBigInt64BE(0)
  const made = Buffer.alloc(8)
  if (at === TIMESTAMP_INFINITY || at === -TIMESTAMP_INFINITY - 1n) return value
  const day =
    (at - (((at % DAY_MICROSECONDS) + DAY_MICROSECONDS) % DAY_MICROSECONDS)) / DAY_MICROSECONDS
  const days = beginOfDays(Number(day), period, Infinity)
  made.writeBigInt64BE(
    Number.isFinite(days)
      ? BigInt(days) * DAY_MICROSECONDS
      : days < 0
        ? -TIMESTAMP_INFINITY - 1n
        : TIMESTAMP_INFINITY,
  )
  return made
}

const TIMESTAMP =
  /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?)?( BC)?$/

function textOfTimestamp(value: Buffer, period: Period, withZone: boolean): Buffer | undefined {
  const text = value.toString('latin1')
  if (isInfinite(text)) return value
  const parts = TIMESTAMP.exec(text)
  if (parts === null || withZone !== (parts[7] !== undefined)) return undefined
  const [hour, minute, second, zoneHour, zoneMinute, zoneSecond] = [4, 5, 6, 8, 9, 10].map((at) =>
    Number(parts[at] ?? 0),
  )
  const local = secondsOf(hour, minute, second)
  const ahead = secondsOf(zoneHour, zoneMinute, zoneSecond) * (parts[7] === '-' ? -1 : 1)
  const midnight = daysOf(yearOf(parts[1], parts[11]), Number(parts[2]), Number(parts[3]))
  const { year, month } = civilOf(midnight + Math.floor((local - ahead) / DAY_SECONDS))
  return Buffer.from(begins(year, month, period).text(` 00:00:00${withZone ? '+00' : ''}`))
}

function secondsOf(hours = 0, minutes = 0, seconds = 0): number {
  return (hours * 60 + minutes) * 60 + seconds
}

function isInfinite(text: string): boolean {
  return text === 'infinity' || text === '-infinity'
}

function yearOf(text: string | undefined, before: string | undefined): number {
  return before === undefined ? Number(text) : 1 - Number(text)
}

function beginOfDays(days: number, period: Period, infinity: number): number {
  const { year, month } = civilOf(days + EPOCH_DAYS)
  const begin = begins(year, month, period)
  if (begin.infinite === 0) return daysOf(year, begin.month, 1) - EPOCH_DAYS
  if (begin.infinite > 0) return infinity
  return Number.isFinite(infinity) ? -infinity - 1 : -infinity
}

function begins(year: number, month: number, period: Period) {
  const months = MONTHS[period]
  const first = Math.floor((month - 1) / months) * months + 1
  const infinite =
    year < FIRST_YEAR.astronomical ? -1 : year >= AFTER_LAST_YEAR.astronomical ? 1 : 0
  return {
    infinite,
    month: first,
    text(time: string): string {
      if (infinite !== 0) return infinite < 0 ? '-infinity' : 'infinity'
      const shown = String(year > 0 ? year : 1 - year).padStart(4, '0')
      return `${shown}-${String(first).padStart(2, '0')}-01${time}${year > 0 ? '' : ' BC'}`
    },
  }
}

// Howard Hinnant, “chrono-Compatible Low-Level Date Algorithms”: days_from_civil and civil_from_days.
function daysOf(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1
  const era = Math.floor(shifted / 400)
  const ofEra = shifted - era * 400
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return (
    era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468
  )
}

function civilOf(days: number): { readonly year: number; readonly month: number } {
  const from = days + 719_468
  const era = Math.floor(from / 146_097)
  const day = from - era * 146_097
  const ofEra = Math.floor(
    (day - Math.floor(day / 1460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365,
  )
  const ofYear = day - (365 * ofEra + Math.floor(ofEra / 4) - Math.floor(ofEra / 100))
  const shifted = Math.floor((5 * ofYear + 2) / 153)
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  return { year: ofEra + era * 400 + (month <= 2 ? 1 : 0), month }
}
