// Finished recordings in a folder. Moving one there is a rename within the file system, so that it is in
// one place or the other.
import { createReadStream } from 'node:fs'
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeWhole, type FilmDisk } from './film-disk.js'
import type { FilmStore, Stored } from './store.js'

const PIECE_BYTES = 256 * 1024

export function diskStore(folder: string, disk: FilmDisk): FilmStore {
  const placeOf = (name: string): string => join(folder, name)
  return {
    async keep(name, path) {
      const place = placeOf(name)
      await disk.mkdir(dirname(place))
      await disk.rename(path, place)
      await disk.syncFolder(dirname(place))
    },
    async put(name, bytes) {
      const place = placeOf(name)
      await disk.mkdir(dirname(place))
      await writeWhole(disk, dirname(place), place.slice(dirname(place).length + 1), bytes)
    },
    whole: (name) => missing(() => readFile(placeOf(name))),
    pieces: (name) => piecesOfFile(placeOf(name)),
    async remove(name) {
      const place = placeOf(name)
      await missing(() => disk.unlink(place))
      await missing(() => disk.syncFolder(dirname(place)))
    },
    list: () => listed(folder),
  }
}

// undefined where the file is not there.
export async function piecesOfFile(path: string): Promise<AsyncIterable<Buffer> | undefined> {
  const file = await missing(() => open(path, 'r'))
  if (file === undefined) return undefined
  const stream = createReadStream('', { fd: file, highWaterMark: PIECE_BYTES })
  return buffersOf(stream)
}

export async function* buffersOf(stream: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  for await (const piece of stream)
    yield Buffer.isBuffer(piece) ? piece : Buffer.from(String(piece))
}

async function* listed(folder: string): AsyncGenerator<Stored> {
  const shelves = (await missing(() => readdir(folder))) ?? []
  for (const shelf of shelves.sort()) {
    const names = (await missing(() => readdir(join(folder, shelf)))) ?? []
    for (const name of names.sort()) {
      const found = await missing(() => stat(join(folder, shelf, name)))
      if (found?.isFile() === true) yield { name: `${shelf}/${name}`, bytes: found.size }
    }
  }
}

export async function missing<T>(step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step()
  } catch (problem) {
    const code = problem instanceof Error && 'code' in problem ? problem.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw problem
  }
}
