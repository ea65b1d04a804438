// Texts that differ only in numbers which no fact depends on share one reading. A template is the text
// with those numbers replaced by a mark. It is made only where that is certain: plain ASCII without
// quotes, dollars, backslashes and comments, so that a run of digits is exactly one integer token to
// PostgreSQL's scanner (scan.l, `integer`), and each run seen in the tree at a place that is inert.
import type { Node } from 'libpg-query'

export type Template = { readonly key: string; readonly length: number }

// A run of up to nine digits is an int4 whatever its digits are.
const DIGITS_MAX = 9
const MARK = '\0'
const TEXT_MAX = 1_000

// Makes a template of a text that has just been read, undefined where one of its numbers might matter.
export function templateOf(text: string, statements: readonly Node[]): Template | undefined {
  const [statement, ...more] = statements
  if (statement === undefined || more.length > 0 || !isPlainKind(statement)) return undefined
  const runs = runsOf(text)
  if (runs === undefined || runs.length === 0) return undefined
  const inert = new Set<number>()
  collectInert(statement, inert)
  const places = new Set([...inert].map((location) => digitsAfter(text, location)))
  if (!runs.every((run) => places.has(run.start))) return undefined
  const key = templateKey(text)
  return key === undefined ? undefined : { key, length: text.length }
}

export function templateKey(text: string): string | undefined {
  const runs = runsOf(text)
  if (runs === undefined || runs.length === 0) return undefined
  let key = ''
  let from = 0
  for (const run of runs) {
    key += text.slice(from, run.start) + MARK
    from = run.end
  }
  return key + text.slice(from)
}

type Run = { readonly start: number; readonly end: number }

// Runs of digits that stand alone. undefined where the text holds anything that could change how a
// scanner splits it.
function runsOf(text: string): readonly Run[] | undefined {
  if (text.length > TEXT_MAX) return undefined
  const runs: Run[] = []
  let previous = 32
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    const kind = kindOf(code)
    if ((kind & UNPLAIN) !== 0 || isComment(code, previous)) return undefined
    if ((kind & DIGIT) === 0) {
      previous = code
      continue
    }
    const start = at
    while (at + 1 < text.length && (kindOf(text.charCodeAt(at + 1)) & DIGIT) !== 0) at += 1
    const next = at + 1 < text.length ? text.charCodeAt(at + 1) : 32
    const alone = ((kindOf(previous) | kindOf(next)) & WORD_PART) === 0
    if (alone && at + 1 - start <= DIGITS_MAX) runs.push({ start, end: at + 1 })
    previous = text.charCodeAt(at)
  }
  return runs
}

// What a code unit is to a scanner, by its bits.
const DIGIT = 1
// Letters, digits, underscore and dot: what could make a run part of a longer token.
const WORD_PART = 2
// Quotes, dollar, backslash, control characters but white space.
const UNPLAIN = 4

const KINDS = Uint8Array.from({ length: 127 }, (_, code) => {
  const character = String.fromCharCode(code)
  return (
    (/\d/.test(character) ? DIGIT : 0) |
    (/[\w.]/.test(character) ? WORD_PART : 0) |
    (/["$'\\]/.test(character) || (code < 32 && !/[\t\n\r]/.test(character)) ? UNPLAIN : 0)
  )
})

// Anything beyond ASCII is unplain.
function kindOf(code: number): number {
  return KINDS[code] ?? UNPLAIN
}

// -- and /*
function isComment(code: number, previous: number): boolean {
  return (code === 45 && previous === 45) || (code === 42 && previous === 47)
}

function isPlainKind(node: Node): boolean {
  return (
    'SelectStmt' in node || 'InsertStmt' in node || 'UpdateStmt' in node || 'DeleteStmt' in node
  )
}

// A negative number's location is its sign (gram.y, doNegate).
function digitsAfter(text: string, location: number): number {
  let at = location
  if (text[at] === '-') {
    at += 1
    while (at < text.length && text.charCodeAt(at) <= 32) at += 1
  }
  return at
}

// Locations of the integers at places where their value changes nothing: an operand beside a column,
// a member of a list compared with a column, a value of INSERT … VALUES or of SET.
function collectInert(value: unknown, inert: Set<number>): void {
  if (Array.isArray(value)) {
    for (const one of value) collectInert(one, inert)
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'A_Expr') operands(inner, inert)
    else if (key === 'UpdateStmt' || key === 'InsertStmt') writtenValues(inner, inert)
    collectInert(inner, inert)
  }
}

function operands(expression: unknown, inert: Set<number>): void {
  const { kind, lexpr, rexpr } = fields(expression)
  if (kind === 'AEXPR_OP') {
    if (isColumn(lexpr)) noteInteger(rexpr, inert)
    if (isColumn(rexpr)) noteInteger(lexpr, inert)
  }
  if ((kind === 'AEXPR_IN' || kind === 'AEXPR_BETWEEN') && isColumn(lexpr)) {
    for (const item of itemsOf(rexpr)) noteInteger(item, inert)
  }
}

function writtenValues(statement: unknown, inert: Set<number>): void {
  const { targetList, selectStmt } = fields(statement)
  for (const target of arrayOf(targetList)) {
    noteInteger(fields(fields(target)['ResTarget'])['val'], inert)
  }
  const { valuesLists } = fields(fields(selectStmt)['SelectStmt'])
  for (const row of arrayOf(valuesLists)) {
    for (const item of itemsOf(row)) noteInteger(item, inert)
  }
}

function itemsOf(node: unknown): readonly unknown[] {
  return arrayOf(fields(fields(node)['List'])['items'])
}

function isColumn(node: unknown): boolean {
  return fields(node)['ColumnRef'] !== undefined
}

function noteInteger(node: unknown, inert: Set<number>): void {
  const constant = fields(fields(node)['A_Const'])
  const location = constant['location']
  if (constant['ival'] !== undefined && typeof location === 'number') inert.add(location)
}

function fields(value: unknown): { readonly [field: string]: unknown } {
  return typeof value === 'object' && value !== null
    ? (value as { readonly [field: string]: unknown })
    : {}
}

function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
