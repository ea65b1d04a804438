// What speaks for a label on a column: where it comes from, how strongly, and why, in words that hold no value.
import type { Kind } from './kinds.js'
import type { Tally } from './tally.js'
import { VALUE_KINDS, type ValueKind } from './value-patterns.js'

export type Strength = 'stated' | 'strong' | 'medium' | 'weak'

export type Evidence = {
  readonly kind: Kind
  readonly strength: Strength
  readonly from: 'name' | 'values' | 'comment' | 'security label' | 'dbt'
  readonly reason: string
  // Where somebody named the labels themselves.
  readonly labels?: readonly string[]
}

// Of so many values a share says something.
const VALUES_LEAST = 5
const VALUES_ENOUGH = 20
const SHARE = { strong: 0.8, medium: 0.3, some: 0.1, stray: 0.02 } as const

const TESTS: Readonly<Record<ValueKind, string>> = {
  card: 'are card numbers by prefix, length and Luhn check',
  ssn: 'are social security numbers by form and area',
  iban: 'are IBANs by country, length and checksum',
  email: 'are e-mail addresses',
  phone: 'are phone numbers with country or area code',
  secret: 'have the form of a key, a token or a password’s hash',
}

export function valueEvidence(tally: Tally): readonly Evidence[] {
  const found = VALUE_KINDS.flatMap((kind) => wholeValues(kind, tally))
  return [...found, ...insideText(tally)]
}

function wholeValues(kind: ValueKind, tally: Tally): readonly Evidence[] {
  const count = tally.whole[kind]
  if (count === 0) return []
  const share = count / tally.values
  const strength = strengthOf(kind, count, share, tally)
  if (strength === undefined) return []
  const reason = `${percent(share)} of ${counted(tally.values)} ${TESTS[kind]}`
  return [{ kind, strength, from: 'values', reason }]
}

function strengthOf(
  kind: ValueKind,
  count: number,
  share: number,
  { values, bareCards, barePhones }: Tally,
): Strength | undefined {
  const few = values < VALUES_LEAST
  // A tenth of all digits with such a prefix pass.
  if (kind === 'card' && bareCards > count / 2) {
    if (share < SHARE.medium) return undefined
    if (few) return 'weak'
    return share >= SHARE.strong ? 'strong' : values >= VALUES_ENOUGH ? 'medium' : 'weak'
  }
  if (kind === 'phone' && barePhones > count / 2 && share < SHARE.strong) return 'weak'
  // One key among other things is one too many.
  if (kind === 'secret') return share >= SHARE.strong && !few ? 'strong' : 'medium'
  if (share >= SHARE.strong) return few ? 'medium' : 'strong'
  if (share >= SHARE.medium) return few ? 'weak' : 'medium'
  if (share >= SHARE.some) return count > 2 ? 'medium' : 'weak'
  return share >= SHARE.stray ? 'weak' : undefined
}

function insideText({ values, within, prose }: Tally): readonly Evidence[] {
  const kinds = VALUE_KINDS.filter((kind) => within[kind] > 0)
  const most = Math.max(0, ...kinds.map((kind) => within[kind]))
  if (most === 0) return []
  const named = kinds.map((kind) => `${WITHIN[kind]} in ${within[kind]}`).join(', ')
  const strength = most / values >= SHARE.stray && prose > 0 ? 'strong' : 'medium'
  const reason = `longer texts among ${counted(values)} hold ${named}`
  return [{ kind: 'free_text', strength, from: 'values', reason }]
}

const WITHIN: Readonly<Record<ValueKind, string>> = {
  card: 'a card number',
  ssn: 'a social security number',
  iban: 'an IBAN',
  email: 'an e-mail address',
  phone: 'a phone number',
  secret: 'a key or a token',
}

// Why values speak against what the name says, if they do.
export function contradiction(kind: Kind, tally: Tally): string | undefined {
  if (tally.values < VALUES_ENOUGH) return undefined
  const looking = plausible(kind, tally)
  if (looking === undefined || looking / tally.values >= SHARE.some) return undefined
  return `but ${looking === 0 ? 'none' : percent(looking / tally.values)} of ${counted(tally.values)} look like that`
}

// How many values could be of the kind; undefined where values cannot tell.
function plausible(kind: Kind, tally: Tally): number | undefined {
  switch (kind) {
    case 'phone':
      return Math.max(tally.whole.phone, tally.maybePhone)
    case 'ssn':
      return Math.max(tally.whole.ssn, tally.maybeSsn)
    case 'card':
      return tally.maybeCard + tally.within.card
    case 'iban':
    case 'email':
      return tally.whole[kind] + tally.within[kind]
    default:
      return undefined
  }
}

export function isMostlyProse({ values, prose }: Tally): boolean {
  return values >= VALUES_LEAST && prose / values >= 0.5
}

export function percent(share: number): string {
  const whole = Math.round(share * 100)
  return `${whole === 0 ? 'under 1' : whole === 100 && share < 1 ? 'over 99' : String(whole)} %`
}

function counted(values: number): string {
  return `${values} sampled value${values === 1 ? '' : 's'}`
}
