// The SELECT that counts the rows which an UPDATE or DELETE would change: the same relation, sources and
// condition, cut out of the client's own text. It counts only if it parses to exactly those parts.
import { parseSync, scanSync } from 'libpg-query'
import type { Node, RangeVar } from 'libpg-query'

export type CountSelect =
  | {
      readonly text: string
      // Numbers of the parameters that it uses.
      readonly parameters: readonly number[]
      // Names of the functions that it calls.
      readonly calls: readonly string[]
    }
  | { readonly why: string }

export function countSelectOf(text: string): CountSelect {
  try {
    return countSelect(text)
  } catch {
    return { why: 'it cannot be put as a count' }
  }
}

type Modified = {
  readonly relation: RangeVar | undefined
  readonly sources: readonly Node[]
  readonly where: Node | undefined
}

function countSelect(text: string): CountSelect {
  const body = modifiedBy(onlyStatement(text))
  if (typeof body === 'string') return { why: body }
  const pieces = piecesOf(text)
  if (pieces === undefined) return { why: 'it is written unusually' }
  const { target, sources, where } = pieces
  const inner =
    sources === undefined
      ? condition(where)
      : ` WHERE EXISTS (SELECT FROM ${sources}${condition(where)})`
  const select = `SELECT pg_catalog.count(*) FROM ${target}${inner}`
  const node = onlyStatement(select)
  if (node === undefined || !isSame(node, body)) return { why: 'it is written unusually' }
  const found = mentions(node)
  return { text: select, parameters: found.parameters, calls: found.calls }
}

function modifiedBy(node: Node | undefined): Modified | string {
  if (node === undefined) return 'it is not one statement'
  const found =
    'DeleteStmt' in node
      ? { ...node.DeleteStmt, sources: node.DeleteStmt.usingClause }
      : 'UpdateStmt' in node
        ? { ...node.UpdateStmt, sources: node.UpdateStmt.fromClause }
        : undefined
  if (found === undefined) return 'only UPDATE and DELETE are counted'
  if (found.withClause !== undefined) return 'WITH is not counted'
  const { whereClause: where } = found
  if (where !== undefined && 'CurrentOfExpr' in where) return 'WHERE CURRENT OF is not counted'
  return { relation: found.relation, sources: found.sources ?? [], where }
}

type Pieces = {
  readonly target: string
  readonly sources: string | undefined
  readonly where: string | undefined
}

// The clauses at the outermost level. IS DISTINCT FROM begins no clause.
function piecesOf(text: string): Pieces | undefined {
  const bytes = Buffer.from(text, 'utf8')
  const tokens = scanSync(text).tokens.filter(({ tokenName }) => !tokenName.endsWith('COMMENT'))
  const cuts: { readonly word: string; readonly start: number; readonly end: number }[] = []
  let depth = 0
  tokens.forEach(({ start, end }, i) => {
    const word = bytes.subarray(start, end).toString('utf8').toLowerCase()
    if (word === '(' || word === '[') depth++
    else if (word === ')' || word === ']') depth--
    else if (depth === 0 && (CLAUSES.has(word) || word === ';')) {
      const before = tokens[i - 1]
      const after =
        before === undefined
          ? ''
          : bytes.subarray(before.start, before.end).toString().toLowerCase()
      if (word !== 'from' || after !== 'distinct') cuts.push({ word, start, end })
    }
  })
  const piece = (word: string): string | undefined => {
    const at = cuts.findIndex((cut) => cut.word === word)
    const found = cuts[at]
    if (found === undefined) return undefined
    return bytes
      .subarray(found.end, cuts[at + 1]?.start ?? bytes.length)
      .toString('utf8')
      .trim()
  }
  const isUpdate = cuts[0]?.word === 'update'
  const target = isUpdate ? piece('update') : piece('from')
  if (target === undefined) return undefined
  const sources = isUpdate ? piece('from') : piece('using')
  // A comment to the end of a line must not swallow what follows.
  const line = (part: string | undefined) => (part === undefined ? undefined : `${part}\n`)
  return { target: `${target}\n`, sources: line(sources), where: line(piece('where')) }
}

const CLAUSES = new Set(['delete', 'update', 'set', 'from', 'using', 'where', 'returning'])

function condition(where: string | undefined): string {
  return where === undefined ? '' : ` WHERE ${where}`
}

function isSame(node: Node, { relation, sources, where }: Modified): boolean {
  if (!('SelectStmt' in node)) return false
  const outer = node.SelectStmt
  const [from, ...others] = outer.fromClause ?? []
  if (from === undefined || others.length > 0 || !('RangeVar' in from)) return false
  if (bare(from.RangeVar) !== bare(relation)) return false
  if (sources.length === 0) return bare(outer.whereClause) === bare(where)
  const { whereClause: exists } = outer
  if (exists === undefined || !('SubLink' in exists)) return false
  const { subselect } = exists.SubLink
  if (subselect === undefined || !('SelectStmt' in subselect)) return false
  const inner = subselect.SelectStmt
  return bare(inner.fromClause) === bare(sources) && bare(inner.whereClause) === bare(where)
}

// A tree without the places in the text.
function bare(value: unknown): string {
  return JSON.stringify(value ?? null, (key, inner: unknown) =>
    PLACE.test(key) ? undefined : inner,
  )
}

const PLACE = /^(?:\w+_)?location$|^(?:rexpr_)?list_(?:start|end)$/

function mentions(node: Node): {
  readonly parameters: readonly number[]
  readonly calls: readonly string[]
} {
  const parameters = new Set<number>()
  const calls = new Set<string>()
  const waiting: unknown[] = [node]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (typeof next !== 'object' || next === null) continue
    for (const [key, inner] of Object.entries(next as Record<string, unknown>)) {
      if (key === 'ParamRef') parameters.add(Number((inner as { number?: number }).number ?? 0))
      if (key === 'FuncCall') calls.add(lastName(inner))
      if (key === 'SQLValueFunction') continue
      if (typeof inner === 'object') waiting.push(inner)
    }
  }
  calls.delete('count')
  return { parameters: [...parameters].sort((a, b) => a - b), calls: [...calls].sort() }
}

function lastName(call: unknown): string {
  const { funcname } = call as { readonly funcname?: readonly Node[] }
  const last = funcname?.at(-1)
  return last !== undefined && 'String' in last ? (last.String.sval ?? '') : ''
}

function onlyStatement(text: string): Node | undefined {
  const statements = parseSync(text).stmts ?? []
  return statements.length === 1 ? statements[0]?.stmt : undefined
}
