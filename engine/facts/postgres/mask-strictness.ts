// Which of several masks of one column counts: the one that shows least, whoever asked for it; and values are
// compared as stored only where all of them let them be.
import type { Mask } from '../../schemas/decision.js'

const STRICTNESS: readonly Mask['method'][] = [
  'null',
  'constant',
  'redact',
  'hash',
  'token',
  'partial',
  'generalise',
]

const PERIODS: readonly Mask['period'][] = [undefined, 'year', 'quarter', 'month']

export function strictest(masks: readonly Mask[]): Mask | undefined {
  const [first] = masks.length < 2 ? masks : [...masks].sort(byStrictness)
  if (first?.tier !== 'output' || masks.every(({ tier }) => tier === 'output')) return first
  const { tier: _, ...strict } = first
  return strict
}

/**
 * For a computed value, of which nothing may stay: its end is not the column's end, and equal hashes of a
 * part, or of a text that the client put beside it, tell the part.
 */
export function wholly(mask: Mask): Mask {
  if (mask.method === 'null' || mask.method === 'constant') return mask
  const { match, tier } = mask
  return { match, method: 'redact', ...(tier === undefined ? {} : { tier }) }
}

/** Are values under this mask compared, joined, sorted and grouped as they are stored? */
export function comparesOpenly(mask: Mask): boolean {
  return mask.tier === 'output'
}

function byStrictness(left: Mask, right: Mask): number {
  const differences = [
    STRICTNESS.indexOf(left.method) - STRICTNESS.indexOf(right.method),
    (left.keep ?? 0) - (right.keep ?? 0),
    finite(right.width) - finite(left.width),
    PERIODS.indexOf(left.period) - PERIODS.indexOf(right.period),
    (left.network ?? 0) - (right.network ?? 0),
  ]
  const difference = differences.find((one) => one !== 0)
  if (difference !== undefined) return difference
  // What is left says the same, or other constants: the answer must not hang on their order.
  return (left.value ?? '') < (right.value ?? '') ? -1 : 1
}

function finite(width: number | undefined): number {
  return width ?? Number.MAX_SAFE_INTEGER
}
