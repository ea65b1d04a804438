// The film as it is loaded: one short row for every command, which stay, and the full entries of a few
// pages, which come and go. Films of 100,000 commands open on their first page and fill in behind.
import { signal, type ReadonlySignal } from '@preact/signals'
import { ApiProblem, call } from '../api/call.js'
import { lastMeaning, meaningOf, type Meaning } from '../reading/action-words.js'
import { onOneLine } from '../reading/printable.js'
import type { FilmEntry, FilmPage, FilmSession } from './film-answers.js'

export type FilmRow = {
  readonly command: number
  readonly at: number
  readonly meaning: Meaning
  readonly line: string
  readonly rows?: number
  readonly failed: boolean
  readonly under?: Meaning
  readonly parted: boolean
}

export type FilmStore = {
  readonly rows: readonly FilmRow[]
  // How many rows there are; tells when there are more.
  readonly loaded: ReadonlySignal<number>
  readonly complete: ReadonlySignal<boolean>
  readonly session: ReadonlySignal<FilmSession | undefined>
  readonly problem: ReadonlySignal<ApiProblem | undefined>
  readonly entry: (command: number) => Promise<FilmEntry | undefined>
  // What was there last, without waiting.
  readonly known: (command: number) => FilmEntry | undefined
  // The session goes on: what is new, and outcomes of the last commands.
  readonly more: () => void
  readonly close: () => void
}

// Rows come in brief: first few, so that there is something to see, then many at a time.
const FIRST_ROWS = 200
const ROWS = 2_000
// With facts and what the client saw.
const PAGE = 40
const PAGES_KEPT = 16
// Commands before the one that is wanted: people step back as well.
const BEFORE = 8
// Of a session that goes on, the last commands are asked for again: they had no outcome yet.
const AGAIN = 20

export function openFilm(id: string, under: string): FilmStore {
  const rows: FilmRow[] = []
  const loaded = signal(0)
  const complete = signal(false)
  const session = signal<FilmSession | undefined>(undefined)
  const problem = signal<ApiProblem | undefined>(undefined)
  const stop = new AbortController()
  // By number of command; whole pages are let go, oldest first.
  const kept: Map<number, FilmEntry>[] = []
  let running = false
  let wanted = false

  const ask = async (from: number, limit: number, brief: boolean): Promise<FilmPage> => {
    const query = new URLSearchParams({ from: String(from), limit: String(limit) })
    if (under !== '') query.set('under', under)
    if (brief) query.set('brief', 'true')
    const answer = await call<FilmPage>(`/api/sessions/${encodeURIComponent(id)}/film?${query}`, {
      signal: stop.signal,
    })
    session.value = answer.session
    return answer
  }
  const page = async (from: number): Promise<FilmPage> => {
    const answer = await ask(from, PAGE, false)
    kept.push(new Map(answer.entries.map((entry) => [entry.command, entry])))
    if (kept.length > PAGES_KEPT) kept.shift()
    return answer
  }

  const known = (command: number): FilmEntry | undefined =>
    kept.findLast((entries) => entries.has(command))?.get(command)

  const take = (entries: readonly FilmEntry[]): void => {
    for (const entry of entries) {
      const row = rowOf(entry)
      const last = rows.at(-1)
      if (last === undefined || last.command < row.command) rows.push(row)
      else {
        const index = rows.findLastIndex(({ command }) => command === row.command)
        if (index >= 0) rows[index] = row
      }
    }
    loaded.value = rows.length
  }

  // What was kept without its end.
  const forget = (from: number): void => {
    for (const entries of kept)
      for (const command of [...entries.keys()]) if (command >= from) entries.delete(command)
  }

  const fill = async (): Promise<void> => {
    if (running) {
      wanted = true
      return
    }
    running = true
    try {
      do {
        wanted = false
        let from: number | undefined = Math.max(1, (rows.at(-1)?.command ?? 0) - AGAIN)
        forget(from)
        while (from !== undefined) {
          const limit = rows.length === 0 ? FIRST_ROWS : ROWS
          const answer: FilmPage = await ask(from, limit, true)
          take(answer.entries)
          from = answer.entries.length === 0 ? undefined : answer.next
        }
        complete.value = true
      } while (wanted)
    } catch (wrong) {
      if (!stop.signal.aborted) {
        problem.value =
          wrong instanceof ApiProblem ? wrong : new ApiProblem(0, 'unexpected', String(wrong))
      }
    }
    running = false
  }
  void fill()

  return {
    rows,
    loaded,
    complete,
    session,
    problem,
    known,
    entry: async (command) => {
      const there = known(command)
      if (there !== undefined) return there
      const { entries } = await page(Math.max(1, command - BEFORE))
      const found = entries.find((entry) => entry.command === command)
      // A page that is full ends earlier.
      if (found !== undefined || entries.length === 0) return found
      return (await page(command)).entries.find((entry) => entry.command === command)
    },
    more: () => void fill(),
    close: () => stop.abort(),
  }
}

function rowOf(entry: FilmEntry): FilmRow {
  const { command, at, text, outcome, under } = entry
  return {
    command,
    at,
    meaning: lastMeaning(entry),
    line: onOneLine(text, 160),
    failed: outcome?.result === 'failed',
    parted: under?.parted ?? false,
    ...(outcome?.rows === undefined ? {} : { rows: outcome.rows }),
    ...(under === undefined ? {} : { under: meaningOf(under.action) }),
  }
}
