// From the end of a session to its place in the store, in steps of which each can be done again: the
// record learns the digest, the key document is completed, the file moves to `done`, and from there into
// the store. What an earlier run of the gateway left behind goes the same way, up to its last whole chunk.
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { RecordingEvent } from '../recording/recorder.js'
import { missing, piecesOfFile } from './disk-store.js'
import { closeQuietly, writeWhole, type FilmDisk } from './film-disk.js'
import { filmName, headOf, keyName, type Sealed } from './film-file.js'
import { documentOf, documentText } from './key-document.js'
import { chunksOf } from './read-film.js'
import { chunkHeadOf } from './seal.js'
import { storedFilm, storedKey, type FilmStore } from './store.js'

export type SpoolParts = {
  readonly folder: string
  readonly disk: FilmDisk
  readonly store: FilmStore
  // Resolves once the line is on the disk.
  readonly record: (event: RecordingEvent) => Promise<void>
  // So many bytes have left the spool.
  readonly onKept: (bytes: number) => void
}

export type Spool = {
  readonly openFolder: string
  // Makes the folders; answers how many bytes lie there.
  readonly prepare: () => Promise<number>
  readonly finish: (session: string, sealed: Sealed) => Promise<void>
  // Into the store, once it is finished.
  readonly keep: (session: string) => Promise<void>
  // What lies in the spool and belongs to no session in `live`. Throws at the first that cannot be moved.
  readonly settle: (live: ReadonlySet<string>) => Promise<void>
}

export function createSpool(parts: SpoolParts): Spool {
  const { folder, disk, store } = parts
  const openFolder = join(folder, 'open')
  const doneFolder = join(folder, 'done')

  const done = async (
    session: string,
    event: 'finished' | 'cut_short',
    sealed: Sealed,
  ): Promise<void> => {
    await parts.record({ event, session, ...sealed })
    const text = await missing(() => readFile(join(openFolder, keyName(session)), 'utf8'))
    const document = text === undefined ? undefined : documentOf(text)
    if (document !== undefined) {
      const state = event === 'finished' ? 'finished' : 'cut_short'
      const complete = { ...document, sealed: { state, ...sealed } } as const
      await writeWhole(disk, doneFolder, keyName(session), Buffer.from(documentText(complete)))
    }
    await disk.rename(join(openFolder, filmName(session)), join(doneFolder, filmName(session)))
    await missing(() => disk.unlink(join(openFolder, keyName(session))))
    await disk.syncFolder(doneFolder)
  }

  const kept = async (session: string): Promise<void> => {
    const film = join(doneFolder, filmName(session))
    const key = join(doneFolder, keyName(session))
    const keyFile = await missing(() => stat(key))
    if (keyFile !== undefined) await store.keep(storedKey(session), key)
    const file = await missing(() => stat(film))
    if (file === undefined) return
    await store.keep(storedFilm(session), film)
    parts.onKept(file.size)
  }

  const recovered = async (session: string): Promise<void> => {
    const path = join(openFolder, filmName(session))
    const { sealed, last } = await wholeChunks(path, session)
    if (sealed.chunks === 0) {
      await missing(() => disk.unlink(path))
      await missing(() => disk.unlink(join(openFolder, keyName(session))))
      return
    }
    const fd = await disk.open(path, 'r+')
    try {
      await disk.truncate(fd, sealed.bytes)
      await disk.sync(fd)
    } finally {
      await closeQuietly(disk, fd)
    }
    await done(session, last ? 'finished' : 'cut_short', sealed)
  }

  return {
    openFolder,
    async prepare() {
      await disk.mkdir(openFolder)
      await disk.mkdir(doneFolder)
      let bytes = 0
      for (const place of [openFolder, doneFolder]) {
        for (const name of await readdir(place)) {
          const found = await missing(() => stat(join(place, name)))
          if (name.endsWith('.film')) bytes += found?.size ?? 0
        }
      }
      return bytes
    },
    finish: (session, sealed) => done(session, 'finished', sealed),
    keep: kept,
    async settle(live) {
      for (const name of await readdir(openFolder)) {
        const session = sessionOf(name)
        if (session !== undefined && live.has(session)) continue
        if (name.endsWith('.film') && session !== undefined) await recovered(session)
      }
      for (const name of await readdir(openFolder)) {
        const session = sessionOf(name)
        if (session !== undefined && live.has(session)) continue
        if (name.endsWith('.film')) continue
        // A key goes only once its recording has: that may have come to lie here since.
        const film = session === undefined ? undefined : join(openFolder, filmName(session))
        if (film !== undefined && (await missing(() => stat(film))) !== undefined) continue
        await missing(() => disk.unlink(join(openFolder, name)))
      }
      const finished = new Set((await readdir(doneFolder)).map(sessionOf))
      for (const session of finished)
        if (session !== undefined && !live.has(session)) await kept(session)
    },
  }
}

function sessionOf(name: string): string | undefined {
  return /^([A-Za-z0-9_-]{1,64})\.(?:film|key)(?:\.new)?$/.exec(name)?.[1]
}

// What of a file stands whole: its chunks as they follow each other, without looking into them.
export async function wholeChunks(
  path: string,
  session: string,
): Promise<{ readonly sealed: Sealed; readonly last: boolean }> {
  const digest = createHash('sha256').update(headOf(session))
  let bytes = headOf(session).length
  let chunks = 0
  let last = false
  const pieces = await piecesOfFile(path)
  try {
    for await (const chunk of chunksOf(pieces ?? nothing(), session)) {
      const head = chunkHeadOf(chunk, 0)
      if (head === undefined || head.number !== chunks || last) break
      digest.update(chunk)
      bytes += chunk.length
      chunks++
      last = head.last
    }
  } catch {
    // What follows was never written as a whole.
    last = false
  }
  return { sealed: { digest: `sha256:${digest.digest('hex')}`, chunks, bytes }, last }
}

async function* nothing(): AsyncGenerator<Buffer> {
  // No file, no pieces.
}
