// `COPY table (columns) TO`: the table in it becomes a query over the masked table, of the same columns. All
// else of the statement stays as the client wrote it; the old `COPY BINARY table` takes no query, and says
// BINARY at its end instead.
import { parseSync } from 'libpg-query'
import type { CopyStmt, Node } from 'libpg-query'
import type { Relation } from './catalogue.js'
import { quoted } from './mask-expression.js'
import { createWritten, type Edit, type Word } from './splice-text.js'
import { isReplaced } from './splice-tree.js'

/** `masked` stands for the table; undefined where the text is written in a way that is not known here. */
export function copyOfQuery(
  text: string,
  copy: CopyStmt,
  relation: Relation,
  masked: string,
): string | undefined {
  const { relation: range, attlist } = copy
  const written = createWritten(text)
  const place = range === undefined ? undefined : written.placeOf(range, attlist !== undefined)
  // Rows of a parted table are not copied.
  if (place === undefined || relation.kind !== 'r') return undefined
  const names = attlist?.map(nameOf) ?? relation.columns.filter(isStored).map(({ name }) => name)
  if (names.includes(undefined)) return undefined
  const listed = names.map((name) => quoted(name ?? '')).join(', ')
  const query = `SELECT ${listed} FROM ${masked} AS ${quoted(relation.name)}`
  const moved = binaryMoved(written.wordBefore(place.start), written.end)
  const made = written.edited([...moved, { ...place, text: `(${query})` }])
  const after = parseSync(made).stmts ?? []
  const subquery = parseSync(query).stmts?.[0]?.stmt
  const { relation: _range, attlist: _list, ...rest } = copy
  const intended = { CopyStmt: { ...rest, query: subquery } }
  return after.length === 1 && isReplaced(intended, after[0]?.stmt, new Map()) ? made : undefined
}

// `COPY BINARY` with further options in brackets does not parse once it is written so.
function binaryMoved(before: Word | undefined, end: number): readonly Edit[] {
  if (before?.text.toLowerCase() !== 'binary') return []
  return [
    { start: before.start, end: before.end, text: '' },
    { start: end, end, text: ' BINARY' },
  ]
}

function nameOf(node: Node): string | undefined {
  return 'String' in node ? (node.String.sval ?? '') : undefined
}

function isStored({ generated }: Relation['columns'][number]): boolean {
  return !generated
}
