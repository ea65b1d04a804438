// Recordings found and read, wherever they are at the moment: being written, on their way to the store, or
// there. What needs no key (whose it is, its digest) works without one.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError } from '../errors.js'
import { missing, piecesOfFile } from './disk-store.js'
import type { Film, FilmState, Frame, Recordings } from './film.js'
import { filmName, isSessionId, keyName } from './film-file.js'
import { dataKeyOf, documentOf, type KeyDocument } from './key-document.js'
import type { KeyRing } from './key-ring.js'
import { chunksOf, damaged, framesOf } from './read-film.js'
import { storedFilm, storedKey, type FilmStore } from './store.js'

export type LibraryParts = {
  // Absent: nothing is being written here.
  readonly folder: string | undefined
  readonly store: FilmStore
  readonly keys: KeyRing | undefined
  readonly live: ReadonlySet<string>
}

export type FilmLibrary = Recordings & {
  readonly document: (session: string) => Promise<KeyDocument | undefined>
  readonly documents: () => AsyncIterable<KeyDocument>
  // Of the sealed bytes as they lie there; undefined where there are none.
  readonly digest: (
    session: string,
  ) => Promise<
    { readonly digest: string; readonly chunks: number; readonly bytes: number } | undefined
  >
}

export function createFilmLibrary({ folder, store, keys, live }: LibraryParts): FilmLibrary {
  const near = folder === undefined ? [] : [join(folder, 'open'), join(folder, 'done')]

  const document = async (session: string): Promise<KeyDocument | undefined> => {
    if (!isSessionId(session)) return undefined
    for (const place of near) {
      const text = await missing(() => readFile(join(place, keyName(session)), 'utf8'))
      if (text !== undefined) return documentOf(text)
    }
    const bytes = await store.whole(storedKey(session))
    return bytes === undefined ? undefined : documentOf(bytes.toString('utf8'))
  }

  const pieces = async (session: string): Promise<AsyncIterable<Buffer> | undefined> => {
    if (!isSessionId(session)) return undefined
    for (const place of near) {
      const found = await piecesOfFile(join(place, filmName(session)))
      if (found !== undefined) return found
    }
    return store.pieces(storedFilm(session))
  }

  async function* documents(): AsyncGenerator<KeyDocument> {
    const seen = new Set<string>()
    for (const place of near) {
      for (const name of (await missing(() => readdir(place))) ?? []) {
        const session = /^(.+)\.key$/.exec(name)?.[1]
        const found = session === undefined ? undefined : await document(session)
        if (found === undefined || seen.has(found.session)) continue
        seen.add(found.session)
        yield found
      }
    }
    for await (const { name } of store.list()) {
      const session = /\/([^/]+)\.key$/.exec(name)?.[1]
      if (session === undefined || seen.has(session)) continue
      const found = await document(session)
      if (found !== undefined) yield found
    }
  }

  async function* read(session: string): AsyncGenerator<Frame> {
    const found = await document(session)
    if (found === undefined) throw await unread(session)
    if (found.session !== session) throw damaged(session, 'its key document is of another session')
    if (keys === undefined) {
      const why = 'recordings are read with recordings.key, which is not set'
      throw new GatewayError('recording_locked', why)
    }
    const key = dataKeyOf(found, keys)
    // Opened last: what is opened must be read, or it stays open.
    const bytes = await pieces(session)
    if (bytes !== undefined) yield* framesOf(bytes, { session, key }, live.has(session))
    else if (found.sealed !== undefined) throw damaged(session, 'its file is missing')
  }

  const unread = async (session: string): Promise<GatewayError> => {
    for await (const piece of (await pieces(session)) ?? []) {
      const why = 'its key is gone: it was erased, or its key document was taken away'
      const words = `recording ${session} cannot be read: ${why}`
      void piece
      return new GatewayError('recording_locked', words)
    }
    return new GatewayError('not_found', `session ${session} has no recording`)
  }

  const filmOf = (found: KeyDocument): Film => {
    const { session, opened, subject, issuer, target, database, sealed } = found
    const state: FilmState = sealed?.state ?? (live.has(session) ? 'live' : 'cut_short')
    const bytes = sealed?.bytes ?? 0
    return { session, openedMs: opened, subject, issuer, target, database, state, bytes }
  }

  return {
    document,
    documents,
    read,
    async film(session) {
      const found = await document(session)
      return found === undefined ? undefined : filmOf(found)
    },
    async *films() {
      for await (const found of documents()) yield filmOf(found)
    },
    async digest(session) {
      const bytes = await pieces(session)
      if (bytes === undefined) return undefined
      const hash = createHash('sha256')
      let length = 0
      async function* told(from: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
        for await (const piece of from) {
          hash.update(piece)
          length += piece.length
          yield piece
        }
      }
      let chunks = 0
      for await (const chunk of chunksOf(told(bytes), session)) chunks += chunk.length > 0 ? 1 : 0
      return { digest: `sha256:${hash.digest('hex')}`, chunks, bytes: length }
    },
  }
}
