// What a column's name says about its values, given the type that it has and the table in which it stands.
import { wordsOf } from './column-words.js'
import type { Kind } from './kinds.js'
import { ABOUT, NAMES, PEOPLE } from './name-table.js'

// What of a type matters here.
export type TypeFamily =
  'text' | 'number' | 'date' | 'json' | 'bytes' | 'uuid' | 'network' | 'neutral'

export type NameEvidence = {
  readonly kind: Kind
  readonly clear: boolean
  // Words of our own table, so that they may be printed wherever the name came from.
  readonly words: string
  // Nothing else stands in the name.
  readonly whole: boolean
  readonly inTableOfPeople?: boolean
}

// Values of such a type can be of that kind.
const TYPES: Readonly<Record<Kind, readonly TypeFamily[]>> = {
  card: ['text', 'number', 'json'],
  ssn: ['text', 'number', 'json'],
  iban: ['text', 'json'],
  account: ['text', 'number', 'json'],
  email: ['text', 'json'],
  phone: ['text', 'number', 'json'],
  national_id: ['text', 'number', 'json'],
  passport: ['text', 'number', 'json'],
  birth_date: ['text', 'number', 'date', 'json'],
  name: ['text', 'json'],
  address: ['text', 'json'],
  network: ['text', 'network', 'json'],
  health: ['text', 'json'],
  salary: ['text', 'number', 'json'],
  secret: ['text', 'bytes', 'uuid', 'json'],
  personal: [],
  confidential: [],
  free_text: ['text'],
}

type Entry = {
  readonly kind: Kind
  readonly clear: boolean
  readonly text: string
  // As the names of columns are read: `adres` loses what looks like a plural.
  readonly words: readonly string[]
}

// The longest first: `mac address` before `address`.
const ENTRIES: readonly Entry[] = NAMES.flatMap(({ kind, clear, vague = [] }) => [
  ...clear.map((text) => ({ kind, clear: true, text, words: wordsOf(text) })),
  ...vague.map((text) => ({ kind, clear: false, text, words: wordsOf(text) })),
]).sort((one, other) => lengthOf(other) - lengthOf(one))

// Entries of several words are written as one as well: `middlename`.
const JOINED = new Map(
  ENTRIES.filter(({ words }) => words.join('').length >= 6).map((one) => [one.words.join(''), one]),
)

// What stands behind the thing and makes it no other thing.
const TAIL = /(?<=.{3})(?:number|nummer|hash|salt|value|text|line|nr)$/

const FIRST_WORDS = new Map<string, Entry[]>()
for (const entry of ENTRIES) {
  const [first = ''] = entry.words
  FIRST_WORDS.set(first, [...(FIRST_WORDS.get(first) ?? []), entry])
}

// Compounds as German makes them: `kundentelefon`, `lieferadresse`.
const ENDINGS = ENTRIES.filter(
  ({ clear, words }) => clear && words.length === 1 && (words[0]?.length ?? 0) >= 6,
)

export function nameEvidence(
  name: string,
  type: TypeFamily,
  table: string,
): NameEvidence | undefined {
  const words = wordsOf(name)
  const found = matchIn(words) ?? (isPersonsName(words, table) ? PERSON : undefined)
  if (found === undefined) return undefined
  const { entry, left, isCompound = false } = found
  const isAbout = (word: string): boolean =>
    ABOUT.has(word) && !entry.words.includes(word) && !(word === 'id' && NUMBERED.has(entry.kind))
  if (left.some(isAbout)) return undefined
  if (left.includes('last') && left.some((word) => LAST_DIGITS.has(word))) return undefined
  if (!TYPES[entry.kind].includes(type)) return undefined
  return {
    kind: entry.kind,
    clear: entry.clear,
    words: entry.text,
    whole: left.length === 0 && !isCompound,
  }
}

// `passport_id` is what stands in the passport.
const NUMBERED: ReadonlySet<Kind> = new Set(['ssn', 'national_id', 'passport'])

const LAST_DIGITS: ReadonlySet<string> = new Set(['4', '2', 'four', 'digit'])

