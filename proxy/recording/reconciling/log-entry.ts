// One entry of a PostgreSQL server's own log, whatever form it was written in. The readers beside this file
// make them; what they cannot read they say, with its place, and go on.

export type LogEntry = {
  // Milliseconds, Unix epoch; NaN where the time cannot be read.
  readonly timeMs: number
  // PostgreSQL's own name for the connection.
  readonly connection: string
  readonly application: string
  readonly user: string
  readonly database: string
  readonly host: string
  readonly severity: string
  readonly message: string
  // The statement that an error was about.
  readonly statement: string | undefined
}

export type Unreadable = { readonly line: number; readonly what: string }

export type LogReader = (pieces: AsyncIterable<string>) => AsyncGenerator<LogEntry | Unreadable>

// An entry longer than this is no statement that a gateway would have let through.
export const ENTRY_UNITS_MAX = 16 << 20

// As PostgreSQL writes times; a zone that is no offset and not UTC is not known.
export function logTimeMs(text: string): number {
  const [, day, time, zone = ''] =
    /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) ?(\S*)$/.exec(text) ?? []
  if (day === undefined || time === undefined) return NaN
  const known = /^(UTC|GMT|Z|)$/.test(zone) ? 'Z' : zone
  const [, sign, hours = '', minutes = '00'] = /^([+-])(\d\d):?(\d\d)?$/.exec(known) ?? []
  const offset = sign === undefined ? known : `${sign}${hours}:${minutes}`
  return Date.parse(`${day}T${time}${offset}`)
}

// Lines without their newline, each with its number from 1. One that is too long is cut, and said so.
export async function* linesOf(
  pieces: AsyncIterable<string>,
): AsyncGenerator<{ readonly text: string; readonly number: number; readonly cut: boolean }> {
  let rest = ''
  let number = 1
  let cut = false
  for await (const piece of pieces) {
    let from = 0
    for (;;) {
      const newline = piece.indexOf('\n', from)
      if (newline < 0) break
      yield { text: rest + piece.slice(from, newline), number, cut }
      rest = ''
      cut = false
      number += 1
      from = newline + 1
    }
    if (rest.length + piece.length - from > ENTRY_UNITS_MAX) {
      cut = true
      rest = rest.slice(0, ENTRY_UNITS_MAX)
    } else rest += piece.slice(from)
  }
  if (rest !== '') yield { text: rest, number, cut }
}
