// Recorded sessions a page at a time, newest first, without a look at the segments. Cursors are line numbers of
// the record: sessions that open meanwhile move nothing.
import type { IdentityFacts } from '../../engine/schemas/facts.js'
import { GatewayError } from '../errors.js'
import { placeOfField } from './fields.js'
import { numberOf, textOf, type IndexFile, type Row, type Value } from './index-file.js'
import { viewOf } from './index-writer.js'
import { SEARCH_LIMITS } from './limits.js'
import { membersOf } from './plan.js'
import type { Query } from './query.js'
import type { Who } from './views.js'

export type SessionEntry = {
  readonly session: string
  readonly openedMs: number
  readonly closedMs: number | null
  readonly state: 'open' | 'closed' | 'refused' | 'ended with the gateway'
  readonly who: string
  readonly subject: string
  readonly issuer: string
  readonly kind: string
  readonly target: string
  readonly database: string
  // Absent where nobody wrote down whose it was.
  readonly identity?: IdentityFacts
  readonly reason?: string
  readonly clientAddress: string
  readonly application: string
  readonly commands: number
  readonly refused: number
  readonly held: number
  readonly rows: number
  readonly masked: number
}

export type SessionsAsked = {
  readonly states?: readonly SessionEntry['state'][]
  // Of a question: its conditions about who and where pick sessions, those about what sessions with such a command.
  readonly query: Query
  readonly seen: readonly number[] | undefined
  readonly before?: string | undefined
  // Only this session, and those that opened before it.
  readonly upTo?: string | undefined
  readonly limit?: number | undefined
}

export type SessionsPage = {
  readonly sessions: readonly SessionEntry[]
  readonly next?: string
}

export function sessionsPage(index: IndexFile, asked: SessionsAsked): SessionsPage {
  const { query, seen, states } = asked
  const other = query.conditions.find(({ field }) => !['who', 'what'].includes(placeOfField(field)))
  const named = other?.field ?? query.numbers[0]?.field
  if (named !== undefined || query.phrases.length > 0) {
    const what = named === undefined ? 'words of commands' : `${named}:`
    throw new GatewayError('usage', `sessions cannot be picked by ${what}; search for commands`)
  }
  const limit = Math.min(asked.limit ?? SEARCH_LIMITS.pageDefault, SEARCH_LIMITS.pageMax)
  const where: string[] = ['s.first_seq < ?']
  const values: Value[] = [beforeOf(asked.before)]
  const add = (sql: string, ...more: readonly Value[]): void => {
    where.push(sql)
    values.push(...more)
  }
  const whos = membersOf(index, 'who', query, seen)
  const whats = membersOf(index, 'what', query, undefined)
  if (whos !== undefined) {
    add('+s.who in (select value from json_each(?))', JSON.stringify(whos))
  }
  if (whats !== undefined) {
    add(
      'exists (select 1 from commands c indexed by commands_session where c.session = s.id' +
        ' and +c.what in (select value from json_each(?)))',
      JSON.stringify(whats),
    )
  }
  if (states !== undefined) {
    add('+s.state in (select value from json_each(?))', JSON.stringify(states))
  }
  if (asked.upTo !== undefined) {
    add('s.first_seq <= (select u.first_seq from sessions u where u.session = ?)', asked.upTo)
  }
  if (query.sinceMs !== undefined) add('coalesce(s.closed, s.opened) >= ?', query.sinceMs)
  if (query.untilMs !== undefined) add('s.opened < ?', query.untilMs)
  const rows = index
    .sql(
      'select s.*, w.view as view from sessions s left join whos w on w.id = s.who' +
        ` where ${where.join(' and ')} order by s.first_seq desc limit ?`,
    )
    .all(...values, limit + 1)
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    sessions: page.map(sessionEntry),
    ...(rows.length > limit && last !== undefined
      ? { next: String(numberOf(last, 'first_seq')) }
      : {}),
  }
}

// By its whole id, or by the first letters of it; two where they do not tell.
export function sessionsNamed(index: IndexFile, beginning: string): readonly SessionEntry[] {
  const exact = index.sql(`${ONE} where s.session = ?`).all(beginning)
  if (exact.length > 0) return exact.map(sessionEntry)
  return index
    .sql(`${ONE} where substr(s.session, 1, ?) = ? limit 2`)
    .all(beginning.length, beginning)
    .map(sessionEntry)
}

const ONE = 'select s.*, w.view as view from sessions s left join whos w on w.id = s.who'

function beforeOf(text: string | undefined): number {
  if (text === undefined) return Number.MAX_SAFE_INTEGER
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new GatewayError('usage', 'before is none that an earlier page gave as its next')
}

function sessionEntry(row: Row): SessionEntry {
  const who = viewOf(row) as Who | null
  const { closed } = row
  return {
    session: textOf(row, 'session'),
    openedMs: numberOf(row, 'opened'),
    closedMs: typeof closed === 'number' ? closed : null,
    // Written by us, from these words alone.
    state: textOf(row, 'state') as SessionEntry['state'],
    who: textOf(row, 'name'),
    subject: who?.identity.subject ?? '',
    issuer: who?.identity.issuer ?? '',
    ...(who === null ? {} : { identity: who.identity }),
    ...(textOf(row, 'reason') === '' ? {} : { reason: textOf(row, 'reason') }),
    kind: textOf(row, 'kind'),
    target: textOf(row, 'target'),
    database: textOf(row, 'database'),
    clientAddress: textOf(row, 'client_address'),
    application: textOf(row, 'application'),
    commands: numberOf(row, 'commands'),
    refused: numberOf(row, 'refused'),
    held: numberOf(row, 'held'),
    rows: numberOf(row, 'rows'),
    masked: numberOf(row, 'masked'),
  }
}
