// Where finished recordings lie, by name: a folder on disk or an S3-compatible store. Names are
// `ab/abcdef….film` and `.key`, by the first letters of the session's id, so that a recording is found
// without a list.
import { filmName, keyName } from './film-file.js'

export type Stored = { readonly name: string; readonly bytes: number }

export type FilmStore = {
  // From the spool into the store; resolves once it is as safe there as the store makes it. The file in
  // the spool is gone then.
  readonly keep: (name: string, path: string) => Promise<void>
  readonly put: (name: string, bytes: Uint8Array) => Promise<void>
  // undefined: there is no such thing.
  readonly whole: (name: string) => Promise<Buffer | undefined>
  readonly pieces: (name: string) => Promise<AsyncIterable<Buffer> | undefined>
  readonly remove: (name: string) => Promise<void>
  readonly list: () => AsyncIterable<Stored>
}

export function storedFilm(session: string): string {
  return `${shelf(session)}/${filmName(session)}`
}

export function storedKey(session: string): string {
  return `${shelf(session)}/${keyName(session)}`
}

function shelf(session: string): string {
  return session.slice(0, 2)
}
