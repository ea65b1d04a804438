// Times read by a layout of Go's package time (format.go, parse), down to what it lets pass.
import { NoAnswer } from './builtin.js'
import { MONTHS, NAMED_LAYOUTS, piecesOf, utcMs, WEEKDAYS } from './time-layout.js'

type Reading = {
  text: string
  year: number
  month: number
  day: number
  yearDay: number
  hour: number
  minute: number
  second: number
  nanosecond: bigint
  // Seconds east of UTC, where the text says so.
  offset: number | undefined
  half: 'am' | 'pm' | undefined
}

function fail(): never {
  throw new NoAnswer('no time of this layout')
}

// Nanoseconds since 1970.
export function parsedNs(layout: string, text: string): bigint {
  const reading: Reading = {
    text,
    year: 0,
    month: -1,
    day: -1,
    yearDay: -1,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0n,
    offset: undefined,
    half: undefined,
  }
  const pieces = piecesOf(NAMED_LAYOUTS[layout] ?? layout)
  for (const [at, piece] of pieces.entries()) {
    if ('literal' in piece) {
      skip(reading, piece.literal)
    } else {
      const next = pieces[at + 1]
      const fractionNext = next !== undefined && 'std' in next && /^[.,]/.test(next.std)
      read(reading, piece.std, fractionNext)
    }
  }
  if (reading.text !== '') fail()
  return nanoseconds(reading)
}

function nanoseconds(reading: Reading): bigint {
  const { year, minute, second, half } = reading
  let { hour } = reading
  if (half === 'pm' && hour < 12) hour += 12
  if (half === 'am' && hour === 12) hour = 0
  const { month, day } = dayOf(reading)
  const last = new Date(utcMs(year, month + 1, 0, 0, 0, 0)).getUTCDate()
  if (day < 1 || day > last) fail()
  const ms = utcMs(year, month, day, hour, minute, second) - (reading.offset ?? 0) * 1000
  return BigInt(ms) * 1_000_000n + reading.nanosecond
}

function dayOf({ year, month, day, yearDay }: Reading): {
  readonly month: number
  readonly day: number
} {
  if (yearDay < 0) return { month: month < 0 ? 1 : month, day: day < 0 ? 1 : day }
  const date = new Date(utcMs(year, 1, yearDay, 0, 0, 0))
  if (yearDay < 1 || date.getUTCFullYear() !== year) fail()
  const found = { month: date.getUTCMonth() + 1, day: date.getUTCDate() }
  if ((month >= 0 && month !== found.month) || (day >= 0 && day !== found.day)) fail()
  return found
}

// Any number of spaces for one or more.
function skip(reading: Reading, literal: string): void {
  let rest = literal
  while (rest !== '') {
    if (rest.startsWith(' ')) {
      if (reading.text !== '' && !reading.text.startsWith(' ')) fail()
      rest = rest.replace(/^ +/, '')
      reading.text = reading.text.replace(/^ +/, '')
    } else {
      const [character = ''] = rest
      if (!reading.text.startsWith(character)) fail()
      rest = rest.slice(character.length)
      reading.text = reading.text.slice(character.length)
    }
  }
}

function take(reading: Reading, pattern: RegExp): string {
  const found = pattern.exec(reading.text)
  if (found === null) fail()
  reading.text = reading.text.slice(found[0].length)
  return found[0]
}

function number(reading: Reading, pattern: RegExp, least: number, most: number): number {
  const value = Number(take(reading, pattern).trimStart())
  return value < least || value > most ? fail() : value
}

const FREE = /^\d{1,2}/
const FIXED = /^\d{2}/

