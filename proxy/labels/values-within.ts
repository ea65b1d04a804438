// Which kinds of values stand somewhere inside a longer text, and whether it is prose at all.
import { isCard, kindOfValue, type ValueKind } from './value-patterns.js'
import { isIban } from './iban.js'

const LOOKED_AT = 4096
// Enough to be somebody's sentence.
const WORDS_LEAST = 4

export function kindsWithin(value: string): ReadonlySet<ValueKind> {
  const text = value.slice(0, LOOKED_AT)
  const found = new Set<ValueKind>()
  for (const word of text.split(/[\s,;:<>()[\]{}"'|=]+/)) {
    const bare = word.replace(/^[.!?*]+/, '').replace(/[.!?*]+$/, '')
    if (bare.length < 7) continue
    const kind = kindOfValue(bare)
    if (kind !== undefined) found.add(kind)
  }
  // Those that are written with spaces.
  for (const [digits] of text.matchAll(/\d(?:[ -]?\d){11,18}/g))
    if (isCard(digits)) found.add('card')
  for (const [run] of text.matchAll(/\+\d[\d ()/-]{5,24}\d/g)) {
    if (kindOfValue(run) === 'phone') found.add('phone')
  }
  for (const [run] of text.matchAll(/\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{1,4}){3,8}/g)) {
    if (isIban(run)) found.add('iban')
  }
  return found
}

export function isProse(value: string): boolean {
  const words = value.slice(0, LOOKED_AT).match(/\p{L}{2,}/gu) ?? []
  return words.length >= WORDS_LEAST && /\s/.test(value)
}
