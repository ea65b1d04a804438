// A film as one JSON document, written entry by entry, so that a long session needs no memory: the shape of
// `GET /api/sessions/:id/film`.
import type { FilmEntry, FilmSession } from './film.js'
import type { UnderPlace } from './under-film.js'

export async function* filmJson(
  session: FilmSession,
  entries: AsyncIterable<{ readonly entry: FilmEntry }>,
  place: () => Promise<UnderPlace>,
): AsyncGenerator<string> {
  yield `{"session":${JSON.stringify(session)},"entries":[`
  let first = true
  for await (const { entry } of entries) {
    yield `${first ? '' : ','}\n${JSON.stringify(entry)}`
    first = false
  }
  const { partedAt, endedAt } = await place()
  const parted = partedAt === undefined ? '' : `,"parted_at":${partedAt}`
  const ended = endedAt === undefined ? '' : `,"ended_at":${endedAt}`
  yield `\n]${parted}${ended}}\n`
}
