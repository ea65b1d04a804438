// One page of what a question finds, newest first. Cursors are line numbers, so that what is recorded meanwhile
// moves nothing.
import { GatewayError } from '../errors.js'
import type { Hit, SearchPage } from './answers.js'
import type { HitLine, LineReader } from './hit-lines.js'
import { snippetOf } from './hit-lines.js'
import { numberOf, textOf, type IndexFile, type Row } from './index-file.js'
import { resultName, viewOf } from './index-writer.js'
import { SEARCH_LIMITS } from './limits.js'
import { matchesBelow } from './looking.js'
import { planOf } from './plan.js'
import type { Query } from './query.js'
import { standingOf } from './standing.js'
import type { What, Who } from './views.js'

export type Asked = {
  readonly index: IndexFile
  readonly query: Query
  // Ids of who the asker may see; undefined: all.
  readonly seen: readonly number[] | undefined
  readonly behindBytes: number
  readonly now: () => number
}

export function searchPage(
  asked: Asked & {
    readonly lines: LineReader
    readonly limit?: number | undefined
    readonly cursor?: string | undefined
  },
): SearchPage {
  const { index, query, seen, lines, now } = asked
  const started = now()
  const limit = Math.min(asked.limit ?? SEARCH_LIMITS.pageDefault, SEARCH_LIMITS.pageMax)
  const cursor = cursorOf(asked.cursor)
  const plan = planOf(index, query, seen)
  const look = { index, plan, now, deadlineMs: started + SEARCH_LIMITS.pageMs }
  const most = Math.max(limit + 1, SEARCH_LIMITS.countedMax)
  const found = matchesBelow(look, cursor?.below ?? Infinity, most)
  const seqs = found.rows.map((row) => numberOf(row, 'seq'))
  const page = seqs.slice(0, limit)
  const before = cursor?.before ?? 0
  const words = query.phrases.flatMap((phrase) => (phrase.without ? [] : phrase.words))
  const views = createViews(index)
  const hits = page.map((seq) => hitOf(index, seq, views, lines, words))
  const below = seqs.length > limit ? page.at(-1) : found.complete ? undefined : found.reached
  const next = below === undefined ? undefined : `${below}.${before + page.length}`
  return {
    hits,
    total_at_least: before + seqs.length,
    ...(next === undefined ? {} : { next }),
    took_ms: Math.round(now() - started),
    standing: standingOf(index, asked.behindBytes),
  }
}

// `<lines below>.<hits before>`.
function cursorOf(text: string | undefined) {
  if (text === undefined) return undefined
  const [, below, before] = /^(\d{1,15})\.(\d{1,15})$/.exec(text) ?? []
  if (below === undefined) {
    throw new GatewayError('usage', 'the cursor is none that an earlier page gave as its next')
  }
  return { below: Number(below), before: Number(before) }
}

export type Views = {
  readonly who: (id: number) => Who
  readonly what: (id: number) => What
}

export function createViews(index: IndexFile): Views {
  const known = new Map<string, unknown>()
  const view = (place: 'who' | 'what', id: number): unknown => {
    const key = `${place} ${id}`
    if (!known.has(key)) {
      known.set(key, viewOf(index.sql(`select view from ${place}s where id = ?`).get(id)))
    }
    return known.get(key)
  }
  return {
    // Written by us, from views of these types.
    who: (id) => view('who', id) as Who,
    what: (id) => view('what', id) as What,
  }
}

const HIT =
  'select c.*, s.session as name from commands c join sessions s on s.id = c.session where c.seq = ?'

function hitOf(
  index: IndexFile,
  seq: number,
  views: Views,
  lines: LineReader,
  words: readonly string[],
): Hit {
  const row = index.sql(HIT).get(seq) ?? {}
  const { identity, target } = views.who(numberOf(row, 'who'))
  const what = views.what(numberOf(row, 'what'))
  const place = {
    file: textOf(row, 'file'),
    offset: numberOf(row, 'offset'),
    bytes: numberOf(row, 'bytes'),
  }
  const line: HitLine | undefined = lines.line(place, seq)
  const objects = what.objects.map(({ object }) => object).filter((object) => object !== '')
  return {
    session: textOf(row, 'name'),
    command: numberOf(row, 'command'),
    seq,
    time: new Date(numberOf(row, 'time')).toISOString(),
    who: identity.name || identity.subject,
    subject: identity.subject,
    issuer: identity.issuer,
    kind: identity.kind,
    target: target.name,
    database: target.database,
    text: line?.text ?? '',
    gone: line === undefined,
    redacted: line?.redacted ?? false,
    action: what.action,
    rules: what.rules,
    ran: what.ran,
    refusal: line?.refusal ?? null,
    objects: [...new Set(objects)],
    columns: what.columns,
    saw: what.seen,
    labels: what.labels,
    result: resultName(row['result']) ?? null,
    tag: textOrNull(row, 'tag'),
    sqlstate: textOrNull(row, 'sqlstate'),
    rows: numberOrNull(row, 'rows'),
    masked: numberOrNull(row, 'masked'),
    duration_ms: row['duration_us'] === null ? null : numberOf(row, 'duration_us') / 1000,
    approval: line?.approval ?? null,
    snippet: line === undefined ? '' : snippetOf(line.text, words),
  }
}

function textOrNull(row: Row, name: string): string | null {
  return textOf(row, name) || null
}

function numberOrNull(row: Row, name: string): number | null {
  const value = row[name]
  return typeof value === 'number' ? value : null
}
