// `sallyport recordings show`: one recording, frame by frame, as it goes.
import { GatewayError } from '../../errors.js'
import type { Frame } from '../../recordings/film.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { paintFor, plainText, type Paint } from '../table.js'
import { CONFIG_HELP, recordingsPlace, type RecordingsPlace } from './place.js'

export const help = `sallyport recordings show SESSION     what the client sent and saw
                                     (the first letters of the session’s id are enough)

${CONFIG_HELP}
  --format FORMAT   pretty (default) or json: one frame a line

Exit status: 0 shown to its end, 1 not, or it is cut short or damaged, 2 wrong usage.
`

const OPTIONS = { config: { type: 'string' }, format: { type: 'string' } } as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const [name, ...more] = positionals
  if (name === undefined || more.length > 0) {
    throw new GatewayError('usage', 'name one session')
  }
  const format = formatArgument(values.format, ['pretty', 'json'])
  const place = recordingsPlace(values.config, io)
  const session = await recordedId(place, name)
  const paint = paintFor(io)
  let cutShort = false
  for await (const frame of place.library.read(session)) {
    cutShort ||= frame.kind === 'cut' && frame.command === 0
    io.stdout.write(format === 'json' ? `${JSON.stringify(frame)}\n` : frameText(frame, paint))
  }
  return cutShort ? 1 : 0
}

// The whole id of the one recording that begins so.
export async function recordedId({ library }: RecordingsPlace, name: string): Promise<string> {
  if ((await library.document(name)) !== undefined) return name
  const found: string[] = []
  for await (const { session } of library.documents()) {
    if (session.startsWith(name)) found.push(session)
  }
  const [one, ...others] = found
  if (one !== undefined && others.length === 0) return one
  const what = one === undefined ? 'no recording begins' : `${found.length} recordings begin`
  throw new GatewayError('not_found', `${what} with ${plainText(name, 80)}`)
}

export function frameText(frame: Frame, paint: Paint): string {
  const head = paint('grey', `${(frame.at / 1000).toFixed(3).padStart(9)} #${frame.command}`)
  return `${head} ${words(frame, paint)}\n`
}

function words(frame: Frame, paint: Paint): string {
  switch (frame.kind) {
    case 'command': {
      const binds =
        frame.binds === undefined ? '' : paint('grey', `  [${frame.binds.map(cell).join(', ')}]`)
      return `${paint('bold', plainText(frame.text))}${binds}`
    }
    case 'columns':
      return paint('grey', frame.columns.map(({ name }) => plainText(name)).join(' | '))
    case 'rows':
      return frame.rows.map((row) => row.map(cell).join(' | ')).join('\n                ')
    case 'done':
      return paint('green', plainText(frame.tag))
    case 'error':
      return [`ERROR ${frame.sqlstate}: ${frame.message}`, frame.detail, frame.hint]
        .filter((one) => one !== undefined)
        .map((one) => paint('red', plainText(one)))
        .join('\n                ')
    case 'notice':
      return paint('yellow', plainText(`${frame.severity}: ${frame.message}`))
    case 'cut':
      return paint('yellow', `… ${plainText(frame.why)}`)
  }
}

function cell(value: string | null): string {
  return value === null ? '∅' : plainText(value, 200)
}
