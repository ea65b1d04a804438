// Facts and decisions that command lines refer to by digest: where each stands, and the last used of them
// read. A file's parts are looked for once, when a command of it is asked for.
import { partIsSound } from '../recording/recorded-facts.js'
import { readLine } from '../recording/segment-lines.js'
import { lineHead } from './line-head.js'
import { linesFrom, type LineReader } from './line-reader.js'
import type { Unseal } from './unsealing.js'
import type { RecordFile } from './record-files.js'
import { createTurns } from './turns.js'

// Files whose parts are known at a time, and parts held as values.
const FILES_MAX = 16
const VALUES_MAX = 5_000

type Place = { readonly offset: number; readonly length: number }
type Places = { readonly found: Map<string, Place>; to: number }

export type LineParts = {
  // Without looking, where it was used before: most parts repeat from line to line.
  readonly known: (digest: string, path: string) => object | undefined
  // The part as a command of this file means it; `files` are all of the record, in order.
  readonly of: (
    digest: string,
    path: string,
    files: readonly RecordFile[],
    reader: LineReader,
  ) => Promise<object | undefined>
}

export function createLineParts(unseal: Unseal): LineParts {
  const known = new Map<string, Places>()
  const values = new Map<string, object>()

  const placesIn = async ({ path, bytes: end }: RecordFile): Promise<Map<string, Place>> => {
    const turn = createTurns()
    const places = known.get(path) ?? { found: new Map<string, Place>(), to: 0 }
    known.delete(path)
    known.set(path, places)
    const [oldest] = known.keys()
    if (known.size > FILES_MAX && oldest !== undefined) known.delete(oldest)
    for (const { bytes, offset, length } of linesFrom(path, places.to, end)) {
      const head = lineHead(bytes)
      if (head?.kind === 'part' && head.field === 'digest' && head.value !== undefined) {
        places.found.set(head.value, { offset, length })
      }
      places.to = offset + length + 1
      await turn()
    }
    return places.found
  }

  return {
    known: (digest, path) => values.get(`${path} ${digest}`),
    async of(digest, path, files, reader) {
      const at = files.findIndex((file) => file.path === path)
      for (let i = at; i >= 0; i--) {
        const file = files[i]
        if (file === undefined) return undefined
        const key = `${file.path} ${digest}`
        const value = values.get(key)
        if (value !== undefined) return value
        const before = known.get(file.path)?.found.get(digest)
        const place = before ?? (await placesIn(file)).get(digest)
        if (place !== undefined) {
          const read = partIn(reader.at(file.path, place.offset, place.length), unseal)
          // Not what its digest says: as good as missing.
          if (read === undefined || !isSound(digest, read)) return undefined
          values.set(key, read)
          const [oldest] = values.keys()
          if (values.size > VALUES_MAX && oldest !== undefined) values.delete(oldest)
          return read
        }
        if (!file.continues) return undefined
      }
      return undefined
    },
  }
}

function isSound(digest: string, part: object): boolean {
  try {
    return partIsSound(digest, part)
  } catch {
    // Numbers that no JSON can hold: nobody recorded that.
    return false
  }
}

function partIn(bytes: Buffer, unseal: Unseal): object | undefined {
  const { line } = readLine(bytes)
  if (line?.kind !== 'part') return undefined
  const shown = unseal(line)
  return shown.kind === 'part' ? shown.value : undefined
}
