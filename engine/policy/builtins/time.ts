// Arithmetic on times that a policy was given. There is no clock here; named zones come from a pinned table.
import { isArray, isNumber, numberOf, type RegoValue } from '../rego-value.js'
import { integerOf, NoAnswer, perCharacter, textOf, type BuiltinEntry } from './builtin.js'
import { durationNs } from './time-duration.js'
import { utcMs, weekdayOf, written, type Moment } from './time-layout.js'
import { parsedNs } from './time-parse.js'
import { UTC, zoneOf, type Zone } from './time-zones.js'

export const TIME: readonly BuiltinEntry[] = [
  ['time.parse_ns', { apply: (layout, text) => within(parsedNs(textOf(layout), textOf(text))) }],
  ['time.parse_rfc3339_ns', { apply: (text) => within(parsedNs('RFC3339', textOf(text))) }],
  ['time.parse_duration_ns', { apply: (text) => within(durationNs(textOf(text))) }],
  ['time.format', { apply: format, cost: perCharacter(0, 10_000) }],
  ['time.date', { apply: (time) => date(momentOf(time)) }],
  ['time.clock', { apply: (time) => clock(momentOf(time)) }],
  ['time.weekday', { apply: (time) => weekdayOf(momentOf(time)) }],
  ['time.add_date', { apply: addDate }],
  ['time.diff', { apply: difference }],
]

const NS_PER_S = 1_000_000_000n
const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)
const DATE_PARTS_MAX = 1_000_000n

function within(ns: bigint): RegoValue {
  if (ns > INT64_MAX || ns < INT64_MIN) throw new NoAnswer('a time out of range')
  return numberOf(ns)
}

type Time = { readonly ns: bigint; readonly zone: Zone; readonly layout: string }

// A number of nanoseconds, or [nanoseconds, zone, layout].
function timeOf(time: RegoValue | undefined): Time {
  const [number, zone = '', layout = ''] =
    time !== undefined && time !== null && isArray(time) ? time : [time]
  if (!isNumber(number)) throw new NoAnswer('no time')
  const text = number.number
  const whole = /^-?\d+$/.test(text)
  if (!whole && !Number.isInteger(Number(text))) throw new NoAnswer('no whole number')
  const ns = whole ? BigInt(text) : BigInt(Number(text))
  if (ns > INT64_MAX || ns < INT64_MIN) throw new NoAnswer('a time out of range')
  return { ns, zone: zone === '' ? UTC : zoneOf(textOf(zone)), layout: textOf(layout) }
}

function momentOf(time: RegoValue | undefined): Moment {
  const { ns, zone } = timeOf(time)
  return moment(ns, zone)
}

function moment(ns: bigint, zone: Zone): Moment {
  const nanosecond = ((ns % NS_PER_S) + NS_PER_S) % NS_PER_S
  const second = Number((ns - nanosecond) / NS_PER_S)
  const { seconds: offset, name } = zone.offsetAt(second)
  const local = new Date((second + offset) * 1000)
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    nanosecond: Number(nanosecond),
    offset,
    zone: name,
  }
}

function date({ year, month, day }: Moment): RegoValue {
  return [year, month, day].map(numberOf)
}

function clock({ hour, minute, second }: Moment): RegoValue {
  return [hour, minute, second].map(numberOf)
}

function format(time: RegoValue = null): RegoValue {
  const { layout } = timeOf(time)
  return written(momentOf(time), layout === '' ? 'RFC3339Nano' : layout)
}

function addDate(
  time: RegoValue = null,
  years: RegoValue = null,
  months: RegoValue = null,
  days: RegoValue = null,
): RegoValue {
  const { zone } = timeOf(time)
  const at = momentOf(time)
  const added = [years, months, days].map(integerOf)
  if (added.some((one) => one > DATE_PARTS_MAX || one < -DATE_PARTS_MAX))
    throw new NoAnswer('a time out of range')
  const [y = 0, m = 0, d = 0] = added.map(Number)
  const local = utcMs(at.year + y, at.month + m, at.day + d, at.hour, at.minute, at.second) / 1000
  if (!Number.isFinite(local)) throw new NoAnswer('a time out of range')
  return within(BigInt(local - offsetFor(zone, local)) * NS_PER_S + BigInt(at.nanosecond))
}

// As Go's Date: the offset of the time taken for UTC, unless it does not hold at what that gives.
function offsetFor(zone: Zone, local: number): number {
  const first = zone.offsetAt(local)
  const utc = local - first.seconds
  return utc < first.from || utc >= first.until ? zone.offsetAt(utc).seconds : first.seconds
}

// Years, months, days, hours, minutes and seconds between two times, in the zone of the first.
function difference(one: RegoValue = null, other: RegoValue = null): RegoValue {
  const [left, right] = [timeOf(one), timeOf(other)]
  const [early, late] = left.ns > right.ns ? [right.ns, left.ns] : [left.ns, right.ns]
  const [from, to] = [moment(early, left.zone), moment(late, left.zone)]
  let [year, month, day] = [to.year - from.year, to.month - from.month, to.day - from.day]
  let [hour, minute, second] = [
    to.hour - from.hour,
    to.minute - from.minute,
    to.second - from.second,
  ]
  if (second < 0) [second, minute] = [second + 60, minute - 1]
  if (minute < 0) [minute, hour] = [minute + 60, hour - 1]
  if (hour < 0) [hour, day] = [hour + 24, day - 1]
  if (day < 0) {
    const daysIn = new Date(utcMs(from.year, from.month + 1, 0, 0, 0, 0)).getUTCDate()
    ;[day, month] = [day + daysIn, month - 1]
  }
  if (month < 0) [month, year] = [month + 12, year - 1]
  return [year, month, day, hour, minute, second].map(numberOf)
}
