// `sallyport audit export`: the record for other tools, one JSON object a line.
import { GatewayError } from '../../errors.js'
import { exportedLines } from '../../recording/export-record.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { placeFrom, RECORD_OPTIONS } from './material.js'

export const help = `sallyport audit export [DIR]     print it as JSON lines, each command with facts and decision

  --from TIME          only lines from this time on (RFC 3339 or milliseconds)
  --to TIME            only lines before this time
  --session ID         only this session
  --record DIR         directory of the record (default: .sallyport/record), or one segment of it
  --config FILE        take the directory from a configuration file
  --format FORMAT      jsonl (default)

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
  formatArgument(values.format, ['jsonl'])
  const place = placeFrom(positionals, values, io)
  const filter = {
    fromMs: instant(values.from, -Infinity),
    toMs: instant(values.to, Infinity),
    session: values.session,
  }
  for await (const line of exportedLines(place, filter)) {
    // A pipe that is full makes write say so; waiting for it keeps a large record out of memory.
    if (io.stdout.write(`${JSON.stringify(line)}\n`) === false) await drained(io)
  }
  return 0
}

function instant(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const found = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isNaN(found)) throw new GatewayError('usage', `${text} is not a time`)
  return found
}

async function drained(io: Io): Promise<void> {
  const { stdout } = io
  if (!('once' in stdout) || typeof stdout.once !== 'function') return
  const once: unknown = stdout.once
  if (typeof once !== 'function') return
  await new Promise<void>((done) => once.call(stdout, 'drain', done))
}
