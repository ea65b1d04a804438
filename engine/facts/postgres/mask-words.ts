// A mask in words, for people: the method with what it keeps, and whether values are compared as stored. Shows
// no constant, which is a word of the policy for clients and not for records.
import type { Mask } from '../../schemas/decision.js'
import { comparesOpenly } from './mask-strictness.js'

export function maskWords(mask: Mask): string {
  const kept = keptWords(mask)
  const words = kept.length === 0 ? [mask.method] : [`${mask.method} (${kept.join(', ')})`]
  return [...words, ...(comparesOpenly(mask) ? ['compared as stored'] : [])].join(', ')
}

function keptWords({ method, keep = 0, period, width, network }: Mask): readonly string[] {
  if (method === 'partial') return keep === 0 ? [] : [`last ${keep}`]
  if (method !== 'generalise') return []
  return [
    ...(period === undefined ? [] : [period]),
    ...(width === undefined ? [] : [`steps of ${width}`]),
    ...(keep === 0 ? [] : [`first ${keep}`]),
    ...(network === undefined ? [] : [`/${network}`]),
  ]
}

/** Two masks under which each value looks the same. */
export function showSame(one: Mask, other: Mask): boolean {
  return shownBy(one) === shownBy(other)
}

function shownBy({ method, keep = 0, value, period, width, network }: Mask): string {
  switch (method) {
    case 'partial':
      return `partial ${keep}`
    case 'constant':
      return JSON.stringify([method, value ?? ''])
    case 'generalise':
      return JSON.stringify([method, keep, period ?? '', width ?? '', network ?? ''])
    case 'redact':
    case 'null':
    case 'hash':
    case 'token':
      return method
  }
}
