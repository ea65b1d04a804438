// `sallyport sessions list`: who was here, on which target, and how it ended, as the record tells it.
import { recordedSessions } from '../../recording/recorded-sessions.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { GatewayError } from '../../errors.js'
import { recordPlace } from '../record-place.js'
import { instantOf, paintFor, plainText, tableOf } from '../table.js'

export const help = `sallyport sessions list         the recorded sessions, oldest first

  --record DIR       directory of the record (default: .sallyport/record)
  --config FILE      take the directory from a configuration file
  --format FORMAT    pretty (default) or json

Exit status: 0 shown, 1 the record cannot be read, 2 wrong usage.
`

const OPTIONS = {
  record: { type: 'string' },
  config: { type: 'string' },
  format: { type: 'string' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  if (positionals.length > 0) throw new GatewayError('usage', 'list takes no session')
  return listed(recordPlace(values, io), format, io)
}

async function listed(place: string, format: string, io: Io): Promise<number> {
  const sessions = await recordedSessions(place)
  if (format === 'json') {
    io.stdout.write(`${JSON.stringify(sessions)}\n`)
    return 0
  }
  const rows = sessions.map((session) => [
    session.session,
    instantOf(session.openedMs),
    plainText(session.who, 40),
    session.kind,
    plainText(session.target, 40),
    String(session.commands),
    { text: String(session.refused), ...(session.refused > 0 ? { colour: 'red' as const } : {}) },
    session.state,
  ])
  const head = ['SESSION', 'OPENED (UTC)', 'WHO', 'KIND', 'TARGET', 'COMMANDS', 'REFUSED', 'STATE']
  io.stdout.write(
    rows.length === 0 ? 'no sessions are recorded\n' : tableOf(head, rows, paintFor(io)),
  )
  return 0
}
