// The language in which people ask: `column:customers.ssn env:prod -kind:agent since:2026-01-01 "free text"`.
// Everything must hold; values after commas are alternatives, * stands for anything, - leaves out. Whatever
// is not understood is an error that says where, never a wider or narrower question.
import { closest, fieldNamed, FIELDS, placeOfField, valuesOf, type FieldName } from './fields.js'
import { SEARCH_LIMITS } from './limits.js'
import { lexed, type QueryProblem, type Token } from './query-words.js'
import { instantOf } from './query-times.js'

// Each value folded, with the wildcards that it has as `*`.
export type Choice = { readonly text: string; readonly wild: boolean }

export type Condition = {
  readonly field: FieldName
  readonly without: boolean
  readonly choices: readonly Choice[]
}

export type NumberCondition = {
  readonly field: 'rows' | 'masked' | 'duration_ms'
  readonly than: '>' | '>=' | '<' | '<=' | '='
  readonly value: number
}

// Words that must follow one another; the last may be only the beginning of one.
export type Phrase = {
  readonly words: readonly string[]
  readonly open: boolean
  readonly without: boolean
}

export type Query = {
  readonly conditions: readonly Condition[]
  readonly numbers: readonly NumberCondition[]
  readonly phrases: readonly Phrase[]
  readonly sinceMs: number | undefined
  readonly untilMs: number | undefined
}

export type ParsedQuery =
  | { readonly query: Query; readonly problem?: never }
  | { readonly query?: never; readonly problem: QueryProblem }

type Draft = {
  conditions: Condition[]
  numbers: NumberCondition[]
  phrases: Phrase[]
  sinceMs: number | undefined
  untilMs: number | undefined
}

export function parseQuery(text: string, nowMs: number): ParsedQuery {
  const { tokens, problem } = lexed(text)
  if (problem !== undefined) return { problem }
  const draft: Draft = {
    conditions: [],
    numbers: [],
    phrases: [],
    sinceMs: undefined,
    untilMs: undefined,
  }
  for (const token of tokens) {
    const what = token.field === undefined ? phrase(token, draft) : field(token, draft, nowMs)
    if (what !== undefined) return { problem: { at: token.at, length: token.length, what } }
  }
  const [first] = tokens
  if (
    first !== undefined &&
    draft.phrases.length > 0 &&
    draft.phrases.every(({ without }) => without)
  ) {
    const what = 'words can only be left out beside a word that must be there'
    const token = tokens.find((one) => one.field === undefined) ?? first
    return { problem: { at: token.at, length: token.length, what } }
  }
  return { query: draft }
}

// One line that names what cannot be understood, with its place.
export function problemText({ at, what }: QueryProblem): string {
  return `at character ${at + 1} of the question: ${what}`
}

function phrase({ values, without }: Token, draft: Draft): string | undefined {
  for (const { text, quoted } of values) {
    const open = !quoted && text.endsWith('*')
    const bare = open ? text.slice(0, -1) : text
    if (!quoted && bare.includes('*')) return 'in a text * can only stand at the end of a word'
    const words = wordsOf(bare)
    if (words.length === 0) return 'there is no word in it that could be looked for'
    draft.phrases.push({ words, open, without })
  }
  return undefined
}

// As FTS5's unicode61 cuts text into words, with _ within them.
export function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}\p{Co}\p{M}_]+/gu) ?? []
}

function field(token: Token, draft: Draft, nowMs: number): string | undefined {
  const { field: given = '', values, without } = token
  const name = fieldNamed(given)
  if (name === undefined) {
    const near = closest(given, Object.keys(FIELDS))
    const hint = near === undefined ? '' : ` Did you mean ${near}:?`
    return `there is no field ${given}.${hint} Put it in "quotes" to look for it as text.`
  }
  const place = placeOfField(name)
  if (place === 'time') {
    const time = without || values.length > 1 ? undefined : instantOf(values[0]?.text ?? '', nowMs)
    if (time === undefined) return `${name}: takes one time, as 2026-01-31, 2026-01-31T08:00Z or 7d`
    if (name === 'since') draft.sinceMs = Math.max(time, draft.sinceMs ?? time)
    else draft.untilMs = Math.min(time, draft.untilMs ?? time)
    return undefined
  }
  if (place === 'number') return number(name, token, draft)
  const choices: Choice[] = []
  for (const { text, quoted } of values) {
    const wild = !quoted && text.includes('*')
    const value = text.toLowerCase()
    const allowed = valuesOf(name)
    if (allowed !== undefined && !wild && !allowed.includes(value)) {
      const near = closest(value, allowed)
      const hint = near === undefined ? allowed.join(', ') : `${near}? Else ${allowed.join(', ')}`
      return `${name}: is never ${text}; it is ${hint}`
    }
    choices.push({ text: value, wild })
  }
  draft.conditions.push({ field: name, without, choices })
  return undefined
}

function number(name: FieldName, { values, without }: Token, draft: Draft): string | undefined {
  const [value] = values
  const [, than = '=', digits] = /^(>=|<=|>|<|=)?(\d{1,15})$/.exec(value?.text ?? '') ?? []
  if (digits === undefined || without || values.length > 1) {
    return `${name}: takes one number, as >100, <=5 or 0`
  }
  if (name !== 'rows' && name !== 'masked' && name !== 'duration_ms') return undefined
  const isThan = (['>', '>=', '<', '<=', '='] as const).find((one) => one === than)
  draft.numbers.push({ field: name, than: isThan ?? '=', value: Number(digits) })
  return undefined
}

export { SEARCH_LIMITS }
