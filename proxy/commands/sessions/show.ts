// `sallyport sessions show`: one session, each command with what was decided and what came of it.
import { GatewayError } from '../../errors.js'
import { recordedSession } from '../../recording/recorded-sessions.js'
import type { ShownCommand, ShownSession } from '../../recording/recorded-sessions.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { recordPlace } from '../record-place.js'
import { instantOf, paintFor, plainText } from '../table.js'
import type { Colour, Paint } from '../table.js'
import { wholeId } from './whole-id.js'

export const help = `sallyport sessions show ID      one session: each command, what was decided and what came of it
                                (the first letters of an id are enough; latest: the last opened)

  --record DIR       directory of the record (default: .sallyport/record)
  --config FILE      take the directory from a configuration file
  --format FORMAT    pretty (default) or json

Exit status: 0 shown, 1 no such session or the record cannot be read, 2 wrong usage.
`

const OPTIONS = {
  record: { type: 'string' },
  config: { type: 'string' },
  format: { type: 'string' },
} as const

export const ACTION_COLOURS: Readonly<Record<string, Colour>> = {
  allow: 'green',
  deny: 'red',
  'mask-fields': 'cyan',
  'require-approval': 'yellow',
}

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  const [id, ...more] = positionals
  if (id === undefined || more.length > 0) throw new GatewayError('usage', 'name one session')
  return shown(recordPlace(values, io), id, format, io)
}

async function shown(place: string, id: string, format: string, io: Io): Promise<number> {
  const whole = await wholeId(place, id)
  const session = whole === undefined ? undefined : await recordedSession(place, whole)
  if (session === undefined) {
    io.stderr.write(`sallyport: no session ${id} is recorded in ${place}\n`)
    return 1
  }
  if (format === 'json') io.stdout.write(`${JSON.stringify(session)}\n`)
  else io.stdout.write(sessionText(session, paintFor(io)))
  return 0
}

function sessionText(session: ShownSession, paint: Paint): string {
  const head = [
    `${paint('bold', session.session)}  ${session.state}`,
    `  ${plainText(session.who)} (${session.kind}) on ${plainText(session.target)}` +
      `${from(session)}`,
    `  ${instantOf(session.openedMs)} to ${session.closedMs === undefined ? '…' : instantOf(session.closedMs)}`,
  ]
  return `${head.join('\n')}\n\n${session.list.map((command) => commandText(command, paint)).join('\n')}`
}

function from(session: ShownSession): string {
  const application = session.application === '' ? '' : ` with ${plainText(session.application)}`
  return session.clientAddress === '' ? application : `${application} from ${session.clientAddress}`
}

function commandText(command: ShownCommand, paint: Paint): string {
  const lines = [
    `${paint('grey', `#${command.command}`)} ${instantOf(command.timeMs)}  ` +
      `${paint(ACTION_COLOURS[command.action] ?? 'red', command.action)}` +
      `${command.rules.length === 0 ? '' : `  ${command.rules.join(', ')}`}`,
    `   ${plainText(command.text)}${command.redacted ? paint('grey', '  (literals removed)') : ''}`,
  ]
  if (command.approval !== undefined) {
    lines.push(
      `   approval ${command.approval.id}: ${plainText(command.approval.events.join(', '))}`,
    )
  }
  if (command.refusal !== undefined) lines.push(`   refused: ${plainText(command.refusal)}`)
  const outcome = command.outcome ?? (command.went ? 'no outcome yet' : 'did not run')
  lines.push(`   ${command.went ? '→' : '✗'} ${plainText(outcome)}`)
  return `${lines.join('\n')}\n`
}
