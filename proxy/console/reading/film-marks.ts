// What a timeline shows in so many columns: of all commands that fall into one, the weightiest decision,
// and how many there are. However long the film, there is no more to draw than the screen has room for.
import type { Meaning } from './action-words.js'

export const WEIGHTS: Readonly<Record<Meaning, number>> = { allow: 1, mask: 2, hold: 3, deny: 4 }
const BY_WEIGHT: readonly (Meaning | undefined)[] = [undefined, 'allow', 'mask', 'hold', 'deny']

export type Mark = {
  readonly column: number
  readonly meaning: Meaning
  readonly count: number
  readonly parted: boolean
}

type Moment = { readonly meaning: Meaning; readonly parted?: boolean }

export function marksOf(
  moments: readonly Moment[],
  at: (index: number) => number,
  lengthMs: number,
  columns: number,
): readonly Mark[] {
  const weights = new Uint8Array(columns)
  const counts = new Uint32Array(columns)
  const parted = new Uint8Array(columns)
  for (const [index, moment] of moments.entries()) {
    const column = Math.min(columns - 1, Math.floor((at(index) / Math.max(1, lengthMs)) * columns))
    weights[column] = Math.max(weights[column] ?? 0, WEIGHTS[moment.meaning])
    counts[column] = (counts[column] ?? 0) + 1
    if (moment.parted === true) parted[column] = 1
  }
  const marks: Mark[] = []
  for (const [column, weight] of weights.entries()) {
    const meaning = BY_WEIGHT[weight]
    if (meaning === undefined) continue
    marks.push({ column, meaning, count: counts[column] ?? 0, parted: parted[column] === 1 })
  }
  return marks
}