type Match = {
  readonly entry: Entry
  readonly left: readonly string[]
  readonly isCompound?: boolean
}

const PERSON: Match = {
  entry: { kind: 'name', clear: true, text: 'name', words: ['name'] },
  left: [],
}

function matchIn(words: readonly string[]): Match | undefined {
  let best: Found | undefined
  for (const [at, word] of words.entries()) {
    const entry = (FIRST_WORDS.get(word) ?? []).find((one) =>
      one.words.every((part, index) => words[at + index] === part),
    )
    if (entry !== undefined && (best === undefined || isBetter({ entry, at }, best))) {
      best = { entry, at }
    }
  }
  if (best !== undefined) {
    const { entry, at } = best
    return { entry, left: words.filter((_, i) => i < at || i >= at + entry.words.length) }
  }
  for (const [at, word] of words.entries()) {
    const entry = compound(word)
    if (entry === undefined) continue
    return { entry, left: words.filter((_, i) => i !== at), isCompound: true }
  }
  return undefined
}

function compound(word: string): Entry | undefined {
  const joined = JOINED.get(word)
  if (joined !== undefined) return joined
  // Plurals of German: `Bemerkungen`, `Adressen`.
  const plural = /^\p{L}{5,}en$/u.test(word) ? [word.slice(0, -2), word.slice(0, -1)] : []
  for (const one of plural) {
    const [inner] = FIRST_WORDS.get(one) ?? []
    if (inner?.words.length === 1 && inner.clear) return inner
  }
  const bare = word.replace(TAIL, '')
  if (bare !== word) {
    const [inner] = FIRST_WORDS.get(bare) ?? []
    return inner?.words.length === 1 ? inner : compound(bare)
  }
  return ENDINGS.find((one) => word.endsWith(one.words[0] ?? ' '))
}

type Found = { readonly entry: Entry; readonly at: number }

// `other` stands before or at the same word. Of two that share a word the longer is meant; else the clear one,
// and of those the later: `comment_author_email` is an e-mail address.
function isBetter(one: Found, other: Found): boolean {
  if (one.at < other.at + other.entry.words.length) {
    return one.entry.words.length > other.entry.words.length
  }
  if (one.entry.clear !== other.entry.clear) return one.entry.clear
  return one.entry.words.length >= other.entry.words.length
}

function isPersonsName(words: readonly string[], table: string): boolean {
  // Some schemas put an abbreviation of the table before each column: `c_name`.
  const own = (words[0]?.length ?? 0) <= 2 ? words.slice(1) : words
  const isName =
    own.length === 1 && ['name', 'nom', 'nombre', 'nome', 'naam'].includes(own[0] ?? '')
  return isName && wordsOf(table).some((word) => PEOPLE.has(word))
}

function lengthOf({ words }: Entry): number {
  return words.reduce((sum, word) => sum + word.length, words.length * 100)
}

// What a name only hints at is likely where the table is one of people: by its name, or since two columns of
// it clearly hold something of a person.
const OF_PEOPLE: ReadonlySet<Kind> = new Set(['name', 'address', 'birth_date', 'health', 'network'])
const PERSONAL: ReadonlySet<Kind> = new Set([
  ...(['name', 'address', 'birth_date', 'email', 'phone'] as const),
  ...(['ssn', 'national_id', 'passport', 'health'] as const),
])

export type NamedColumn = { readonly name: string; readonly family: TypeFamily }

export function namesInTable(
  table: string,
  columns: readonly NamedColumn[],
): ReadonlyMap<string, NameEvidence> {
  const found = columns.flatMap(({ name, family }) => {
    const evidence = nameEvidence(name, family, table)
    return evidence === undefined ? [] : [[name, evidence] as const]
  })
  const personal = found.filter(([, { kind, clear }]) => clear && PERSONAL.has(kind)).length
  const isOfPeople = personal >= 2 || wordsOf(table).some((word) => PEOPLE.has(word))
  return new Map(
    found.map(([name, one]) => {
      const isLikely = isOfPeople && !one.clear && OF_PEOPLE.has(one.kind)
      return [name, isLikely ? { ...one, clear: true, inTableOfPeople: true } : one]
    }),
  )
}
