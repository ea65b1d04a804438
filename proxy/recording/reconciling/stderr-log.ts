// PostgreSQL's plain log: lines that begin as log_line_prefix says, continued by lines that begin with a tab.
// The prefix must name the connection (%c or %p) and the application (%a). A client chooses its
// application's name, so that csvlog and jsonlog are the better evidence.
import { GatewayError } from '../../errors.js'
import { ENTRY_UNITS_MAX, linesOf, logTimeMs } from './log-entry.js'
import type { LogEntry, LogReader } from './log-entry.js'

// Documentation 20.8.3, log_line_prefix. What is not known here takes any text without blanks.
const ESCAPES: Readonly<Record<string, string>> = {
  a: '(?<application>.*?)',
  u: '(?<user>\\S*?)',
  d: '(?<database>\\S*?)',
  r: '(?<host>\\S*?)',
  h: '(?<host>\\S*?)',
  p: '(?<pid>\\d+)',
  c: '(?<session>[0-9a-f]+\\.[0-9a-f]+)',
  t: '(?<time>\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d \\S+)',
  m: '(?<time>\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d+ \\S+)',
  n: '(?<epoch>\\d+\\.\\d+)',
  q: '',
  '%': '%',
}
const HEAD =
  '(?<severity>LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG\\d?|STATEMENT|DETAIL|HINT|CONTEXT|QUERY|LOCATION):  (?<message>.*)'

export function stderrReader(prefix: string): LogReader {
  const pattern = patternOf(prefix)
  return async function* (pieces) {
    let open: LogEntry | undefined
    for await (const { text, number, cut } of linesOf(pieces)) {
      if (cut) yield { line: number, what: 'it is too long' }
      if (text.startsWith('\t') && open !== undefined) {
        if (open.message.length < ENTRY_UNITS_MAX) {
          open = { ...open, message: `${open.message}\n${text.slice(1)}` }
        }
        continue
      }
      if (open !== undefined) yield finished(open)
      open = entryOf(pattern, text)
      // Lines of extensions and of programs that the server runs are not its own.
    }
    if (open !== undefined) yield finished(open)
  }
}

function patternOf(prefix: string): RegExp {
  const used = new Set<string>()
  const body = prefix.replaceAll(/%-?\d*(.)|[^%]+/g, (found, escape: string | undefined) => {
    if (escape === undefined) return found.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    const pattern = ESCAPES[escape] ?? '\\S*?'
    const name = /\?<(\w+)>/.exec(pattern)?.[1] ?? ''
    if (!used.has(name)) {
      used.add(name)
      return pattern
    }
    return '\\S*?'
  })
  if (!used.has('application') || !(used.has('session') || used.has('pid'))) {
    const example = "'%m [%c] %q%u@%d/%a '"
    throw new GatewayError(
      'usage',
      `the log_line_prefix “${prefix}” does not tell which session wrote a line: it needs %a, and ` +
        `%c or %p, as in ${example}`,
    )
  }
  return new RegExp(`^${body}${HEAD}$`)
}

function entryOf(pattern: RegExp, text: string): LogEntry | undefined {
  const groups = pattern.exec(text)?.groups
  if (groups === undefined) return undefined
  const { time, epoch, session, pid } = groups
  return {
    timeMs: epoch === undefined ? logTimeMs(time ?? '') : Number(epoch) * 1000,
    connection: session ?? pid ?? '',
    application: groups['application'] ?? '',
    user: groups['user'] ?? '',
    database: groups['database'] ?? '',
    host: groups['host'] ?? '',
    severity: groups['severity'] ?? '',
    message: groups['message'] ?? '',
    statement: undefined,
  }
}

// What an error was about stands in an entry of its own.
function finished(entry: LogEntry): LogEntry {
  return entry.severity === 'STATEMENT' ? { ...entry, statement: entry.message } : entry
}
