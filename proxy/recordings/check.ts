// Recordings held against the record: the digest of each, none missing without a line that says why, none
// there that nobody wrote down.
import type { RecordLine } from '../../engine/schemas/record.js'
import { GatewayError } from '../errors.js'
import type { FilmLibrary } from './film-library.js'
import type { FilmStore } from './store.js'

export type Verdict = {
  readonly session: string
  readonly state: 'finished' | 'cut_short' | 'deleted' | 'open' | 'unknown'
  // Absent: it is as it should be.
  readonly problem?: string
}

export type CheckParts = {
  readonly lines: AsyncIterable<{ readonly line: RecordLine }>
  readonly library: FilmLibrary
  readonly store: FilmStore
  readonly open: boolean
  readonly only: string | undefined
}

type Known = { readonly state: 'finished' | 'cut_short' | 'deleted'; readonly digest?: string }

export async function* checkRecordings(parts: CheckParts): AsyncGenerator<Verdict> {
  const { lines, library, store, only } = parts
  const known = new Map<string, Known>()
  for await (const { line } of lines) {
    if (line.kind !== 'recording' || line.session === undefined) continue
    const { session, event, digest } = line
    if (event === 'held' || event === 'released') continue
    known.set(session, { state: event, ...(digest === undefined ? {} : { digest }) })
  }
  const there = new Set<string>()
  const films = new Set<string>()
  for await (const { name } of store.list()) {
    const [, session = '', kind] = /\/([^/]+)\.(film|key)$/.exec(name) ?? []
    if (kind === 'key') there.add(session)
    if (kind === 'film') films.add(session)
  }
  for (const [session, one] of known) {
    if (only !== undefined && session !== only) continue
    const problem =
      one.state === 'deleted'
        ? stillThere(there.has(session), films.has(session))
        : await problemOf(parts, session, one)
    yield { session, state: one.state, ...(problem === undefined ? {} : { problem }) }
  }
  for (const session of new Set([...there, ...films])) {
    if (known.has(session) || (only !== undefined && session !== only)) continue
    const problem = 'it lies among the recordings, and the record does not know it'
    yield { session, state: 'unknown', problem }
  }
  for await (const document of library.documents()) {
    const { session, sealed } = document
    if (known.has(session) || there.has(session) || sealed !== undefined) continue
    if (only === undefined || session === only) yield { session, state: 'open' }
  }
}

function stillThere(key: boolean, film: boolean): string | undefined {
  if (key) return 'the record says that it was deleted, and its key is still there'
  return film
    ? 'the record says that it was deleted, and its sealed bytes are still there'
    : undefined
}

async function problemOf(
  { library, open }: CheckParts,
  session: string,
  { digest }: Known,
): Promise<string | undefined> {
  try {
    const found = await library.digest(session)
    if (found === undefined) return 'it is missing, and the record does not say that it was deleted'
    if (found.digest !== digest) return 'it is not what was recorded: its digest is another'
    const document = await library.document(session)
    if (document === undefined) return 'its key is missing, so nobody can read it'
    if (!open) return undefined
    for await (const frame of library.read(session)) void frame
    return undefined
  } catch (problem) {
    if (problem instanceof GatewayError) return problem.message
    throw problem
  }
}