function read(reading: Reading, std: string, fractionNext: boolean): void {
  switch (std) {
    case '2006':
      reading.year = number(reading, /^\d{4}/, 0, 9999)
      return
    case '06': {
      const year = number(reading, FIXED, 0, 99)
      reading.year = year >= 69 ? year + 1900 : year + 2000
      return
    }
    case 'January':
      reading.month = named(reading, MONTHS) + 1
      return
    case 'Jan':
      reading.month = named(reading, short(MONTHS)) + 1
      return
    case '1':
    case '01':
      reading.month = number(reading, std === '1' ? FREE : FIXED, 1, 12)
      return
    case 'Monday':
      named(reading, WEEKDAYS)
      return
    case 'Mon':
      named(reading, short(WEEKDAYS))
      return
    case '2':
    case '02':
      reading.day = number(reading, std === '2' ? FREE : FIXED, 0, 99)
      return
    case '_2':
      reading.day = number(reading, /^ ?\d{1,2}/, 0, 99)
      return
    case '__2':
      reading.yearDay = number(reading, /^ {0,2}\d{1,3}/, 0, 999)
      return
    case '002':
      reading.yearDay = number(reading, /^\d{3}/, 0, 999)
      return
    case '15':
      reading.hour = number(reading, FREE, 0, 23)
      return
    case '3':
    case '03':
      reading.hour = number(reading, std === '3' ? FREE : FIXED, 0, 12)
      return
    case '4':
    case '04':
      reading.minute = number(reading, std === '4' ? FREE : FIXED, 0, 59)
      return
    case '5':
    case '05':
      reading.second = number(reading, std === '5' ? FREE : FIXED, 0, 59)
      // A fraction that the layout does not name is taken all the same.
      if (!fractionNext && /^[.,]\d/.test(reading.text)) fraction(reading, /^[.,]\d+/)
      return
    case 'PM':
      reading.half = take(reading, /^(?:AM|PM)/) === 'PM' ? 'pm' : 'am'
      return
    case 'pm':
      reading.half = take(reading, /^(?:am|pm)/) === 'pm' ? 'pm' : 'am'
      return
    case 'MST':
      zoneName(reading)
      return
    default:
      if (!/^[.,]/.test(std)) offset(reading, std)
      else if (std[1] === '0') fraction(reading, new RegExp(`^[.,]\\d{${std.length - 1}}`))
      else if (/^[.,]\d/.test(reading.text)) fraction(reading, /^[.,]\d+/)
  }
}

function short(names: readonly string[]): readonly string[] {
  return names.map((name) => name.slice(0, 3))
}

function named(reading: Reading, names: readonly string[]): number {
  const lower = reading.text.toLowerCase()
  const found = names.findIndex((name) => lower.startsWith(name.toLowerCase()))
  if (found < 0) fail()
  reading.text = reading.text.slice((names[found] ?? '').length)
  return found
}

function fraction(reading: Reading, pattern: RegExp): void {
  reading.nanosecond = BigInt(take(reading, pattern).slice(1, 10).padEnd(9, '0'))
}

function offset(reading: Reading, std: string): void {
  if (std.startsWith('Z') && reading.text.startsWith('Z')) {
    reading.text = reading.text.slice(1)
    reading.offset = 0
    return
  }
  const colon = std.includes(':') ? ':' : ''
  const fields = Math.trunc(std.replaceAll(':', '').length / 2)
  const pattern = new RegExp(`^[+-]${Array.from({ length: fields }, () => '\\d{2}').join(colon)}`)
  const text = take(reading, pattern)
  const [hour = 0, minute = 0, second = 0] = (text.slice(1).match(/\d{2}/g) ?? []).map(Number)
  if (hour > 24 || minute > 60 || second > 60) fail()
  const seconds = (hour * 60 + minute) * 60 + second
  reading.offset = text.startsWith('-') ? -seconds : seconds
}

// What an abbreviation means depends on the place; Go, in UTC, takes all of them for UTC.
function zoneName(reading: Reading): void {
  if (reading.text.startsWith('UTC')) {
    reading.text = reading.text.slice(3)
    reading.offset = 0
    return
  }
  const found = take(
    reading,
    /^(?:ChST|MeST|GMT(?:[+-]\d+)?|[+-]\d+|[A-Z]{4}T(?![A-Z])|WITA(?![A-Z])|[A-Z]{3}T(?![A-Z])|[A-Z]{3}(?![A-Z]))/,
  )
  const hours = Number(/[+-]\d+$/.exec(found)?.[0] ?? 0)
  if (Math.abs(hours) > 23) fail()
}
