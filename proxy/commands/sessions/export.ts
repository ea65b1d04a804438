// `sallyport sessions export`: a session for other tools: as it is, as a table, as a film for players of terminal
// recordings, as events for a SIEM, as spans for a tracing backend.
import { statSync } from 'node:fs'
import { GatewayError } from '../../errors.js'
import { exportedLines } from '../../recording/export-record.js'
import { asciicast } from '../../replay/asciicast.js'
import { csvOf } from '../../replay/csv.js'
import { filmLines } from '../../replay/film-lines.js'
import { ocsfLines } from '../../replay/ocsf-stream.js'
import { otlpLines } from '../../replay/otlp-lines.js'
import { createScreening } from '../../replay/screening.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { recordPlace } from '../record-place.js'
import { writtenTo } from './output.js'
import {
  PLACE_HELP,
  PLACE_OPTIONS,
  screeningPlace,
  type ScreeningPlace,
} from './screening-place.js'

export const help = `sallyport sessions export ID    a session for other tools, on standard output
                               (the first letters of an id are enough; latest: the last opened)

  --format FORMAT    jsonl (default): the session, then each command with facts, decision, outcome and
                       what the client saw, one JSON object a line
                     csv: the result of one command, as the client saw it (RFC 4180; NULL is an empty
                       field, an empty text a quoted one)
                     asciicast: the film in a terminal (asciicast v2), for asciinema and its players
                     ocsf: events for a SIEM (OCSF 1.5), one JSON object a line
                     otlp-json: OpenTelemetry spans and log records, one request a line
  --command N        with csv: which command
  --spreadsheet      with csv: fields that spreadsheets would take for formulas become texts
  --rows N           with jsonl: rows kept of each result (default: all)
  --under BUNDLE     with jsonl and asciicast: as sessions replay --under
  --fuel N           the budget of one evaluation (policy.fuel)
${PLACE_HELP}

Exit status: 0 done, 1 no such session, no such result, or it cannot be read, 2 wrong usage.
`

const OPTIONS = {
  ...PLACE_OPTIONS,
  format: { type: 'string' },
  command: { type: 'string' },
  spreadsheet: { type: 'boolean' },
  rows: { type: 'string' },
} as const

const FORMATS = ['jsonl', 'csv', 'asciicast', 'ocsf', 'otlp-json'] as const
type Format = (typeof FORMATS)[number]

const CAST = { width: 120, height: 40 } as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, FORMATS)
  const [id, ...more] = positionals
  if (id === undefined || more.length > 0) throw new GatewayError('usage', 'name one session')
  belongs(values, format)
  const place = await screeningPlace(id, values, io)
  if (format === 'csv') {
    return writtenCsv(place, numberOf(values.command, '--command'), values.spreadsheet === true, io)
  }
  await writtenTo(io, await pieces(place, format, values, io))
  return 0
}

async function pieces(
  place: ScreeningPlace,
  format: Exclude<Format, 'csv'>,
  values: { readonly rows?: string | undefined; readonly record?: string | undefined } & Parameters<
    typeof recordPlace
  >[0],
  io: Io,
): Promise<AsyncIterable<string>> {
  const film = await place.film()
  const under = place.under === undefined ? {} : { under: place.under.film }
  const rows = values.rows === undefined ? Infinity : numberOf(values.rows, '--rows')
  const bounds = format === 'jsonl' ? { rows, bytes: Infinity } : undefined
  const screening = createScreening({
    film,
    ...under,
    ...(place.recordings === undefined ? {} : { recordings: place.recordings }),
    ...(bounds === undefined ? {} : { bounds }),
  })
  switch (format) {
    case 'jsonl':
      return filmLines(await screening.session(), screening.entries(1))
    case 'asciicast':
      return asciicast(await screening.session(), screening.entries(1), CAST)
    case 'ocsf':
      return ocsfLines(linesOf(film.session.id, values, io))
    case 'otlp-json':
      return otlpLines(film.session, linesOf(film.session.id, values, io))
  }
}

function linesOf(
  session: string,
  values: Parameters<typeof recordPlace>[0],
  io: Io,
): AsyncIterable<object> {
  const place = recordPlace(values, io)
  if (!statSync(place).isDirectory()) {
    throw new GatewayError('usage', 'this format is made from a record, not from an export of it')
  }
  return exportedLines(place, { fromMs: -Infinity, toMs: Infinity, session })
}

async function writtenCsv(
  { film, recordings }: ScreeningPlace,
  command: number,
  spreadsheet: boolean,
  io: Io,
): Promise<number> {
  const { session, commands } = await film()
  if (!commands.includes(command)) {
    throw new GatewayError('not_found', `session ${session.id} has no command ${command}`)
  }
  if (recordings === undefined) {
    throw new GatewayError('not_found', 'results are in recordings, and there are none here')
  }
  const told = { rows: 0, results: 0, cut: undefined as string | undefined }
  await writtenTo(io, csvOf(recordings.read(session.id), command, { spreadsheet }, told))
  if (told.results === 0) {
    io.stderr.write(`sallyport: no result of command ${command} is recorded\n`)
    return 1
  }
  if (told.cut !== undefined) io.stderr.write(`sallyport: it is not whole: ${told.cut}\n`)
  return 0
}

function belongs(
  values: Readonly<Record<string, string | boolean | undefined>>,
  format: Format,
): void {
  const only: readonly (readonly [name: string, formats: readonly Format[]])[] = [
    ['command', ['csv']],
    ['spreadsheet', ['csv']],
    ['rows', ['jsonl']],
    ['under', ['jsonl', 'asciicast']],
  ]
  for (const [name, formats] of only) {
    if (values[name] === undefined || formats.includes(format)) continue
    throw new GatewayError('usage', `--${name} goes with --format ${formats.join(' or ')}`)
  }
  if (format === 'csv' && values['command'] === undefined) {
    throw new GatewayError('usage', '--format csv needs --command N')
  }
}

function numberOf(text: string | undefined, name: string): number {
  if (text !== undefined && /^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new GatewayError('usage', `${name} is a number from 1 on, not ${text ?? ''}`)
}
