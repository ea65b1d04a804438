// A second, independent reading of a text by another parser. It accepts less than PostgreSQL does, so
// that its refusal means nothing; but where it reads a text, and reads other kinds of statements or
// other relations than the judge, one of the two is wrong and the text counts as unread.
import type { Node } from 'libpg-query'
import { parse } from 'pgsql-ast-parser'
import { withoutComments } from './judge.js'
import { READING_LIMITS } from './limits.js'
import { tagOf } from './tree.js'

// Undefined: no objection. Else what the two disagree about.
export function objection(text: string, statements: readonly Node[]): string | undefined {
  if (text.length > READING_LIMITS.witnessBytesMax) return undefined
  if (nesting(text) > READING_LIMITS.witnessDepthMax) return undefined
  // The witness takes everything between the first and the last of several comments for one.
  const plain = text.includes('/*') ? withoutComments(text) : text
  const other = plain === undefined ? undefined : witnessed(plain)
  if (other === undefined) return undefined
  if (other.length !== statements.length) return 'number of statements'
  for (const [at, statement] of statements.entries()) {
    const found = disagreement(statement, other[at])
    if (found !== undefined) return found
  }
  return undefined
}

function witnessed(text: string): readonly unknown[] | undefined {
  try {
    return parse(text)
  } catch {
    return undefined
  }
}

function nesting(text: string): number {
  let depth = 0
  let deepest = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 40) {
      depth += 1
      if (depth > deepest) deepest = depth
    } else if (code === 41) depth -= 1
  }
  return deepest
}

// What the witness calls a statement, and what the judge may call it then.
const KINDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['select', ['SelectStmt']],
  ['union', ['SelectStmt']],
  ['union all', ['SelectStmt']],
  ['values', ['SelectStmt']],
  ['with', ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt']],
  ['with recursive', ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt']],
  ['insert', ['InsertStmt']],
  ['update', ['UpdateStmt']],
  ['delete', ['DeleteStmt']],
  ['truncate table', ['TruncateStmt']],
  ['drop table', ['DropStmt']],
  ['drop index', ['DropStmt']],
  ['drop sequence', ['DropStmt']],
  ['drop trigger', ['DropStmt']],
  ['drop type', ['DropStmt']],
  ['drop function', ['DropStmt']],
  ['alter table', ['AlterTableStmt', 'RenameStmt', 'AlterOwnerStmt', 'AlterObjectSchemaStmt']],
  ['create table', ['CreateStmt']],
  ['create view', ['ViewStmt']],
  ['create materialized view', ['CreateTableAsStmt']],
  ['create index', ['IndexStmt']],
  ['create function', ['CreateFunctionStmt']],
  ['begin', ['TransactionStmt']],
  ['start transaction', ['TransactionStmt']],
  ['commit', ['TransactionStmt']],
  ['rollback', ['TransactionStmt']],
  ['do', ['DoStmt']],
])

const COMPARED = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt'])

function disagreement(statement: Node, other: unknown): string | undefined {
  const tag = tagOf(statement)
  const type = isTree(other) && typeof other['type'] === 'string' ? other['type'] : ''
  const expected = KINDS.get(type)
  if (expected === undefined) return undefined
  if (!expected.includes(tag)) return 'kind of statement'
  if (!COMPARED.has(tag)) return undefined
  const ours = new Set<string>()
  const theirs = new Set<string>()
  const hidden = new Set<string>()
  collectJudge(statement, ours, hidden)
  collectWitness(other, theirs, hidden)
  const same = (name: string): boolean => ours.has(name) === theirs.has(name)
  const names = [...ours, ...theirs].filter(
    (name) => !hidden.has(name.slice(name.indexOf(' ') + 1)),
  )
  return names.every(same) ? undefined : 'relations touched'
}

type Tree = { readonly [field: string]: unknown }

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null
}

const WRITES: ReadonlyMap<string, string> = new Map([
  ['InsertStmt', 'insert'],
  ['UpdateStmt', 'update'],
  ['DeleteStmt', 'delete'],
])

// Walks any part of the judge's tree, collecting `read x`, `insert x` … and the names of CTEs, which
// hide relations and are left out on both sides.
function collectJudge(value: unknown, found: Set<string>, hidden: Set<string>): void {
  if (Array.isArray(value)) {
    for (const one of value) collectJudge(one, found, hidden)
    return
  }
  if (!isTree(value)) return
  for (const [key, inner] of Object.entries(value)) {
    if (!isTree(inner)) continue
    if (key === 'RangeVar') {
      found.add(`read ${relname(inner)}`)
      continue
    }
    const write = WRITES.get(key)
    if (write !== undefined && isTree(inner['relation'])) {
      found.add(`${write} ${relname(inner['relation'])}`)
    }
    if (key === 'CommonTableExpr') hidden.add(String(inner['ctename']).toLowerCase())
    collectJudge(inner, found, hidden)
  }
}

function relname(range: Tree): string {
  return String(range['relname'] ?? '').toLowerCase()
}

function collectWitness(value: unknown, found: Set<string>, hidden: Set<string>): void {
  if (Array.isArray(value)) {
    for (const one of value) collectWitness(one, found, hidden)
    return
  }
  if (!isTree(value)) return
  if (value['type'] === 'table') found.add(`read ${nameOf(value['name'])}`)
  if (value['type'] === 'insert' && isTree(value['into']))
    found.add(`insert ${nameOf(value['into'])}`)
  if (value['type'] === 'update' && isTree(value['table']))
    found.add(`update ${nameOf(value['table'])}`)
  if (value['type'] === 'delete' && isTree(value['from']))
    found.add(`delete ${nameOf(value['from'])}`)
  for (const inner of Object.values(value)) collectWitness(inner, found, hidden)
}

function nameOf(value: unknown): string {
  return isTree(value) ? String(value['name']).toLowerCase() : ''
}
