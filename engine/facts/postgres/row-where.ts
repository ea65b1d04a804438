// The condition of an UPDATE or DELETE with a row filter put before it, in the client's own text.
import { parseSync, scanSync } from 'libpg-query'
import type { Node, RangeVar, ScanToken } from 'libpg-query'
import type { Edit } from './splice-text.js'

export type Narrowed = { readonly edits: readonly Edit[]; readonly where: Node }

/**
 * `calm`: the client's own condition may be tried in any order. undefined where the text is written in a
 * way that is not known here.
 */
export function narrowed(
  text: string,
  relation: RangeVar,
  where: Node | undefined,
  condition: string,
  calm: boolean,
): Narrowed | undefined {
  const tokens = scanSync(text).tokens.filter(({ tokenName }) => !tokenName.endsWith('COMMENT'))
  const first = tokens.findIndex(({ start }) => start === (relation.location ?? 0))
  if (first < 0) return undefined
  const { word, last } = spanFrom(tokens, first)
  if (last === undefined || (word === undefined) !== (where === undefined)) return undefined
  if (word === undefined || where === undefined) {
    const made = expression(`(${condition}) IS TRUE`)
    if (made === undefined) return undefined
    return { edits: [inserted(last.end, ` WHERE (${condition}) IS TRUE`)], where: made }
  }
  const [before, after] = calm
    ? [` ((${condition}) IS TRUE) AND (`, ')']
    : [` CASE WHEN (${condition}) IS TRUE THEN (`, ') ELSE FALSE END']
  // The client's own condition takes the place of a name that nothing else has.
  const made = expression(`${before}"~"${after}`)
  if (made === undefined) return undefined
  return {
    edits: [inserted(word.end, before), inserted(last.end, after)],
    where: withOwn(made, where),
  }
}

// From the relation's name to where its statement ends: its WHERE, and the last word of that.
function spanFrom(
  tokens: readonly ScanToken[],
  first: number,
): { readonly word: ScanToken | undefined; readonly last: ScanToken | undefined } {
  let depth = 0
  let word: ScanToken | undefined
  let last: ScanToken | undefined
  for (const token of tokens.slice(first)) {
    if (token.text === '(' || token.text === '[') depth += 1
    if (token.text === ')' || token.text === ']') depth -= 1
    const isOver = depth === 0 && (token.text === ';' || isKeyword(token, 'returning'))
    if (depth < 0 || isOver) break
    if (depth === 0 && isKeyword(token, 'where')) word ??= token
    last = token
  }
  return { word, last }
}

function inserted(at: number, text: string): Edit {
  return { start: at, end: at, text }
}

function expression(text: string): Node | undefined {
  const node = parseSync(`SELECT 1 WHERE ${text}`).stmts?.[0]?.stmt
  return node !== undefined && 'SelectStmt' in node ? node.SelectStmt.whereClause : undefined
}

// As the same objects, so that what is replaced in them is found.
function withOwn(made: Node, own: Node): Node {
  const placed = (value: unknown): unknown => {
    if (isOwn(value)) return own
    if (Array.isArray(value)) return value.map(placed)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, placed(inner)]))
  }
  return placed(made) as Node
}

function isOwn(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('ColumnRef' in value)) return false
  const { ColumnRef: body } = value as { ColumnRef: { fields?: readonly unknown[] } }
  const [name, ...more] = body.fields ?? []
  return more.length === 0 && JSON.stringify(name) === '{"String":{"sval":"~"}}'
}

function isKeyword({ keywordName, text }: ScanToken, word: string): boolean {
  return keywordName === 'RESERVED_KEYWORD' && text.toLowerCase() === word
}
