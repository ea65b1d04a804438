// Times written by a layout of Go's package time, and the layouts' pieces (format.go, nextStdChunk).
export type Moment = {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly nanosecond: number
  // Seconds east of UTC, and what the zone is called then.
  readonly offset: number
  readonly zone: string
}

// A text to be written as it is, or one of Go's pieces.
export type Piece = { readonly literal: string } | { readonly std: string }

export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const
export const WEEKDAYS = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
] as const

export const NAMED_LAYOUTS: Readonly<Record<string, string>> = {
  ANSIC: 'Mon Jan _2 15:04:05 2006',
  UnixDate: 'Mon Jan _2 15:04:05 MST 2006',
  RubyDate: 'Mon Jan 02 15:04:05 -0700 2006',
  RFC822: '02 Jan 06 15:04 MST',
  RFC822Z: '02 Jan 06 15:04 -0700',
  RFC850: 'Monday, 02-Jan-06 15:04:05 MST',
  RFC1123: 'Mon, 02 Jan 2006 15:04:05 MST',
  RFC1123Z: 'Mon, 02 Jan 2006 15:04:05 -0700',
  RFC3339: '2006-01-02T15:04:05Z07:00',
  RFC3339Nano: '2006-01-02T15:04:05.999999999Z07:00',
}

// Longer ones first. `Jan` and `Mon` are no piece before a small letter; a fraction none before a digit.
const PIECE = new RegExp(
  [
    'January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST',
    '002|01|02|03|04|05|06|15|1|2006|2|_2(?!006)|__2|3|4|5|PM|pm',
    '-070000|-07:00:00|-0700|-07:00|-07|Z070000|Z07:00:00|Z0700|Z07:00|Z07',
    '[.,](?:0+|9+)(?!\\d)',
  ].join('|'),
  'g',
)

export function piecesOf(layout: string): readonly Piece[] {
  const pieces: Piece[] = []
  let at = 0
  for (const found of layout.matchAll(PIECE)) {
    if (found.index > at) pieces.push({ literal: layout.slice(at, found.index) })
    pieces.push({ std: found[0] })
    at = found.index + found[0].length
  }
  if (at < layout.length) pieces.push({ literal: layout.slice(at) })
  return pieces
}

export function written(moment: Moment, layout: string): string {
  return piecesOf(NAMED_LAYOUTS[layout] ?? layout)
    .map((piece) => ('literal' in piece ? piece.literal : pieceText(piece.std, moment)))
    .join('')
}

function digits(value: number, width: number): string {
  return (value < 0 ? '-' : '') + String(Math.abs(value)).padStart(width, '0')
}

function pieceText(std: string, moment: Moment): string {
  const { year, month, day, hour, minute, second } = moment
  const month1 = MONTHS[month - 1] ?? ''
  const twelve = hour % 12 === 0 ? 12 : hour % 12
  switch (std) {
    case '2006':
      return digits(year, 4)
    case '06':
      return digits(Math.abs(year) % 100, 2)
    case 'January':
      return month1
    case 'Jan':
      return month1.slice(0, 3)
    case '1':
      return String(month)
    case '01':
      return digits(month, 2)
    case 'Monday':
      return weekdayOf(moment)
    case 'Mon':
      return weekdayOf(moment).slice(0, 3)
    case '2':
      return String(day)
    case '_2':
      return String(day).padStart(2, ' ')
    case '02':
      return digits(day, 2)
    case '__2':
      return String(dayOfYear(moment)).padStart(3, ' ')
    case '002':
      return digits(dayOfYear(moment), 3)
    case '15':
      return digits(hour, 2)
    case '3':
      return String(twelve)
    case '03':
      return digits(twelve, 2)
    case '4':
      return String(minute)
    case '04':
      return digits(minute, 2)
    case '5':
      return String(second)
    case '05':
      return digits(second, 2)
    case 'PM':
      return hour >= 12 ? 'PM' : 'AM'
    case 'pm':
      return hour >= 12 ? 'pm' : 'am'
    case 'MST':
      return moment.zone === '' ? offsetText('-0700', moment.offset) : moment.zone
    default:
      return /^[.,]/.test(std) ? fraction(std, moment.nanosecond) : offsetText(std, moment.offset)
  }
}

function fraction(std: string, nanosecond: number): string {
  const length = std.length - 1
  const text = digits(nanosecond, 9).slice(0, length).padEnd(length, '0')
  if (std[1] === '0') return std.slice(0, 1) + text
  const short = text.replace(/0+$/, '')
  return short === '' ? '' : std.slice(0, 1) + short
}

function offsetText(std: string, offset: number): string {
  if (offset === 0 && std.startsWith('Z')) return 'Z'
  const minutes = Math.trunc(Math.abs(offset) / 60)
  const colon = std.includes(':') ? ':' : ''
  const size = std.replaceAll(':', '').length
  const parts = [digits(Math.trunc(minutes / 60), 2)]
  if (size >= 5) parts.push(digits(minutes % 60, 2))
  if (size >= 7) parts.push(digits(Math.abs(offset) % 60, 2))
  // Go looks at whole minutes: half a minute west has no sign.
  return (offset <= -60 ? '-' : '+') + parts.join(colon)
}

export function weekdayOf({ year, month, day }: Moment): string {
  return WEEKDAYS[new Date(utcMs(year, month, day, 0, 0, 0)).getUTCDay()] ?? ''
}

function dayOfYear({ year, month, day }: Moment): number {
  return (utcMs(year, month, day, 0, 0, 0) - utcMs(year, 1, 1, 0, 0, 0)) / 86_400_000 + 1
}

// Date.UTC takes years below 100 for ones of the twentieth century.
export function utcMs(
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
