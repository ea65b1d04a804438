// PostgreSQL's jsonlog (documentation 20.8.5, since version 15): one JSON object a line.
import { linesOf, logTimeMs } from './log-entry.js'
import type { LogEntry, LogReader, Unreadable } from './log-entry.js'

export const jsonEntries: LogReader = async function* (pieces) {
  for await (const { text, number, cut } of linesOf(pieces)) {
    if (text.trim() === '') continue
    yield cut ? { line: number, what: 'it is too long' } : entryOf(text, number)
  }
}

function entryOf(text: string, line: number): LogEntry | Unreadable {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { line, what: 'it is not JSON' }
  }
  if (typeof value !== 'object' || value === null) return { line, what: 'it is no JSON object' }
  const of = (name: string): string => {
    const found: unknown = Reflect.get(Object(value), name)
    return typeof found === 'string' ? found : ''
  }
  if (of('session_id') === '' && of('timestamp') === '') return { line, what: 'it is no log entry' }
  return {
    timeMs: logTimeMs(of('timestamp')),
    connection: of('session_id'),
    application: of('application_name'),
    user: of('user'),
    database: of('dbname'),
    host: of('remote_host'),
    severity: of('error_severity'),
    message: of('message'),
    statement: of('statement') === '' ? undefined : of('statement'),
  }
}
