// Where relations stand in a text, byte by byte as PostgreSQL's own scanner sees it, and the text with
// some of its bytes replaced. All else stays as the client wrote it.
import { scanSync } from 'libpg-query'
import type { RangeVar, ScanToken } from 'libpg-query'

/** Offsets in bytes of UTF-8. */
export type Edit = { readonly start: number; readonly end: number; readonly text: string }

export type Place = {
  readonly start: number
  readonly end: number
  // What must stand before a sub-select there: of `TABLE name` the table alone can be named.
  readonly before: string
}

export type Written = {
  /**
   * From TABLE or ONLY to the descendants' `*`, or to the end of the list of columns after it; undefined
   * where it is written in no way known here.
   */
  readonly placeOf: (range: RangeVar, withList?: boolean) => Place | undefined
  readonly edited: (edits: readonly Edit[]) => string
  readonly wordBefore: (start: number) => Word | undefined
  readonly wordAt: (start: number) => Word | undefined
  // A call whose name has so many parts, with the texts of its arguments.
  readonly callAt: (start: number, parts: number) => Call | undefined
  readonly castAt: (start: number) => Call | undefined
  // Where the last word ends that is no semicolon.
  readonly end: number
}

// `args`: of a cast what is cast.
export type Call = {
  readonly start: number
  readonly end: number
  readonly args: readonly string[]
}

export type Word = Pick<ScanToken, 'start' | 'end' | 'text'>

export function createWritten(text: string): Written {
  const bytes = Buffer.from(text, 'utf8')
  const tokens = scanSync(text).tokens.filter(({ tokenName }) => !tokenName.endsWith('COMMENT'))
  return {
    placeOf(range, withList = false) {
      const first = tokens.findIndex((token) => token.start === (range.location ?? 0))
      const last = first + (range.schemaname === undefined ? 0 : 2)
      const [opens, closes] = [tokens[first], tokens[last]]
      if (opens === undefined || closes === undefined) return undefined
      // A name in U&"" may end with UESCAPE.
      if (/u&"/i.test(bytes.subarray(opens.start, closes.end).toString('utf8'))) return undefined
      if (withList) {
        const list = tokens.findIndex(({ text: word }, at) => at > last && word === ')')
        const end = tokens[last + 1]?.text === '(' ? tokens[list]?.end : undefined
        return end === undefined ? undefined : { start: opens.start, end, before: '' }
      }
      const only = range.inh !== true
      const wrapped = only && tokens[first - 1]?.text === '(' && tokens[last + 1]?.text === ')'
      const begins = first - (wrapped ? 1 : 0) - (only ? 1 : 0)
      const start = tokens[begins]
      if (start === undefined || (only && !isKeyword(start, 'only'))) return undefined
      const after = tokens[last + 1]
      const end = wrapped || after?.text === '*' ? (after ?? closes) : closes
      const table = tokens[begins - 1]
      return table !== undefined && isKeyword(table, 'table')
        ? { start: table.start, end: end.end, before: 'SELECT * FROM ' }
        : { start: start.start, end: end.end, before: '' }
    },
    edited: (edits) => edited(bytes, edits),
    wordAt: (start) => tokens.find((token) => token.start === start),
    callAt: (start, parts) => callAt(bytes, tokens, start, parts),
    castAt: (start) => castAt(bytes, tokens, start),
    wordBefore: (start) => tokens.findLast(({ end }) => end <= start),
    end: tokens.findLast(({ text: word }) => word !== ';')?.end ?? bytes.length,
  }
}

const OPENS: Readonly<Record<string, string>> = { ')': '(', ']': '[' }

// `value::type` or `CAST(value AS type)`, where value is a single word or stands in brackets; whether it was
// all of it shows in the tree.
function castAt(bytes: Buffer, tokens: readonly ScanToken[], start: number): Call | undefined {
  const at = tokens.findIndex((token) => token.start === start)
  const text = (from: number, to: number): string => bytes.subarray(from, to).toString('utf8')
  if (tokens[at]?.text === '::') {
    const [first, last, end] = [
      startOfOperand(tokens, at - 1),
      tokens[at - 1],
      endOfName(tokens, at + 1),
    ]
    if (first === undefined || last === undefined || end === undefined) return undefined
    return { start: first.start, end, args: [text(first.start, last.end)] }
  }
  const call = callAt(bytes, tokens, start, 1)
  const as = tokens.findLast(
    ({ start: from, text: word }) =>
      call !== undefined && from > start && from < call.end && word.toLowerCase() === 'as',
  )
  const opens = tokens[at + 1]
  if (call === undefined || as === undefined || opens === undefined) return undefined
  return { start, end: call.end, args: [text(opens.end, as.start)] }
}

function startOfOperand(tokens: readonly ScanToken[], last: number): ScanToken | undefined {
  const wanted = OPENS[tokens[last]?.text ?? '']
  if (wanted === undefined) return tokens[last]
  let depth = 0
  for (let at = last; at >= 0; at -= 1) {
    const word = tokens[at]?.text ?? ''
    if (word in OPENS) depth += 1
    if (word === '(' || word === '[') depth -= 1
    if (depth === 0) return tokens[at]
  }
  return undefined
}

function endOfName(tokens: readonly ScanToken[], first: number): number | undefined {
  let at = first
  while (tokens[at + 1]?.text === '.') at += 2
  return tokens[at]?.end
}

function callAt(
  bytes: Buffer,
  tokens: readonly ScanToken[],
  start: number,
  parts: number,
): Call | undefined {
  const first = tokens.findIndex((token) => token.start === start)
  const opens = first + 2 * parts - 1
  if (first < 0 || tokens[opens]?.text !== '(') return undefined
  const args: string[] = []
  let [depth, from] = [0, tokens[opens].end]
  for (const { start: at, end, text } of tokens.slice(opens)) {
    const isLast = depth === 1 && text === ')'
    if (depth === 1 && (isLast || text === ',')) {
      const arg = bytes.subarray(from, at).toString('utf8')
      if (arg.trim() !== '' || text === ',' || args.length > 0) args.push(arg)
      from = end
    }
    if (isLast) return { start, end, args }
    if ('([{'.includes(text)) depth += 1
    if (')]}'.includes(text)) depth -= 1
  }
  return undefined
}

/** Does any of these names stand in the text, as a name? */
export function namesAny(text: string, names: ReadonlySet<string>): boolean {
  return scanSync(text).tokens.some(({ text: word, tokenName }) => {
    if (tokenName.endsWith('COMMENT') || tokenName === 'SCONST') return false
    if (/^u&"/i.test(word)) return true
    return names.has(word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : lower(word))
  })
}

// As PostgreSQL folds names that are not quoted; others are not folded by every locale.
function lower(word: string): string {
  return word.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** `bytes` with each edit's text in the place of its bytes; edits do not overlap. */
export function edited(bytes: Buffer, edits: readonly Edit[]): string {
  const pieces: Buffer[] = []
  let at = 0
  for (const { start, end, text } of [...edits].sort((a, b) => a.start - b.start)) {
    pieces.push(bytes.subarray(at, start), Buffer.from(text, 'utf8'))
    at = end
  }
  return Buffer.concat([...pieces, bytes.subarray(at)]).toString('utf8')
}

function isKeyword({ keywordName, text }: ScanToken, word: string): boolean {
  return keywordName === 'RESERVED_KEYWORD' && text.toLowerCase() === word
}
