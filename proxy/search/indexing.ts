// Keeps an index in step with what it is made of, a batch at a time: each is one transaction that also says how far
// it came, so that whatever happens to this process, nothing is missing in the index or in it twice.
import type { IndexFile } from './index-file.js'
import { numberOf, textOf } from './index-file.js'
import { createIndexWriter } from './index-writer.js'
import { SEARCH_LIMITS } from './limits.js'
import type { IndexedSegment, Position, Source } from './record-source.js'

export type Batch = {
  readonly lines: number
  // More was there when the batch was full.
  readonly more: boolean
}

export type Indexing = {
  // Why the index must be made anew; undefined where it fits what is there.
  readonly whyNot: () => string | undefined
  readonly batch: () => Batch
  readonly position: () => Position | undefined
  readonly behindBytes: () => number
}

export function createIndexing(index: IndexFile, source: Source, now: () => number): Indexing {
  const writer = createIndexWriter(index)
  let last: Position | undefined

  const batch = (): Batch => {
    const started = now()
    let lines = 0
    let more = false
    try {
      index.atomically(() => {
        const position = positionOf(index)
        // Another process was here: what is remembered may be of another time.
        if (!samePlace(position, last)) writer.forget()
        let reached = position
        const segments = new Map<string, { bytes: number; first: number; last: number }>()
        for (const taken of source.linesFrom(position)) {
          for (const event of taken.happened) writer.take(event)
          if (taken.gap !== undefined) {
            const { from, to, why } = taken.gap
            index.sql('insert into gaps values (?, ?, ?)').run(from, to, why)
          }
          const { file, bytes, seq } = taken.position
          const segment = segments.get(file)
          if (segment === undefined) segments.set(file, { bytes, first: seq - 1, last: seq - 1 })
          else {
            segment.bytes = bytes
            segment.last = seq - 1
          }
          reached = taken.position
          lines += 1
          more = lines >= SEARCH_LIMITS.batchLines || now() - started >= SEARCH_LIMITS.batchMs
          if (more) break
        }
        writer.flush()
        for (const [file, { bytes, first, last: end }] of segments) {
          index.sql(PUT_SEGMENT).run(file, source.openingHash(file), bytes, first, end)
        }
        if (reached !== undefined && lines > 0) putPosition(index, reached)
        putKeys(index, source.keysUsed())
        last = reached
      })
    } catch (problem) {
      writer.forget()
      source.forget()
      last = undefined
      throw problem
    }
    return { lines, more }
  }

  return {
    batch,
    position: () => positionOf(index),
    behindBytes: () => source.behind(positionOf(index)),
    whyNot() {
      const position = positionOf(index)
      if (position === undefined) return undefined
      const keys = keysIn(index)
      const atHand = keys.length === 0 ? undefined : source.keysAtHand()
      if (keys.some((key) => atHand?.has(key) !== true)) return 'something of the record was erased'
      return source.whyNot(position, segmentsIn(index))
    },
  }
}

const PUT_SEGMENT =
  'insert into segments (file, opening, bytes, first_seq, last_seq) values (?, ?, ?, ?, ?)' +
  ' on conflict do update set bytes = excluded.bytes, last_seq = excluded.last_seq'

export function positionOf(index: IndexFile): Position | undefined {
  const file = index.meta('file')
  if (typeof file !== 'string') return undefined
  return { file, bytes: Number(index.meta('bytes')), seq: Number(index.meta('seq')) }
}

function putPosition(index: IndexFile, { file, bytes, seq }: Position): void {
  index.setMeta('file', file)
  index.setMeta('bytes', bytes)
  index.setMeta('seq', seq)
}

function keysIn(index: IndexFile): readonly string[] {
  const found: unknown = JSON.parse(String(index.meta('keys') ?? '[]'))
  return Array.isArray(found) ? found.map(String) : []
}

function putKeys(index: IndexFile, used: ReadonlySet<string>): void {
  const keys = new Set(keysIn(index))
  const before = keys.size
  for (const key of used) keys.add(key)
  if (keys.size > before) index.setMeta('keys', JSON.stringify([...keys].sort()))
}

function segmentsIn(index: IndexFile): readonly IndexedSegment[] {
  return index
    .sql('select file, opening, bytes from segments order by file')
    .all()
    .map((row) => ({
      file: textOf(row, 'file'),
      opening: textOf(row, 'opening'),
      bytes: numberOf(row, 'bytes'),
    }))
}

function samePlace(a: Position | undefined, b: Position | undefined): boolean {
  return a?.file === b?.file && a?.bytes === b?.bytes
}
