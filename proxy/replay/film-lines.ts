// A film as JSON lines: who and where on the first, then each command whole, with its facts, its decision, what
// came of it and what the client saw.
import type { FilmSession } from './film.js'
import type { Screened } from './screening.js'

export async function* filmLines(
  session: FilmSession,
  entries: AsyncIterable<Screened>,
): AsyncGenerator<string> {
  yield `${JSON.stringify({ ...session, kind: 'session', identity_kind: session.kind })}\n`
  for await (const { entry, shot } of entries) {
    const { facts, decision, bundle, entrypoint } = shot
    yield `${JSON.stringify({ kind: 'command', ...entry, bundle, entrypoint, decision, facts })}\n`
  }
}
