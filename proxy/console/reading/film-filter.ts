// Which commands of a film are listed: by words of their text and by what became of them. Works on the short
// rows, so that 100,000 are filtered between two strokes of a key.
import type { Meaning } from './action-words.js'

export type FilmFilter = { readonly words: string; readonly only: Meaning | undefined }

type Row = { readonly line: string; readonly meaning: Meaning }

// Indexes of the rows that fit, in order; undefined where nothing is asked.
export function filteredRows(rows: readonly Row[], filter: FilmFilter): Uint32Array | undefined {
  const { only } = filter
  const words = filter.words.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0 && only === undefined) return undefined
  const found = new Uint32Array(rows.length)
  let count = 0
  for (const [index, { line, meaning }] of rows.entries()) {
    if (only !== undefined && meaning !== only) continue
    if (words.length > 0) {
      const text = line.toLowerCase()
      if (!words.every((word) => text.includes(word))) continue
    }
    found[count] = index
    count += 1
  }
  return found.subarray(0, count)
}

// The place of a row among those that fit: its own, or -1.
export function placeAmong(found: Uint32Array, index: number): number {
  let [low, high] = [0, found.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((found[middle] ?? 0) < index) low = middle + 1
    else high = middle
  }
  return found[low] === index ? low : -1
}
