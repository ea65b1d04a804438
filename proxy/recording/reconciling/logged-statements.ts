// What a target's log says that it was asked to do: by log_statement, by log_min_duration_statement, or by
// pgaudit; and which statements it only tells of because they failed.
import type { LogEntry } from './log-entry.js'

export type Logged = {
  readonly kind: 'ran' | 'failed'
  readonly text: string
  // Of a prepared statement; '' where it has none.
  readonly name: string
  // By which pgaudit tells several lines of one statement.
  readonly id?: string
}

// `audit`: by pgaudit's lines instead of the server's own.
export type Source = 'statements' | 'pgaudit'

const RAN = /^(?:duration: [\d.]+ ms  )?(?:statement: |execute (<unnamed>|[^:]*?): )/

export function loggedIn(entry: LogEntry, source: Source): Logged | undefined {
  if (entry.severity === 'LOG') {
    return source === 'pgaudit' ? audited(entry.message) : ran(entry.message)
  }
  const { statement } = entry
  return statement === undefined ? undefined : { kind: 'failed', text: statement, name: '' }
}

function ran(message: string): Logged | undefined {
  const [head, name = ''] = RAN.exec(message) ?? []
  // More rows of a portal that was opened before.
  if (head === undefined || name.startsWith('fetch from ')) return undefined
  return { kind: 'ran', text: message.slice(head.length), name: named(name) }
}

// As `statement/portal`.
function named(name: string): string {
  return name === '<unnamed>' ? '' : (name.split('/')[0] ?? '')
}

// pgaudit, "Format": AUDIT: SESSION,statement,substatement,class,command,type,name,statement,parameter.
function audited(message: string): Logged | undefined {
  const prefix = 'AUDIT: SESSION,'
  if (!message.startsWith(prefix)) return undefined
  const fields = fieldsOf(message.slice(prefix.length), 7)
  const text = fields[6]
  // What a function did inside is no command of the client's.
  if (text === undefined || fields[1] !== '1') return undefined
  return text === '<previously logged>'
    ? undefined
    : { kind: 'ran', text, name: '', id: fields[0] ?? '' }
}

function fieldsOf(text: string, most: number): readonly string[] {
  const fields: string[] = []
  const pattern = /(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/gy
  for (let found = pattern.exec(text); found !== null && fields.length < most;) {
    fields.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '')
    if (pattern.lastIndex >= text.length) break
    found = pattern.exec(text)
  }
  return fields
}
