// Row filters at the source: each reading of a relation whose rows are filtered becomes a sub-select of the
// rows that may be seen, and an UPDATE or DELETE of it gets the condition before its own. It works on
// the client's text or on that text with its masks, and what it cannot put so is refused.
import { parseSync } from 'libpg-query'
import type { Node, RangeVar } from 'libpg-query'
import type { Catalogue, NameContext, Relation } from './catalogue.js'
import { conditionOf } from './row-condition.js'
import { isCalmQuery } from './row-fence.js'
import { relationNamed } from './analysis.js'
import type { Filtered } from './row-filters.js'
import { placesOf, type RowPlaces } from './row-places.js'
import { editsOfTarget } from './row-target.js'
import { copyOfQuery } from './splice-copy.js'
import { quoted, typeNameOf } from './splice-select.js'
import { createWritten, type Edit } from './splice-text.js'
import { copiedTable, isReplaced } from './splice-tree.js'
import { qualified } from './splice-view.js'

export type RowParts = {
  readonly catalogue: Catalogue
  readonly names: NameContext
  readonly filtered: Filtered
  // `hollow`: the sub-selects have the columns and read nothing, so that whatever else reads the
  // relation can be found.
  readonly mode: 'apply' | 'hollow'
  // Views are being taken apart.
  readonly inlined?: readonly Relation[]
}

type Fields = Readonly<Record<string, unknown>>

export type Refused = { readonly refused: string }

/** The text with its filters. */
export function rowsSpliced(text: string, parts: RowParts): string | Refused {
  const before = onlyStatement(text)
  if (before === undefined) return refused('not a single statement')
  const table = copiedTable(before)
  if (table?.relation !== undefined) {
    const { relation: range } = table
    const relation = relationNamed(range, parts)
    const stand = relation && standIn(relation, { ...range, inh: false }, false, parts)
    if (relation === undefined || stand === undefined) return text
    if (typeof stand !== 'string') return stand
    return copyOfQuery(text, table, relation, stand) ?? refused('a COPY is written unusually')
  }
  return queriesSpliced(text, before, parts)
}

function queriesSpliced(text: string, before: Node, parts: RowParts): string | Refused {
  const places = placesOf(before)
  if ('refused' in places) return places
  const edits = new Map<number, Edit>()
  const replacements = new Map<unknown, Node>()
  const read = editsOfReads(text, before, places, parts, edits, replacements)
  if (read !== undefined) return read
  const targets = editsOfTarget(text, before, places, parts)
  if ('refused' in targets) return targets
  const all = [...edits.values(), ...targets.edits]
  if (all.length === 0) return text
  const rewritten = createWritten(text).edited(all)
  const after = onlyStatement(rewritten)
  return after !== undefined && isReplaced(targets.intended, after, replacements)
    ? rewritten
    : refused('the rewritten statement does not read as intended')
}

function editsOfReads(
  text: string,
  before: Node,
  { reads, ctes, obstacle }: RowPlaces,
  parts: RowParts,
  // By where they begin: the tree tells the source of `SET (a, b) = (…)` once for each column.
  edits: Map<number, Edit>,
  replacements: Map<unknown, Node>,
): Refused | undefined {
  const written = createWritten(text)
  const fence = !isCalmStatement(before)
  for (const range of reads) {
    const relation = relationNamed(range, parts)
    const stand = relation === undefined ? undefined : standIn(relation, range, fence, parts)
    if (stand === undefined) continue
    if (typeof stand !== 'string') return stand
    if (obstacle !== undefined) return refused(`rewriting leaves ${obstacle} alone`)
    if (range.catalogname !== undefined) return refused('a relation is named with its database')
    if (range.schemaname === undefined && ctes.has(range.relname ?? '')) {
      return refused('WITH and a table share a name')
    }
    const at = written.placeOf(range)
    const subquery = onlyStatement(stand)
    if (at === undefined || subquery === undefined) return refused('a name is written unusually')
    const alias = range.alias ?? { aliasname: range.relname ?? '' }
    const named = range.alias === undefined ? ` AS ${quoted(range.relname ?? '')} ` : ' '
    edits.set(at.start, { start: at.start, end: at.end, text: `${at.before}${stand}${named}` })
    replacements.set(range, { RangeSubselect: { subquery, alias } })
  }
  return undefined
}

function isCalmStatement(node: Node): boolean {
  const [body] = Object.values(node) as readonly unknown[] as readonly Fields[]
  if ('SelectStmt' in node || body === undefined) return isCalmQuery(body)
  const inner = body['query'] ?? body['selectStmt']
  if (inner === undefined) return isCalmQuery({ ...body, relation: undefined })
  return isCalmStatement(inner as Node) && isCalmQuery({ with: body['withClause'] })
}

// The sub-select that takes the relation's place; undefined where it stays as it is.
function standIn(
  relation: Relation,
  range: RangeVar,
  fence: boolean,
  parts: RowParts,
): string | Refused | undefined {
  const reach = parts.filtered.of(relation)
  if (reach === undefined) return undefined
  const name = `${relation.schema}.${relation.name}`
  if (reach.kind === 'unclear') return refused(`${name} ${reach.why}`)
  if (reach.kind === 'through') return viewInline(relation, parts)
  if (relation.barrier === true && parts.inlined !== undefined) {
    return refused('a view keeps rows from others')
  }
  const table = quoted(relation.name)
  const isOnly = range.inh !== true
  if (parts.mode === 'hollow') return hollow(relation, parts.catalogue)
  const condition = conditionOf(relation, reach.rows, relation.name, parts.catalogue)
  if (typeof condition !== 'string') return condition
  const columns = relation.columns.map((column) => `${table}.${quoted(column.name)}`).join(', ')
  const from = `${isOnly ? 'ONLY ' : ''}${quoted(relation.schema)}.${table} AS ${table}`
  return `(SELECT ${columns} FROM ${from} WHERE ${condition}${fence ? ' OFFSET 0' : ''})`
}

function hollow(relation: Relation, catalogue: Catalogue): string | Refused {
  const columns: string[] = []
  for (const column of relation.columns) {
    const type = typeNameOf(column, catalogue)
    if (type === undefined) return refused(`the type of ${column.name} is not known`)
    columns.push(`CAST(NULL AS ${type}) AS ${quoted(column.name)}`)
  }
  return `(SELECT ${columns.join(', ')})`
}

// As where masks take a view apart: its tables are named in full, and what it keeps from others stays kept.
function viewInline(view: Relation, parts: RowParts): string | Refused {
  const { catalogue, names, inlined = [] } = parts
  if (view.kind !== 'v' || view.definition === undefined || inlined.includes(view)) {
    return refused('a view is not known')
  }
  if (view.barrier === true) return refused('a view keeps rows from others')
  const searchPath = catalogue.definitionPath ?? names.searchPath
  if (names.searchPath[0] !== 'pg_catalog' || searchPath[0] !== 'pg_catalog') {
    return refused('pg_catalog is not the first of the search path')
  }
  const definition = view.definition.replace(/;\s*$/, '')
  const text = qualified(definition, (range) =>
    relationNamed(range, { catalogue, names: { ...names, searchPath } }),
  )
  if (text === undefined) return refused('a view is not read')
  const inner = rowsSpliced(text, { ...parts, inlined: [...inlined, view] })
  return typeof inner === 'string' ? `(${inner})` : inner
}

function onlyStatement(text: string): Node | undefined {
  const statements = parseSync(text).stmts ?? []
  return statements.length === 1 ? statements[0]?.stmt : undefined
}

export function refused(reason: string): Refused {
  return { refused: reason }
}
