// Films of the sessions of this gateway, for those who may watch them: made of its record when somebody first
// asks, and of its recordings where it makes any.
import type { Recordings } from './recordings/film.js'
import { createFilmPages, type FilmPages } from './replay/film-pages.js'
import { createFilms, type Films } from './replay/films.js'
import type { ListedSession } from './session-list.js'
import { createKeptPolicies } from './replay/under-policy.js'

export type GatewayFilms = {
  readonly film: FilmPages['page']
  // Of a session that is in no list any more: whose it was, and where.
  readonly recordedSession: (
    id: string,
  ) => Promise<Pick<ListedSession, 'identity' | 'target' | 'database' | 'state'> | undefined>
}

export function gatewayFilms(
  directory: string,
  recordings: Recordings | undefined,
  fuel: number,
): GatewayFilms {
  let known: Films | undefined
  let pages: FilmPages | undefined
  return {
    film: (question) => {
      pages ??= made()
      return pages.page(question)
    },
    async recordedSession(id) {
      known ??= createFilms(directory)
      const film = await known.film(id)
      if (film?.identity === undefined) return undefined
      const { target, database } = film.session
      return { identity: film.identity, target, database, state: 'ended' }
    },
  }

  function made(): FilmPages {
    known ??= createFilms(directory)
    const films = known
    const policies = createKeptPolicies(directory, fuel, () => films.bundles())
    const now = (): number => performance.now()
    return createFilmPages({
      films,
      policies,
      now,
      ...(recordings === undefined ? {} : { recordings }),
    })
  }
}
