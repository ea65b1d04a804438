// Makes of a question what is asked of the index: sets of who and what, bounds of lines and times, and by which
// of them to go through the commands. Sizes are known beforehand, so the smallest way is taken.
import type { Condition, Phrase, Query } from './query.js'
import { placeOfField, RESULT_VALUES, type FieldName } from './fields.js'
import { numberOf, type IndexFile, type Value } from './index-file.js'
import { GatewayError } from '../errors.js'
import { SEARCH_LIMITS } from './limits.js'

export type Plan = {
  // undefined: any.
  readonly whos: readonly number[] | undefined
  readonly whats: readonly number[] | undefined
  readonly words: string | undefined
  // Lines from (inclusive) and below which there can be matches.
  readonly from: number
  readonly below: number
  readonly driver: 'none' | 'scan' | 'who' | 'what' | 'words' | 'session' | 'mark'
  // A mark that leads, where `driver` is `mark`.
  readonly mark: MarkCondition | undefined
  readonly wheres: readonly Where[]
  // At most so many commands are looked at; what leads is chosen by it.
  readonly reach: number
}

export type Where = { readonly sql: string; readonly values: readonly Value[] }
export type MarkCondition = { readonly kind: string; readonly values: readonly string[] }

export function planOf(
  index: IndexFile,
  query: Query,
  // Ids of who the asker may see; undefined: all.
  seen: readonly number[] | undefined,
): Plan {
  const total = numberOf(index.sql('select max(seq) as n from commands').get(), 'n') + 1
  const { from, below } = linesBetween(index, query, total)
  const whos = membersOf(index, 'who', query, seen)
  const whats = membersOf(index, 'what', query, undefined)
  const words = wordsQuery(query.phrases)
  const marks = query.conditions.filter(({ field }) => placeOfField(field) === 'mark')
  const lead = marks.find(({ without }) => !without)
  const mark = lead === undefined ? undefined : markOf(index, lead)
  const sessions = query.conditions.filter(({ field }) => field === 'session')
  const sizes: Record<'who' | 'what' | 'words', number> = {
    who: whos === undefined ? Infinity : countOf(index, 'who', whos),
    what: whats === undefined ? Infinity : countOf(index, 'what', whats),
    words: words === undefined ? Infinity : wordsCount(index, words),
  }
  const wheres: Where[] = []
  for (const condition of marks) {
    if (condition !== lead) wheres.push(markWhere(markOf(index, condition), condition.without))
  }
  for (const condition of sessions) wheres.push(sessionWhere(index, condition))
  for (const condition of query.conditions) {
    if (condition.field === 'result') wheres.push(resultWhere(condition))
  }
  for (const { field, than, value } of query.numbers) {
    const column = field === 'duration_ms' ? 'c.duration_us' : `c.${field}`
    wheres.push({
      sql: `${column} ${than} ?`,
      values: [field === 'duration_ms' ? value * 1000 : value],
    })
  }
  if (query.sinceMs !== undefined) wheres.push({ sql: 'c.time >= ?', values: [query.sinceMs] })
  if (query.untilMs !== undefined) wheres.push({ sql: 'c.time < ?', values: [query.untilMs] })
  const isEmpty =
    whos?.length === 0 || whats?.length === 0 || mark?.values.length === 0 || below <= from
  const driver = isEmpty
    ? 'none'
    : mark !== undefined
      ? 'mark'
      : sessions.some(({ without }) => !without)
        ? 'session'
        : smallest(sizes, total)
  const reach =
    driver === 'who' || driver === 'what' || driver === 'words' ? sizes[driver] : below - from
  return { whos, whats, words, from, below, driver, mark, wheres, reach }
}

// Words cost a look-up for each hit, so something else must be much smaller to lead in their place. Going
// through everything from the newest on is right where every second command fits.
function smallest(
  sizes: Readonly<Record<'who' | 'what' | 'words', number>>,
  total: number,
): Plan['driver'] {
  const { who, what, words } = sizes
  if (words < Infinity)
    return Math.min(who, what) * 20 < words ? (who < what ? 'who' : 'what') : 'words'
  const share = Math.min(1, who / total) * Math.min(1, what / total)
  if (share * total > Math.sqrt(total) * 50) return 'scan'
  return who <= what ? 'who' : 'what'
}

function linesBetween(index: IndexFile, query: Query, total: number) {
  const { sinceMs, untilMs } = query
  const lines = SEARCH_LIMITS.blockLines
  const first =
    sinceMs === undefined
      ? 0
      : index.sql('select min(block) as n from blocks where max_time >= ?').get(sinceMs)?.['n']
  const last =
    untilMs === undefined
      ? Infinity
      : index.sql('select max(block) as n from blocks where min_time < ?').get(untilMs)?.['n']
  if (typeof first !== 'number' || typeof last !== 'number') return { from: 0, below: 0 }
  return { from: first * lines, below: Math.min(total, (last + 1) * lines) }
}

