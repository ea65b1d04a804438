// PostgreSQL's csvlog (documentation 20.8.4): RFC 4180, one entry a row, statements with their line ends
// inside quotes.
import { ENTRY_UNITS_MAX, logTimeMs } from './log-entry.js'
import type { LogEntry, LogReader, Unreadable } from './log-entry.js'

// Columns by number; application_name is there since version 9.0.
const COLUMNS = 23
const [TIME, USER, DATABASE, HOST, SESSION, SEVERITY, MESSAGE, QUERY, APPLICATION] = [
  0, 1, 2, 4, 5, 11, 13, 19, 22,
] as const

export const csvEntries: LogReader = async function* (pieces) {
  for await (const { fields, line, wrong } of rowsOf(pieces)) {
    yield wrong === undefined ? entryOf(fields, line) : { line, what: wrong }
  }
}

function entryOf(fields: readonly string[], line: number): LogEntry | Unreadable {
  if (fields.length < COLUMNS) return { line, what: `${fields.length} columns where there are 23` }
  const of = (column: number): string => fields[column] ?? ''
  return {
    timeMs: logTimeMs(of(TIME)),
    connection: of(SESSION),
    application: of(APPLICATION),
    user: of(USER),
    database: of(DATABASE),
    host: of(HOST),
    severity: of(SEVERITY),
    message: of(MESSAGE),
    statement: of(QUERY) === '' ? undefined : of(QUERY),
  }
}

type Row = { readonly fields: readonly string[]; readonly line: number; readonly wrong?: string }

async function* rowsOf(pieces: AsyncIterable<string>): AsyncGenerator<Row> {
  let fields: string[] = []
  let field = ''
  let quoted = false
  // A quote inside quotes ends them, or is doubled and then one of the text: the next tells.
  let quoteSeen = false
  let line = 1
  let first = 1
  let units = 0
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      if (quoted && !quoteSeen) {
        const quote = piece.indexOf('"', at)
        const end = quote < 0 ? piece.length : quote
        const text = piece.slice(at, end)
        for (let n = text.indexOf('\n'); n >= 0; n = text.indexOf('\n', n + 1)) line += 1
        units += text.length
        if (units <= ENTRY_UNITS_MAX) field += text
        at = end
        if (quote >= 0) {
          quoteSeen = true
          at += 1
        }
        continue
      }
      const unit = piece[at]
      at += 1
      if (quoteSeen) {
        quoteSeen = false
        if (unit === '"') {
          field += '"'
          continue
        }
        quoted = false
      }
      if (unit === '"' && field === '') quoted = true
      else if (unit === ',') {
        fields.push(field)
        field = ''
      } else if (unit === '\n') {
        fields.push(field)
        if (units > ENTRY_UNITS_MAX) yield { fields: [], line: first, wrong: 'it is too long' }
        else if (fields.length > 1 || fields[0] !== '') yield { fields, line: first }
        fields = []
        field = ''
        units = 0
        line += 1
        first = line
      } else if (units < ENTRY_UNITS_MAX) {
        units += 1
        field += unit
      }
    }
  }
  // A row without its end is being written.
  if (quoted && !quoteSeen) yield { fields: [], line: first, wrong: 'it has no end' }
}
