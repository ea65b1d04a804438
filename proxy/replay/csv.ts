// One command's result as CSV (RFC 4180): what the client saw, masked as it went out. NULL is an empty field,
// an empty text a quoted one, as PostgreSQL's COPY writes them. Spreadsheets take what begins with certain
// characters for a formula; on request such fields are made texts (OWASP, CSV Injection).
import type { Frame } from './film.js'

export type CsvOptions = { readonly spreadsheet: boolean }

// Also the full-width forms, which some spreadsheets read alike.
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/

export function csvLine(row: readonly (string | null)[], { spreadsheet }: CsvOptions): string {
  return `${row.map((field) => csvField(field, spreadsheet)).join(',')}\r\n`
}

export function csvField(field: string | null, spreadsheet: boolean): string {
  if (field === null) return ''
  const text = spreadsheet && FORMULA.test(field) ? `'${field}` : field
  // Quoted whatever begins or ends with a blank too: some readers would take it away.
  const plain = text !== '' && !/[",\r\n]|^\s|\s$/.test(text) && !(spreadsheet && text !== field)
  return plain ? text : `"${text.replaceAll('"', '""')}"`
}

export type CsvResult = { rows: number; cut: string | undefined; results: number }

// `told`: what there was, once all is read.
export async function* csvOf(
  frames: AsyncIterable<Frame>,
  command: number,
  options: CsvOptions,
  told: CsvResult,
): AsyncGenerator<string> {
  for await (const frame of frames) {
    if (frame.command !== command && frame.command !== 0) continue
    if (frame.kind === 'columns') {
      told.results += 1
      yield csvLine(
        frame.columns.map(({ name }) => name),
        options,
      )
    } else if (frame.kind === 'rows') {
      if (told.results === 0) told.results = 1
      told.rows += frame.rows.length
      yield frame.rows.map((row) => csvLine(row, options)).join('')
    } else if (frame.kind === 'cut') told.cut = frame.why
    else if (frame.command === command && (frame.kind === 'done' || frame.kind === 'error')) return
  }
}
