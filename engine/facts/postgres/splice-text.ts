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
  // Where the last word ends that is no semicolon.
  readonly end: number
}

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
    wordBefore: (start) => tokens.findLast(({ end }) => end <= start),
    end: tokens.findLast(({ text: word }) => word !== ';')?.end ?? bytes.length,
  }
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
