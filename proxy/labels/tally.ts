// What sampled values of one column look like, as counts: all that ever leaves the reading of values.
import {
  kindOfValue,
  mayBeCard,
  mayBePhone,
  mayBeSsn,
  VALUE_KINDS,
  type ValueKind,
} from './value-patterns.js'
import { isProse, kindsWithin } from './values-within.js'

export type Counts = Readonly<Record<ValueKind, number>>

export type Tally = {
  // Rows looked at, and values in them that are neither NULL nor empty.
  readonly rows: number
  readonly values: number
  // Values that are such a thing, and longer ones in which one stands.
  readonly whole: Counts
  readonly within: Counts
  // Card numbers written as digits alone: one in ten of any digits passes Luhn.
  readonly bareCards: number
  // Phone numbers without a plus or parentheses: codes of articles are grouped like them.
  readonly barePhones: number
  // Values that could be one where the name says so.
  readonly maybePhone: number
  readonly maybeSsn: number
  readonly maybeCard: number
  readonly prose: number
}

const NONE: Counts = { card: 0, ssn: 0, iban: 0, email: 0, phone: 0, secret: 0 }

export const EMPTY_TALLY: Tally = {
  rows: 0,
  values: 0,
  whole: NONE,
  within: NONE,
  bareCards: 0,
  barePhones: 0,
  maybePhone: 0,
  maybeSsn: 0,
  maybeCard: 0,
  prose: 0,
}

export function tallyOf(values: Iterable<string | null>): Tally {
  const whole = { ...NONE }
  const within = { ...NONE }
  const sums = {
    rows: 0,
    values: 0,
    bareCards: 0,
    barePhones: 0,
    maybePhone: 0,
    maybeSsn: 0,
    maybeCard: 0,
    prose: 0,
  }
  for (const value of values) {
    sums.rows += 1
    if (value === null || value.trim() === '') continue
    sums.values += 1
    const text = value.trim()
    if (mayBePhone(text)) sums.maybePhone += 1
    if (mayBeSsn(text)) sums.maybeSsn += 1
    if (mayBeCard(text)) sums.maybeCard += 1
    const kind = kindOfValue(text)
    if (kind !== undefined) {
      whole[kind] += 1
      if (kind === 'card' && /^\d+$/.test(text)) sums.bareCards += 1
      if (kind === 'phone' && !/[+(]/.test(text)) sums.barePhones += 1
      continue
    }
    if (isProse(text)) sums.prose += 1
    for (const inner of kindsWithin(text)) within[inner] += 1
  }
  return { ...sums, whole, within }
}

export function joinedTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce((sum, one) => {
    const added = (part: 'whole' | 'within'): Counts => {
      const result = { ...sum[part] }
      for (const kind of VALUE_KINDS) result[kind] += one[part][kind]
      return result
    }
    return {
      rows: sum.rows + one.rows,
      values: sum.values + one.values,
      whole: added('whole'),
      within: added('within'),
      bareCards: sum.bareCards + one.bareCards,
      barePhones: sum.barePhones + one.barePhones,
      maybePhone: sum.maybePhone + one.maybePhone,
      maybeSsn: sum.maybeSsn + one.maybeSsn,
      maybeCard: sum.maybeCard + one.maybeCard,
      prose: sum.prose + one.prose,
    }
  }, EMPTY_TALLY)
}
