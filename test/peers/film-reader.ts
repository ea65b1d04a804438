// Recordings as an auditor with the key reads them: from the folder that a gateway left, with no gateway.
import { join } from 'node:path'
import { realFilmDisk } from '../../proxy/recordings/film-disk.js'
import { diskStore } from '../../proxy/recordings/disk-store.js'
import { createFilmLibrary, type FilmLibrary } from '../../proxy/recordings/film-library.js'
import type { Frame } from '../../proxy/recordings/film.js'
import { keyRing } from '../../proxy/recordings/key-ring.js'

export const FILM_KEY = Buffer.alloc(32, 7).toString('base64')

export function filmReader(folder: string, key = FILM_KEY): FilmLibrary {
  return createFilmLibrary({
    folder,
    store: diskStore(join(folder, 'kept'), realFilmDisk),
    keys: keyRing({ reference: 'env:KEY', reveal: () => key }, []),
    live: new Set(),
  })
}

export async function allFrames(
  films: Pick<FilmLibrary, 'read'>,
  session: string,
): Promise<Frame[]> {
  const frames: Frame[] = []
  for await (const frame of films.read(session)) frames.push(frame)
  return frames
}

// Waits for something that is not there yet, never for a time.
export async function eventually<T>(
  look: () => Promise<T | undefined> | T | undefined,
  what: string,
  ms = 60_000,
): Promise<T> {
  const end = Date.now() + ms
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > end) throw new Error(`never came: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