// Ids of the views for which every condition holds.
export function membersOf(
  index: IndexFile,
  place: 'who' | 'what',
  query: Query,
  seen: readonly number[] | undefined,
): readonly number[] | undefined {
  let found = seen
  for (const condition of query.conditions) {
    if (placeOfField(condition.field) !== place) continue
    const own = new Set(viewsWith(index, place, condition))
    if (condition.without) {
      const all =
        found ??
        index
          .sql(`select id from ${place}s`)
          .all()
          .map((row) => numberOf(row, 'id'))
      found = all.filter((id) => !own.has(id))
    } else found = found === undefined ? [...own] : found.filter((id) => own.has(id))
  }
  return found
}

function viewsWith(
  index: IndexFile,
  place: 'who' | 'what',
  { field, choices }: Condition,
): readonly number[] {
  const ids: number[] = []
  for (const { text, wild } of choices) {
    const rows = index
      .sql(
        `select v.${place} as id from terms t join ${place}_terms v on v.term = t.id` +
          ` where t.kind = ? and t.value ${wild ? 'glob' : '='} ?`,
      )
      .all(field, wild ? globOf(text) : text)
    for (const row of rows) ids.push(numberOf(row, 'id'))
  }
  return ids
}

// What GLOB knows beside * is taken as it stands.
function globOf(text: string): string {
  return text.replace(/[?[]/g, (letter) => `[${letter}]`)
}

function countOf(index: IndexFile, place: 'who' | 'what', ids: readonly number[]): number {
  const row = index
    .sql(`select sum(commands) as n from ${place}s where id in (select value from json_each(?))`)
    .get(JSON.stringify(ids))
  return numberOf(row, 'n')
}

// In FTS5's own language; every word is quoted, so that none of it is taken for an operator.
export function wordsQuery(phrases: readonly Phrase[]): string | undefined {
  const text = (phrase: Phrase): string => `"${phrase.words.join(' ')}"${phrase.open ? ' *' : ''}`
  const wanted = phrases.filter(({ without }) => !without).map(text)
  if (wanted.length === 0) return undefined
  const left = phrases.filter(({ without }) => without).map(text)
  const base = wanted.join(' AND ')
  return left.length === 0 ? base : `(${base}) NOT (${left.join(' OR ')})`
}

// Exact only up to a bound: more need not be told apart.
function wordsCount(index: IndexFile, words: string): number {
  const row = index
    .sql('select count(*) as n from (select 1 from texts where texts match ? limit ?)')
    .get(words, SEARCH_LIMITS.firstReach + 1)
  return numberOf(row, 'n')
}

function markOf(index: IndexFile, { field, choices }: Condition): MarkCondition {
  const values = new Set<string>()
  for (const { text, wild } of choices) {
    if (!wild) {
      values.add(text)
      continue
    }
    const rows = index
      .sql('select distinct value from marks where kind = ? and value glob ?')
      .all(field, globOf(text))
    for (const row of rows) values.add(String(row['value']))
  }
  return { kind: field, values: [...values] }
}

function markWhere({ kind, values }: MarkCondition, without: boolean): Where {
  return {
    sql:
      `${without ? 'not ' : ''}exists (select 1 from marks m where m.at = c.seq and m.kind = ?` +
      ' and m.value in (select value from json_each(?)))',
    values: [kind, JSON.stringify(values)],
  }
}

function sessionWhere(index: IndexFile, { choices, without }: Condition): Where {
  const ids = choices.flatMap(({ text, wild }) =>
    index
      .sql(`select id from sessions where lower(session) ${wild ? 'glob' : '='} ? limit ?`)
      .all(wild ? globOf(text) : text, SEARCH_LIMITS.wildcardValues)
      .map((row) => numberOf(row, 'id')),
  )
  if (ids.length >= SEARCH_LIMITS.wildcardValues) {
    throw new GatewayError('usage', 'session: so many sessions begin with this; write more of it')
  }
  return {
    sql: `c.session ${without ? 'not ' : ''}in (select value from json_each(?))`,
    values: [JSON.stringify(ids)],
  }
}

function resultWhere({ choices, without }: Condition): Where {
  const names: readonly string[] = RESULT_VALUES
  const numbers = names.flatMap((name, at) =>
    choices.some(({ text, wild }) => (wild ? matches(text, name) : text === name)) ? [at + 1] : [],
  )
  return {
    sql: `coalesce(c.result, 0) ${without ? 'not ' : ''}in (select value from json_each(?))`,
    values: [JSON.stringify(numbers)],
  }
}

export function matches(pattern: string, value: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${source}$`, 's').test(value)
}

export type { FieldName }
