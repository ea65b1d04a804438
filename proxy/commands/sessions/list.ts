// `sallyport sessions list`: who was here, on which target, and how it ended, as the record tells it.
import { recordedSessions, type SessionSummary } from '../../recording/recorded-sessions.js'
import { ownQuestion, type AskedFields } from '../../search/asked-fields.js'
import type { Desk } from '../../search/desk.js'
import { SEARCH_LIMITS } from '../../search/limits.js'
import type { SessionEntry } from '../../search/sessions-page.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { GatewayError } from '../../errors.js'
import { recordPlace } from '../record-place.js'
import { deskFor } from '../search-desk.js'
import { instantOf, paintFor, plainText, tableOf } from '../table.js'

export const help = `sallyport sessions list         the recorded sessions, oldest first

  --person, --target, --env, --since, --until
                     only sessions of these; as in sallyport search, with * and commas
  --action, --rule, --object, --column, --label
                     only sessions with such a command
  --record DIR       directory of the record (default: .sallyport/record)
  --config FILE      take the directory from a configuration file
  --format FORMAT    pretty (default) or json

Exit status: 0 shown, 1 the record cannot be read, 2 wrong usage.
`

// Asked of the index of the record, which is made where there is none.
const FILTERS = {
  person: { type: 'string' },
  target: { type: 'string' },
  env: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  action: { type: 'string' },
  rule: { type: 'string' },
  object: { type: 'string' },
  column: { type: 'string' },
  label: { type: 'string' },
} as const

const OPTIONS = {
  ...FILTERS,
  record: { type: 'string' },
  config: { type: 'string' },
  format: { type: 'string' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  if (positionals.length > 0) throw new GatewayError('usage', 'list takes no session')
  const { since, until, ...others } = values
  const isFiltered = Object.keys(FILTERS).some((name) => Reflect.get(values, name) !== undefined)
  const sessions = isFiltered
    ? filtered({ ...others, ...fromTo(since, until) }, values, io)
    : await recordedSessions(recordPlace(values, io))
  return listed(sessions, format, io)
}

function fromTo(from: string | undefined, to: string | undefined) {
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
}

function filtered(
  fields: AskedFields,
  named: Parameters<typeof deskFor>[0],
  io: Io,
): readonly SessionSummary[] {
  const { desk } = deskFor(named, io)
  try {
    return pages(desk, ownQuestion(fields)).reverse().map(summaryOf)
  } finally {
    desk.close()
  }
}

function pages(desk: Desk, question: string): SessionEntry[] {
  const all: SessionEntry[] = []
  let before: string | undefined
  for (let first = true; first || before !== undefined; first = false) {
    const page = desk.sessions({ question, before, limit: SEARCH_LIMITS.pageMax })
    all.push(...page.sessions)
    before = page.next
  }
  return all
}

function summaryOf(entry: SessionEntry): SessionSummary {
  const { session, openedMs, closedMs, state, who, kind, target, commands, refused } = entry
  const closed = closedMs === null ? {} : { closedMs }
  return { session, openedMs, ...closed, state, who, kind, target, commands, refused }
}

function listed(sessions: readonly SessionSummary[], format: string, io: Io): number {
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
