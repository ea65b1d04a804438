// Small changes of a text of SQL that are safe to make by its tokens: a WHERE on the key, a LIMIT, columns
// left out of a SELECT. Whether a changed text means what it should is for the reader that reads it anew.
import { scanSync } from 'libpg-query'
import type { Catalogue, Relation } from '../../../engine/facts/postgres/catalogue.js'
import { objectName } from '../../../engine/facts/postgres/relation-effect.js'
import type { CommandFacts } from '../../../engine/schemas/facts.js'

export type TextEdit = { readonly words: string; readonly sql: string }

const LIMITS = [1000, 100]

type Token = { readonly start: number; readonly end: number; readonly word: string }

// The parser’s module must have been loaded. A text that cannot be cut into tokens has no edits.
export function textEdits(
  sql: string,
  command: CommandFacts,
  catalogue: Catalogue,
): readonly TextEdit[] {
  const text = Buffer.from(sql)
  const tokens = topTokens(sql)
  const [first] = tokens
  switch (first?.word) {
    case 'update':
    case 'delete':
      return narrowed(text, tokens, command, catalogue)
    case 'select':
      return [...withoutColumns(text, tokens, command, catalogue), ...limited(text, tokens)]
    default:
      return []
  }
}

// Outside of brackets; the last semicolon aside.
function topTokens(sql: string): readonly Token[] {
  const found: Token[] = []
  let depth = 0
  try {
    for (const { start, end, text } of scanSync(sql).tokens) {
      if (text.startsWith('--') || text.startsWith('/*')) continue
      if (text === ')' || text === ']') depth -= 1
      if (depth === 0) found.push({ start, end, word: text.toLowerCase() })
      if (text === '(' || text === '[') depth += 1
    }
  } catch {
    return []
  }
  return found.at(-1)?.word === ';' ? found.slice(0, -1) : found
}

function narrowed(
  text: Buffer,
  tokens: readonly Token[],
  command: CommandFacts,
  catalogue: Catalogue,
): readonly TextEdit[] {
  const changed = command.effects.find(({ op }) => op === 'update' || op === 'delete')
  const relation = relationNamed(catalogue, changed?.object)
  const key = relation?.keys[0]?.map((attnum) => columnOf(relation, attnum)) ?? []
  const words = tokens.map(({ word }) => word)
  if (key.length === 0 || words.some((word) => ['where', 'from', 'using'].includes(word))) {
    // DELETE FROM is the one FROM that joins nothing.
    const joins = words.filter((word) => ['where', 'using'].includes(word)).length
    const from = words.filter((word) => word === 'from').length
    if (key.length === 0 || joins > 0 || from > (words[0] === 'delete' ? 1 : 0)) return []
  }
  const condition = key.map((name, at) => `${identifier(name)} = $${at + 1}`).join(' AND ')
  const sql = inserted(text, tokens, ['returning'], `WHERE ${condition}`)
  return [{ words: 'name the rows by their key', sql }]
}

function limited(text: Buffer, tokens: readonly Token[]): readonly TextEdit[] {
  const words = tokens.map(({ word }) => word)
  if (words.some((word) => ['limit', 'fetch', 'into'].includes(word))) return []
  return LIMITS.map((limit) => ({
    words: `add LIMIT ${limit}`,
    sql: inserted(text, tokens, ['for'], `LIMIT ${limit}`),
  }))
}

// Items of the SELECT list whose values are protected; a star becomes the columns that are not.
function withoutColumns(
  text: Buffer,
  tokens: readonly Token[],
  command: CommandFacts,
  catalogue: Catalogue,
): readonly TextEdit[] {
  const items = selected(tokens)
  const outputs = new Set(
    command.flows.flatMap(({ to, output }) => (to === 'output' ? [output] : [])),
  )
  if (items.length === 0 || outputs.size === 0) return []
  const cut = (item: readonly Token[]): string =>
    text.subarray(item[0]?.start, item.at(-1)?.end).toString()
  let kept: readonly string[]
  if (items.some((item) => item.at(-1)?.word === '*')) {
    const reads = command.effects.filter(({ op }) => op === 'read')
    const relation = reads.length === 1 ? relationNamed(catalogue, reads[0]?.object) : undefined
    if (items.length > 1 || relation === undefined) return []
    const plain = relation.columns.filter(({ labels }) => labels.length === 0)
    kept = plain.map(({ name }) => identifier(name))
  } else kept = items.filter((_, at) => !outputs.has(at)).map(cut)
  const [from, to] = [items[0]?.[0]?.start, items.at(-1)?.at(-1)?.end]
  if (kept.length === 0 || from === undefined || to === undefined) return []
  const sql = `${text.subarray(0, from).toString()}${kept.join(', ')}${text.subarray(to).toString()}`
  return [{ words: 'leave the protected columns out', sql: withoutEnd(sql) }]
}

// Between SELECT and FROM. What DISTINCT ON and set operations make of it is left alone.
function selected(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const words = tokens.map(({ word }) => word)
  if (words.some((word) => ['distinct', 'union', 'except', 'intersect', 'into'].includes(word)))
    return []
  const from = words.indexOf('from')
  const list = tokens.slice(words[1] === 'all' ? 2 : 1, from < 0 ? tokens.length : from)
  const items: Token[][] = [[]]
  for (const token of list) {
    if (token.word === ',') items.push([])
    else items.at(-1)?.push(token)
  }
  return items.every((item) => item.length > 0) ? items : []
}

// Before the first of these words, or at the end; on a line of its own where a comment might swallow it.
function inserted(
  text: Buffer,
  tokens: readonly Token[],
  before: readonly string[],
  part: string,
): string {
  const found = tokens.find(({ word }, at) => at > 0 && before.includes(word))
  const at = found?.start ?? tokens.at(-1)?.end ?? text.length
  const [head, tail] = [text.subarray(0, at).toString(), text.subarray(at).toString()]
  const gap = found === undefined ? ' ' : ''
  return withoutEnd(`${head}${gap}${part}${found === undefined ? tail : ` ${tail}`}`)
}

function withoutEnd(sql: string): string {
  return sql.trim()
}

function relationNamed(catalogue: Catalogue, object: string | undefined): Relation | undefined {
  return (catalogue.userRelations ?? []).find((relation) => objectName(relation) === object)
}

function columnOf(relation: Relation, attnum: number): string {
  return relation.columns.find((column) => column.attnum === attnum)?.name ?? ''
}

function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
