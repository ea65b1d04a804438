// `sallyport audit export`: the record for other tools, one JSON object a line.
import { GatewayError } from '../../errors.js'
import { exportedLines } from '../../recording/export-record.js'
import { ocsfLines } from '../../replay/ocsf-stream.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { writtenTo } from '../sessions/output.js'
import { placeFrom, RECORD_OPTIONS } from './material.js'

export const help = `sallyport audit export [DIR]     print it as JSON lines, each command with facts and decision

  --from TIME          only lines from this time on (RFC 3339 or milliseconds)
  --to TIME            only lines before this time
  --session ID         only this session
  --record DIR         directory of the record (default: .sallyport/record), or one segment of it
  --config FILE        take the directory from a configuration file
  --format FORMAT      jsonl (default), or ocsf: events for a SIEM (OCSF 1.5), each command once, with
                       what came of it

Exit status: 0 done, 1 the record cannot be read, 2 wrong usage.
`

const OPTIONS = {
  ...RECORD_OPTIONS,
  from: { type: 'string' },
  to: { type: 'string' },
  session: { type: 'string' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['jsonl', 'ocsf'])
  const place = placeFrom(positionals, values, io)
  const filter = {
    fromMs: instant(values.from, -Infinity),
    toMs: instant(values.to, Infinity),
    session: values.session,
  }
  const lines = exportedLines(place, filter)
  await writtenTo(io, format === 'ocsf' ? ocsfLines(lines) : jsonLines(lines))
  return 0
}

async function* jsonLines(lines: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`
}

function instant(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const found = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isNaN(found)) throw new GatewayError('usage', `${text} is not a time`)
  return found
}
