// PostgreSQL's own grammar, compiled to WebAssembly, is the judge of what a text means. This file is
// the only one that calls it; what it cannot read becomes a value, never an exception.
import { hasSqlDetails, loadModule, parseSync, scanSync } from 'libpg-query'
import type { Node, ParseResult } from 'libpg-query'
import { READING_LIMITS } from './limits.js'

export type RawStatement = {
  readonly node: Node
  // Byte range in the UTF-8 text, without the semicolon.
  readonly start: number
  readonly end: number
}

export type Judgement =
  | { readonly kind: 'statements'; readonly statements: readonly RawStatement[] }
  // As PostgreSQL reports it; position counts characters from 1.
  | { readonly kind: 'refused'; readonly message: string; readonly position: number }
  | { readonly kind: 'over_limit'; readonly detail: string }

export type Judge = { readonly judge: (text: string) => Judgement }

export async function createJudge(): Promise<Judge> {
  await loadModule()
  return { judge }
}

function judge(text: string): Judgement {
  // A C string ends at NUL, and so would the reading.
  if (text.includes('\0')) {
    return { kind: 'refused', message: 'a command cannot contain a NUL character', position: 1 }
  }
  // The module takes no empty text; white space as in scan.l.
  if (/^[ \t\n\r\f\v]*$/.test(text)) return { kind: 'statements', statements: [] }
  try {
    return judgementOf(parseSync(text), text)
  } catch (thrown) {
    return refusal(thrown)
  }
}

export function judgementOf(parsed: ParseResult, text: string): Judgement {
  const raw = parsed.stmts ?? []
  if (raw.length > READING_LIMITS.statementsMax) {
    return { kind: 'over_limit', detail: 'too many statements in one message' }
  }
  if (deeperThan(raw, READING_LIMITS.depthMax)) {
    return { kind: 'over_limit', detail: 'nested too deeply' }
  }
  const bytes = Buffer.byteLength(text)
  const statements = raw.flatMap((one): readonly RawStatement[] => {
    if (one.stmt === undefined) return []
    const start = one.stmt_location ?? 0
    // A length of 0 (left out) means: to the end of the text (gram.y, RawStmt).
    const length = one.stmt_len ?? 0
    return [{ node: one.stmt, start, end: length === 0 ? bytes : start + length }]
  })
  return { kind: 'statements', statements }
}

// The text with each comment turned into blanks, for readers that take comments otherwise than
// PostgreSQL does. undefined where the text cannot be scanned.
export function withoutComments(text: string): string | undefined {
  try {
    const bytes = Buffer.from(text)
    for (const { start, end, tokenName } of scanSync(text).tokens) {
      if (tokenName === 'C_COMMENT' || tokenName === 'SQL_COMMENT') bytes.fill(' ', start, end)
    }
    return bytes.toString('utf8')
  } catch {
    return undefined
  }
}

function refusal(thrown: unknown): Judgement {
  if (hasSqlDetails(thrown)) {
    const details = thrown.sqlDetails
    const position = (details?.cursorPosition ?? 0) + 1
    return { kind: 'refused', message: details?.message ?? 'syntax error', position }
  }
  // Node's stack or the module's memory: the text was too much for the parser.
  const detail = thrown instanceof RangeError ? 'nested too deeply' : 'not readable by the parser'
  return { kind: 'over_limit', detail }
}

// Measured without recursion, since what is asked is whether recursion would be safe.
export function deeperThan(root: unknown, depthMax: number): boolean {
  let level: unknown[] = [root]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > depthMax) return true
    const next: unknown[] = []
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue
      for (const inner of Object.values(value)) {
        if (typeof inner === 'object' && inner !== null) next.push(inner)
      }
    }
    level = next
  }
  return false
}
