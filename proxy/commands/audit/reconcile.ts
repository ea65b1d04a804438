// `sallyport audit reconcile`: does the target's own log tell of the same commands as the record?
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { createGunzip } from 'node:zlib'
import { GatewayError } from '../../errors.js'
import { NAMES } from '../../protocols/postgres/context.js'
import { csvEntries } from '../../recording/reconciling/csv-log.js'
import type { Finding } from '../../recording/reconciling/findings.js'
import { jsonEntries } from '../../recording/reconciling/json-log.js'
import type { LogReader } from '../../recording/reconciling/log-entry.js'
import { reconciled } from '../../recording/reconciling/reconcile.js'
import type { Reconciliation } from '../../recording/reconciling/reconcile.js'
import { stderrReader } from '../../recording/reconciling/stderr-log.js'
import { CATALOGUE_QUERIES } from '../../targets/catalogue.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { paintFor, plainText } from '../table.js'
import { RECORD_OPTIONS, placeFrom } from './material.js'

export const help = `sallyport audit reconcile LOG... [--record DIR]   compare the record with the target's own log

  LOG                  PostgreSQL's log, oldest file first; .gz is read as it is
  --target NAME        whose log it is, where the record holds several targets
  --log-format FORMAT  csv, json or stderr (default: by the name of the file)
  --prefix TEXT        log_line_prefix, for stderr: it must hold %a, and %c or %p
  --pgaudit            compare what pgaudit logged (pgaudit.log = 'all'), not log_statement = 'all'
  --allow-user NAME    connections of this user do not go through the gateway, and that is known
  --allow-application NAME   the same, by application_name
  --record DIR         directory of the record (default: .sallyport/record)
  --config FILE        take the directory from a configuration file
  --format FORMAT      pretty (default) or json

Told are commands that only one of the two has, commands that the target knows with another text, and
connections past the gateway. The gateway's own questions about names are known by their text.
Exit status: 0 both tell the same, 1 they do not, or one of them cannot be read, 2 wrong usage.
`

const OPTIONS = {
  ...RECORD_OPTIONS,
  target: { type: 'string' },
  'log-format': { type: 'string' },
  prefix: { type: 'string' },
  pgaudit: { type: 'boolean' },
  'allow-user': { type: 'string', multiple: true },
  'allow-application': { type: 'string', multiple: true },
} as const

type Values = ReturnType<typeof argumentsOf<typeof OPTIONS>>['values']

const OWN = new Set<string>([NAMES, ...CATALOGUE_QUERIES])

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  const [first] = positionals
  if (first === undefined) throw new GatewayError('usage', 'which log? LOG is missing')
  const record = placeFrom([], values, io)
  const reader = readerOf(values, first)
  const users = new Set(values['allow-user'])
  const applications = new Set(values['allow-application'])
  const found = await reconciled({
    record,
    target: values.target,
    log: reader(piecesOf(positionals, io)),
    source: values.pgaudit === true ? 'pgaudit' : 'statements',
    isOwn: (text) => OWN.has(text),
    allowed: ({ user, application }) => users.has(user) || applications.has(application),
  })
  if (format === 'json') io.stdout.write(`${JSON.stringify(found)}\n`)
  else io.stdout.write(reconciledText(record, found, io))
  return found.ok ? 0 : 1
}

function readerOf(values: Values, first: string): LogReader {
  const named = /\.(csv|json)(?:\.gz)?$/.exec(first)?.[1] ?? 'stderr'
  const format = values['log-format'] ?? named
  if (format === 'csv') return csvEntries
  if (format === 'json') return jsonEntries
  if (format !== 'stderr') {
    throw new GatewayError('usage', `--log-format is one of csv, json, stderr, not ${format}`)
  }
  if (values.prefix === undefined) {
    throw new GatewayError('usage', 'a log in plain text needs --prefix: what is log_line_prefix?')
  }
  return stderrReader(values.prefix)
}

async function* piecesOf(files: readonly string[], io: Io): AsyncGenerator<string> {
  for (const file of files) {
    const path = resolve(io.cwd, file)
    const stream = createReadStream(path)
    try {
      const bytes = file.endsWith('.gz') ? stream.pipe(createGunzip()) : stream
      for await (const piece of bytes.setEncoding('utf8')) yield String(piece)
    } catch (cause) {
      throw new GatewayError('not_found', `${path} cannot be read`, { cause })
    }
  }
}

const WORDS: Readonly<Record<Finding['kind'], string>> = {
  missing_in_record: 'only in the target’s log',
  missing_in_log: 'only in the record',
  other_text: 'with another text',
  direct: 'statements past the gateway',
  unreadable: 'entries that cannot be read',
}

function reconciledText(record: string, found: Reconciliation, io: Io): string {
  const paint = paintFor(io)
  const mark = found.ok ? paint('green', '✓ the same') : paint('red', '✗ not the same')
  const counts = Object.entries(WORDS)
    .map(([kind, words]) => [found.counts[kind as Finding['kind']], words] as const)
    .filter(([count]) => count > 0)
    .map(([count, words]) => `  ${count} ${words}\n`)
    .join('')
  const outside =
    found.outside === 0
      ? ''
      : `  ${found.outside} recorded before the log begins or after it ends\n`
  const listed = found.listed.map((finding) => findingText(finding, io)).join('')
  return (
    `${mark}  ${record}\n  ${found.same} commands of ${found.sessions} session(s) in both\n` +
    `${counts}${outside}${listed}`
  )
}

function findingText(finding: Finding, io: Io): string {
  const { kind, session, command, what, text, recorded, time } = finding
  const at = time === undefined || Number.isNaN(time) ? '' : ` ${new Date(time).toISOString()}`
  const where =
    session === undefined ? '' : ` ${session}${command === undefined ? '' : `/${command}`}`
  const head = `  ${paintFor(io)('bold', `${kind}${where}`)}${at}: ${plainText(what)}\n`
  const both = recorded === undefined ? '' : `    recorded  ${plainText(recorded, 300)}\n`
  return `${head}${both}${text === undefined ? '' : `    ${plainText(text, 300)}\n`}`
}
