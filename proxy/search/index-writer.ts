// Puts what happened into the index: takes events in the order of the record and writes them a batch at a time,
// within the transaction of whoever calls. Numbers of sessions and of who and what are remembered, so that
// a command costs one row and its words.
import { createHash } from 'node:crypto'
import { canonicalJson } from '../../engine/canonical.js'
import type { RecordedOutcome } from '../recording/recorded-outcomes.js'
import type { Happened, IndexedCommand, LinePlace, Mark } from './happened.js'
import { numberOf, textOf, type IndexFile } from './index-file.js'
import { SEARCH_LIMITS } from './limits.js'
import { createMarks } from './marks.js'
import { createSessionRows } from './session-rows.js'
import { whatTerms, whoTerms, type Term, type What, type Who } from './views.js'

export type IndexWriter = {
  readonly take: (event: Happened) => void
  // Writes what was taken; the caller commits.
  readonly flush: () => void
  // After a batch that was rolled back nothing remembered may be relied on.
  readonly forget: () => void
}

type Waiting = Omit<IndexedCommand, 'who' | 'what'> & {
  readonly who: number
  readonly what: number
  outcome: RecordedOutcome | undefined
}

const RESULTS = ['', 'done', 'failed', 'cancelled', 'unknown'] as const
// Ids remembered; beyond it all are looked up again.
const KNOWN_MAX = 50_000

export function resultName(result: unknown): string | undefined {
  return typeof result === 'number' ? RESULTS[result] : undefined
}

export function createIndexWriter(index: IndexFile): IndexWriter {
  const sessions = createSessionRows(index)
  const marks = createMarks(index)
  const whos = createDimension<Who>(index, 'who', whoTerms)
  const whats = createDimension<What>(index, 'what', whatTerms)
  let waiting: Waiting[] = []
  let byName = new Map<string, Waiting>()
  let counts = new Map<string, { n: number; seq: number; time: number }>()
  let blocks = new Map<number, { min: number; max: number }>()

  // Commands that a mark came before, also of earlier runs.
  const early = (): Set<string> => (named ??= namedBefore(index))
  let named: Set<string> | undefined

  const counted = (key: string, seq: number, time: number): void => {
    const found = counts.get(key)
    if (found === undefined) counts.set(key, { n: 1, seq, time })
    else {
      found.n += 1
      found.seq = Math.max(found.seq, seq)
      found.time = Math.max(found.time, time)
    }
  }

  const command = (event: IndexedCommand): void => {
    const who = whos.idOf(event.who)
    const what = whats.idOf(event.what)
    const row: Waiting = { ...event, who, what, outcome: undefined }
    waiting.push(row)
    byName.set(`${event.command} ${event.session}`, row)
    counted(`who ${who}`, event.seq, event.time)
    counted(`what ${what}`, event.seq, event.time)
    sessions.command(event, who)
    // Approvals and incidents may have come before; nothing else does.
    if (event.approval !== undefined || early().has(`${event.command} ${event.session}`)) {
      marks.command(event, sessions.idOf(event))
    }
    const block = Math.floor(event.seq / SEARCH_LIMITS.blockLines)
    const bounds = blocks.get(block)
    if (bounds === undefined) blocks.set(block, { min: event.time, max: event.time })
    else {
      bounds.min = Math.min(bounds.min, event.time)
      bounds.max = Math.max(bounds.max, event.time)
    }
  }

  const outcome = (found: RecordedOutcome): void => {
    const row = byName.get(`${found.command} ${found.session}`)
    if (row !== undefined) {
      sessions.outcome(found, row.outcome)
      row.outcome = found
      return
    }
    const session = sessions.known(found.session)
    if (session === undefined) return
    const earlier = index.sql(LAST_LINE).get(session, found.command)
    if (earlier === undefined) return
    sessions.outcome(found, {
      rows: numberOf(earlier, 'rows'),
      masked: numberOf(earlier, 'masked'),
    })
    index.sql(UPDATE_OUTCOME).run(...outcomeValues(found), numberOf(earlier, 'seq'))
  }

  const lineOf = (session: string, number: number): number | undefined => {
    const row = byName.get(`${number} ${session}`)
    if (row !== undefined) return row.seq
    const known = sessions.known(session)
    if (known === undefined) return undefined
    const found = index.sql(LAST_LINE).get(known, number)
    return found === undefined ? undefined : numberOf(found, 'seq')
  }

  const mark = (event: Mark): void => {
    const { session, command: number } = event
    if (session === undefined) return marks.add(event, undefined, undefined)
    const at = number === undefined ? undefined : lineOf(session, number)
    if (at === undefined && number !== undefined) early().add(`${number} ${session}`)
    marks.add(event, sessions.idOf(event), at)
  }

  const flush = (): void => {
    const insert = index.sql(INSERT_COMMAND)
    const words = index.sql('insert into texts (rowid, text) values (?, ?)')
    for (const row of waiting) {
      const { seq, time, who, what, place } = row
      insert.run(
        ...[seq, time, who, what, sessions.idOf(row), row.command],
        ...(row.outcome === undefined ? NO_OUTCOME : outcomeValues(row.outcome)),
        ...placeValues(place),
      )
      words.run(seq, row.text.slice(0, SEARCH_LIMITS.textCharacters))
    }
    for (const [key, { n, seq, time }] of counts) {
      const [dimension, id] = key.split(' ')
      if (dimension === 'who') {
        index.sql('update whos set commands = commands + ? where id = ?').run(n, Number(id))
      } else index.sql(COUNT_WHAT).run(n, seq, time, Number(id))
    }
    for (const [block, { min, max }] of blocks) index.sql(WIDEN_BLOCK).run(block, min, max)
    sessions.flush()
    waiting = []
    byName = new Map()
    counts = new Map()
    blocks = new Map()
  }

  return {
    take(event) {
      switch (event.kind) {
        case 'command':
          command(event)
          return event.outcomes.forEach(outcome)
        case 'outcome':
          return outcome(event.outcome)
        case 'session':
          return sessions.event(event, event.who === undefined ? undefined : whos.idOf(event.who))
        case 'bundle':
          return index.setMeta('bundle', event.bundle)
        case 'started':
          return sessions.gatewayStarted()
        case 'mark':
          return mark(event)
      }
    },
    flush,
    forget() {
      waiting = []
      byName = new Map()
      counts = new Map()
      blocks = new Map()
      named = undefined
      sessions.forget()
      whos.forget()
      whats.forget()
    },
  }
}

