// Cuts a question into its parts: fields with their values, words and quoted texts, each with its place. Knows
// quotes and commas, and nothing of what a field means.
import { SEARCH_LIMITS } from './limits.js'

// `at` counts UTF-16 units, as text fields do.
export type QueryProblem = { readonly at: number; readonly length: number; readonly what: string }

export type TokenValue = { readonly text: string; readonly quoted: boolean }

export type Token = {
  // Absent: words of the text.
  readonly field: string | undefined
  readonly without: boolean
  readonly values: readonly TokenValue[]
  readonly at: number
  readonly length: number
}

export type Lexed =
  | { readonly tokens: readonly Token[]; readonly problem?: never }
  | { readonly tokens?: never; readonly problem: QueryProblem }

const FIELD = /(-?)([A-Za-z_]+):/y
const SPACE = /\s+/y
const BARE = /[^\s",]+/y
// A word outside of fields may hold commas.
const WORD = /[^\s"]+/y

export function lexed(question: string): Lexed {
  const tokens: Token[] = []
  let at = 0
  const stopped = (from: number, length: number, what: string): Lexed => ({
    problem: { at: from, length: Math.max(1, length), what },
  })
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const found = pattern.exec(question)
    if (found !== null) at = pattern.lastIndex
    return found
  }
  if (question.length > SEARCH_LIMITS.queryCharacters) {
    const most = SEARCH_LIMITS.queryCharacters
    return stopped(most, 1, `it is longer than ${most} characters`)
  }
  for (;;) {
    match(SPACE)
    if (at >= question.length) return { tokens }
    const from = at
    if (tokens.length >= SEARCH_LIMITS.queryTerms) {
      return stopped(from, 1, `it has more than ${SEARCH_LIMITS.queryTerms} parts`)
    }
    const named = match(FIELD)
    const field = named?.[2]?.toLowerCase()
    const without = named === null ? question[at] === '-' : named[1] === '-'
    if (named === null && without) at += 1
    const values: TokenValue[] = []
    for (;;) {
      const start = at
      if (question[at] === '"') {
        const text = quotedFrom(question, at)
        if (text === undefined) return stopped(start, 1, 'this quote is never closed')
        at = text.end
        values.push({ text: text.text, quoted: true })
      } else {
        const bare = match(field === undefined ? WORD : BARE)
        if (bare === null) {
          const what =
            field === undefined
              ? 'there is nothing after the -'
              : `${field}: is not followed by a value; write ${field}:value`
          return stopped(from, at - from, what)
        }
        values.push({ text: bare[0], quoted: false })
      }
      if (field === undefined || question[at] !== ',') break
      at += 1
    }
    const [next] = question.slice(at, at + 1)
    if (next !== undefined && !/\s/.test(next)) {
      return stopped(at, 1, 'a space must stand between this and what is before it')
    }
    for (const { text } of values) {
      if (text === '') return stopped(from, at - from, 'there is nothing between the quotes')
    }
    tokens.push({ field, without, values, at: from, length: at - from })
  }
}

// A doubled quote, or one behind a backslash, stands for itself.
function quotedFrom(
  question: string,
  at: number,
): { readonly text: string; readonly end: number } | undefined {
  let text = ''
  for (let i = at + 1; i < question.length; i += 1) {
    const letter = question[i] ?? ''
    const next = question[i + 1]
    if (letter === '\\' && (next === '"' || next === '\\')) {
      text += next
      i += 1
    } else if (letter === '"' && next === '"') {
      text += '"'
      i += 1
    } else if (letter === '"') return { text, end: i + 1 }
    else text += letter
  }
  return undefined
}
