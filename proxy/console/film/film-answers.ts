// A film as `/api/sessions/:id/film` tells it: an entry has its facts where it was not asked for in brief.
import type { FilmPage } from '../../../engine/schemas/film.js'

export type { FilmPage, FilmRule, FilmSession, UnderEntry } from '../../../engine/schemas/film.js'

export type FilmEntry = FilmPage['entries'][number]