const LAST_LINE =
  'select seq, rows, masked from commands where session = ? and command = ? order by seq desc limit 1'
const INSERT_COMMAND =
  'insert or replace into commands (seq, time, who, what, session, command, rows, masked, result,' +
  ' duration_us, sqlstate, tag, file, offset, bytes) values (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)'
const UPDATE_OUTCOME =
  'update commands set rows = ?, masked = ?, result = ?, duration_us = ?, sqlstate = ?, tag = ? where seq = ?'
const COUNT_WHAT =
  'update whats set commands = commands + ?, last_seq = max(last_seq, ?), last_time = max(last_time, ?) where id = ?'
const WIDEN_BLOCK =
  'insert into blocks values (?, ?, ?) on conflict do update set' +
  ' min_time = min(min_time, excluded.min_time), max_time = max(max_time, excluded.max_time)'
const NO_OUTCOME = [null, null, null, null, null, null] as const

function outcomeValues(outcome: RecordedOutcome) {
  const result = RESULTS.indexOf(outcome.result)
  const { rows = null, masked = null, duration_us = null, sqlstate = null, tag = null } = outcome
  return [rows, masked, result, duration_us, sqlstate, tag] as const
}

function placeValues({ file, offset, bytes }: LinePlace) {
  return [file, offset, bytes] as const
}

function namedBefore(index: IndexFile): Set<string> {
  const rows = index
    .sql(
      'select m.command, s.session as name from marks m join sessions s on s.id = m.session' +
        ' where m.at is null and m.command is not null',
    )
    .all()
  return new Set(rows.map((row) => `${numberOf(row, 'command')} ${textOf(row, 'name')}`))
}

// Views that repeat, each with a number and its words.
function createDimension<View extends object>(
  index: IndexFile,
  name: 'who' | 'what',
  termsOf: (view: View) => readonly Term[],
) {
  // Views come out of a cache of the reader, so the same objects return.
  let byView = new WeakMap<View, number>()
  let byKey = new Map<string, number>()
  const made = (view: View, key: string): number => {
    index.sql(`insert into ${name}s (key, view) values (?, ?)`).run(key, JSON.stringify(view))
    const id = numberOf(index.sql(`select id from ${name}s where key = ?`).get(key), 'id')
    for (const [kind, value] of termsOf(view)) {
      index.sql('insert or ignore into terms (kind, value) values (?, ?)').run(kind, value)
      const term = index.sql('select id from terms where kind = ? and value = ?').get(kind, value)
      index
        .sql(`insert or ignore into ${name}_terms (term, ${name}) values (?, ?)`)
        .run(numberOf(term, 'id'), id)
    }
    return id
  }
  return {
    idOf(view: View): number {
      const known = byView.get(view)
      if (known !== undefined) return known
      const key = createHash('sha256').update(canonicalJson(view)).digest('base64url')
      let id = byKey.get(key)
      if (id === undefined) {
        const row = index.sql(`select id from ${name}s where key = ?`).get(key)
        id = row === undefined ? made(view, key) : numberOf(row, 'id')
        if (byKey.size >= KNOWN_MAX) byKey = new Map()
        byKey.set(key, id)
      }
      byView.set(view, id)
      return id
    },
    forget() {
      byView = new WeakMap()
      byKey = new Map()
    },
  }
}

export function viewOf(row: unknown): unknown {
  return JSON.parse(textOf(row, 'view') || 'null')
}
