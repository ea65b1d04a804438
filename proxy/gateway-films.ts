// Films of the sessions of this gateway, for those who may watch them: made of its record when somebody first
// asks, and of its recordings where it makes any.
import type { Recordings } from './recordings/film.js'
import { createFilmPages, type FilmPages } from './replay/film-pages.js'
import { createFilms } from './replay/films.js'
import { createKeptPolicies } from './replay/under-policy.js'

export function gatewayFilms(
  directory: string,
  recordings: Recordings | undefined,
  fuel: number,
): FilmPages['page'] {
  let pages: FilmPages | undefined
  return (question) => {
    pages ??= made()
    return pages.page(question)
  }

  function made(): FilmPages {
    const films = createFilms(directory)
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
