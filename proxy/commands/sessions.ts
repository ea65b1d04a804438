// `sallyport sessions`: who was here and what they did, as the record tells it. Reads only.
import { parseArgs } from 'node:util'
import { GatewayError } from '../errors.js'
import { recordedSession, recordedSessions } from '../recording/recorded-sessions.js'
import type { ShownCommand, ShownSession } from '../recording/recorded-sessions.js'
import type { Io } from './io.js'
import { recordPlace } from './record-place.js'
import { instantOf, paintFor, plainText, tableOf } from './table.js'
import type { Colour, Paint } from './table.js'

export const help = `sallyport sessions list         the recorded sessions, oldest first
sallyport sessions show ID      one session: each command, what was decided and what came of it
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

const ACTION_COLOURS: Readonly<Record<string, Colour>> = {
  allow: 'green',
  deny: 'red',
  'mask-fields': 'cyan',
  'require-approval': 'yellow',
}

export async function run(argv: readonly string[], io: Io): Promise<number> {
  let parsed
  try {
    parsed = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true })
  } catch (problem) {
    io.stderr.write(`${problem instanceof Error ? problem.message : String(problem)}\n`)
    return 2
  }
  const { values, positionals } = parsed
  const [verb, id, ...more] = positionals
  const format = values.format ?? 'pretty'
  const right =
    (format === 'pretty' || format === 'json') &&
    more.length === 0 &&
    (verb === 'list' ? id === undefined : verb === 'show' && id !== undefined)
  if (!right) {
    io.stderr.write(help)
    return 2
  }
  try {
    const place = recordPlace(values, io)
    return id === undefined ? await listed(place, format, io) : await shown(place, id, format, io)
  } catch (problem) {
    if (!(problem instanceof GatewayError)) throw problem
    io.stderr.write(`sallyport: ${problem.message}\n`)
    return 1
  }
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

async function wholeId(place: string, id: string): Promise<string | undefined> {
  const all = await recordedSessions(place)
  if (id === 'latest') return all.filter(({ commands }) => commands > 0).at(-1)?.session
  const found = all.filter(({ session }) => session.startsWith(id))
  const exact = found.find(({ session }) => session === id)
  if (exact !== undefined) return exact.session
  if (found.length > 1) {
    throw new GatewayError('not_found', `${found.length} sessions begin with ${id}`)
  }
  return found[0]?.session
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
