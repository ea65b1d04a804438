// Films page by page, as the API hands them out. Whoever reads on where a page ended is served by the reading
// that ended there, so that a recording is unsealed once and not once a page. What is asked for under
// another bundle is decided in the same process that lets commands pass, a few milliseconds at a time.
import type { Policy } from '../../engine/policy/policy.js'
import { GatewayError } from '../errors.js'
import type { Recordings } from '../recordings/film.js'
import type { FilmEntry, FilmPage } from './film.js'
import type { Films } from './films.js'
import { createScreening, type Screened } from './screening.js'
import { createUnderFilm, type UnderFilm } from './under-film.js'
import type { KeptPolicies } from './under-policy.js'

export type FilmQuestion = {
  readonly session: string
  // Number of the first command.
  readonly from: number
  readonly limit: number
  // Digest or revision of a kept bundle.
  readonly under?: string
  // Neither facts nor what the client saw: enough for a timeline.
  readonly brief: boolean
}

export type FilmPages = {
  // undefined: no such session is on record.
  readonly page: (question: FilmQuestion) => Promise<FilmPage | undefined>
  readonly close: () => Promise<void>
}

export type FilmPagesParts = {
  readonly films: Films
  readonly recordings?: Recordings
  readonly policies: KeptPolicies
  readonly now: () => number
}

// Of what clients saw: one command's, and a page's; a page that is full ends early.
const ENTRY = { rows: 200, bytes: 64 * 1024 } as const
const PAGE_BYTES = 2 << 20
// Of a command's text, where only a row is made of it.
const BRIEF_CHARACTERS = 400
// Readings that wait for the next page to be asked for, and for how long.
const WAITING_MAX = 16
const WAITING_MS = 30_000
// Films under another bundle that are remembered.
const UNDER_MAX = 8
// How long a page looks on for the parting beyond its own commands.
const LOOK_MS = 200
// Pages under another bundle that are made at a time: each takes a share of the process that lets commands
// pass.
const UNDER_AT_ONCE = 2

type Waiting = {
  readonly key: string
  readonly next: number
  readonly entries: AsyncGenerator<Screened>
  // Already taken from it, and not yet shown.
  readonly ahead: Screened
  readonly timer: NodeJS.Timeout
}

export function createFilmPages(parts: FilmPagesParts): FilmPages {
  const waiting = new Set<Waiting>()
  const unders = new Map<string, UnderFilm>()

  const letGo = (one: Waiting): Promise<unknown> => {
    clearTimeout(one.timer)
    waiting.delete(one)
    return one.entries.return(undefined)
  }

  const keep = (kept: Omit<Waiting, 'timer'>): void => {
    const timer = setTimeout(() => void letGo(one), WAITING_MS).unref()
    const one: Waiting = { ...kept, timer }
    waiting.add(one)
    const [oldest] = waiting
    if (waiting.size > WAITING_MAX && oldest !== undefined) void letGo(oldest)
  }

  const taken = (key: string, from: number): Waiting | undefined => {
    const found = [...waiting].find((one) => one.key === key && one.next === from)
    if (found === undefined) return undefined
    clearTimeout(found.timer)
    waiting.delete(found)
    return found
  }

  const underOf = async (
    session: string,
    name: string,
    generation: number,
  ): Promise<[UnderFilm, Policy]> => {
    const policy = await parts.policies.named(name)
    const key = `${session} ${generation} ${policy.digest}`
    const film = async () => {
      const found = await parts.films.film(session)
      if (found === undefined) throw new GatewayError('not_found', `no session ${session}`)
      return found
    }
    const before = (bundle: string): Promise<Policy | undefined> => parts.policies.of(bundle)
    const under = unders.get(key) ?? createUnderFilm(film, { under: policy, before }, parts.now)
    unders.delete(key)
    unders.set(key, under)
    const [oldest] = unders.keys()
    if (unders.size > UNDER_MAX && oldest !== undefined) unders.delete(oldest)
    return [under, policy]
  }

  const page = async (question: FilmQuestion): Promise<FilmPage | undefined> => {
    const { session: id, from, limit, under: name, brief } = question
    const film = await parts.films.film(id)
    if (film === undefined) return undefined
    const [under, policy] = name === undefined ? [] : await underOf(id, name, film.generation)
    const screening = createScreening({
      film,
      bounds: ENTRY,
      ...(parts.recordings === undefined || brief ? {} : { recordings: parts.recordings }),
      ...(under === undefined ? {} : { under }),
    })
    const key = `${id} ${film.generation} ${policy?.digest ?? ''} ${String(brief)}`
    const before = taken(key, from)
    const source = before?.entries ?? screening.entries(from)
    const entries: FilmPage['entries'][number][] = []
    let next: Screened | undefined
    let bytes = 0
    for (let found = before?.ahead ?? (await following(source)); found !== undefined;) {
      if (entries.length >= limit || bytes > PAGE_BYTES) {
        next = found
        break
      }
      const { entry, shot } = found
      const shown = brief ? inBrief(entry) : entry
      entries.push(brief || shot.facts === undefined ? shown : { ...shown, facts: shot.facts })
      bytes += shown.text.length + (shown.rewritten?.length ?? 0)
      bytes += brief ? 0 : JSON.stringify(shown.frames).length
      found = await following(source)
    }
    const number = next?.entry.command
    if (next !== undefined && number !== undefined) {
      keep({ key, next: number, entries: source, ahead: next })
    }
    const place = under === undefined ? {} : await under.place(LOOK_MS)
    return {
      session: brief ? film.session : await screening.session(),
      entries,
      ...(number === undefined ? {} : { next: number }),
      ...(place.partedAt === undefined ? {} : { parted_at: place.partedAt }),
      ...(place.endedAt === undefined ? {} : { ended_at: place.endedAt }),
      ...(place.lookedTo === undefined ? {} : { looked_to: place.lookedTo }),
    }
  }

  let under = 0
  return {
    async page(question) {
      if (question.under === undefined) return page(question)
      if (under >= UNDER_AT_ONCE) {
        const words = 'other films are being decided anew; ask again in a moment'
        throw new GatewayError('limit_exceeded', words)
      }
      under += 1
      try {
        return await page(question)
      } finally {
        under -= 1
      }
    },
    async close() {
      await Promise.all([...waiting].map(letGo))
    },
  }
}

function inBrief({ rewritten: _, ...entry }: FilmEntry): FilmEntry {
  const { text } = entry
  return text.length <= BRIEF_CHARACTERS
    ? entry
    : { ...entry, text: text.slice(0, BRIEF_CHARACTERS) }
}

async function following(source: AsyncGenerator<Screened>): Promise<Screened | undefined> {
  const { value, done } = await source.next()
  return done === true ? undefined : value
}
