// Masking at the source: in the client's own text each relation with protected columns becomes a
// sub-select in which those are masked, so that the target itself computes on masked values. The new
// text counts only if it parses to the intended tree, and if it would be let through as any other.
import { parseSync } from 'libpg-query'
import type { CopyStmt, Node, RangeVar } from 'libpg-query'
import type { Mask } from '../../schemas/decision.js'
import { NOTHING_STALE, relationNamed } from './analysis.js'
import type { Catalogue, NameContext, Relation } from './catalogue.js'
import { exitMasksOf } from './exit-masks.js'
import type { ExitMasks } from './exit-masks.js'
import { isPattern } from './mask-match.js'
import type { Reading, Statement } from './reading.js'
import { copyOfQuery } from './splice-copy.js'
import { quoted } from './mask-expression.js'
import { maskedGeneration } from './splice-generated.js'
import { inlinedRoutines } from './splice-routine.js'
import { storedNowhere } from './splice-insert.js'
import { maskOfColumn, maskedSelect } from './splice-select.js'
import { createWritten, type Edit } from './splice-text.js'
import { copiedTable, inventoryOf, isReplaced, queryOfView, queryWithin } from './splice-tree.js'
import { qualified } from './splice-view.js'
import { statementOf } from './statements/statement.js'
import { holdsStatistics } from './system-relations.js'

export type Spliced =
  | {
      readonly text: string
      readonly statement: Statement
      readonly masks: ExitMasks
    }
  | { readonly refused: string }

export type SpliceParts = {
  readonly catalogue: Catalogue
  readonly names: NameContext
  readonly masks: readonly Mask[]
  // The target has been given the keys of `hash` and `token`.
  readonly keyed?: boolean
  // The ordinary reader, of the same catalogue and names.
  readonly read: (text: string) => Reading
}

// Each result holds for this exact text: texts that share a template must not share it.
export function spliced(text: string, parts: SpliceParts): Spliced {
  try {
    const masks = parts.masks.filter((mask) => !isPattern(mask))
    const place = { ...parts, keyed: parts.keyed === true, masks, inlined: [] }
    const seen = proved(text, place, parts)
    if ('text' in seen) return seen
    // What a view compares or counts it has from the tables below it.
    const deep = proved(text, { ...place, views: true }, parts)
    return 'text' in deep ? deep : (throughRoutines(text, place, parts) ?? seen)
  } catch {
    return refused('the statement cannot be rewritten')
  }
}

// The flows of the new text are followed in its proof: the same tree, in which each mask is one that tells
// of its value whether it is NULL and no more. What a mask leaves of a value is for the policy to say.
function proved(text: string, place: Place, parts: SpliceParts): Spliced {
  const made = splicedText(text, place)
  if (typeof made !== 'string') return made
  const proof = splicedText(text, { ...place, proof: true })
  if (typeof proof !== 'string') return proof
  const seen = checked(proof, parts)
  return 'text' in seen ? { ...seen, text: made } : seen
}

// What a function reads it has from the tables that its body names.
function throughRoutines(text: string, place: Place, parts: SpliceParts): Spliced | undefined {
  const { catalogue, names } = parts
  const path = catalogue.definitionPath ?? names.searchPath
  const inlined = inlinedRoutines(text, {
    catalogue,
    pathStartsWithCatalogue: path[0] === 'pg_catalog' && names.searchPath[0] === 'pg_catalog',
    resolve: (node) => {
      const parse = (sql: string): readonly Node[] | undefined => statementsOf(sql)
      statementOf({ node, start: 0, end: 0 }, { catalogue, names, stale: NOTHING_STALE, parse })
    },
    relationOf: (range, bound) =>
      relationNamed(range, bound ? { catalogue, names: { ...names, searchPath: path } } : place),
  })
  if (inlined === undefined) return undefined
  const seen = proved(inlined, place, parts)
  return 'text' in seen ? seen : proved(inlined, { ...place, views: true }, parts)
}

function statementsOf(sql: string): readonly Node[] | undefined {
  try {
    return (parseSync(sql).stmts ?? []).flatMap(({ stmt }) => stmt ?? [])
  } catch {
    return undefined
  }
}

type Place = Pick<SpliceParts, 'catalogue' | 'names' | 'masks'> & {
  readonly keyed: boolean
  readonly proof?: boolean
  // Views become what they stand for; these already are, from the outermost on.
  readonly views?: boolean
  readonly inlined: readonly Relation[]
}

type Refused = { readonly refused: string }

const NOTHING: Refused = { refused: 'nothing in the text is protected by itself' }

// The new text, not yet looked at as a whole. What lasts is read where there may be no keys.
function splicedText(text: string, given: Place): string | Refused {
  const before = onlyStatement(text)
  const lasts = before !== undefined && isLasting(before)
  const place = lasts ? { ...given, keyed: false } : given
  if (before !== undefined && 'AlterTableStmt' in before) {
    const { AlterTableStmt: alter } = before
    const relation = alter.relation === undefined ? undefined : relationNamed(alter.relation, place)
    return maskedGeneration(text, before, alter, relation, place) ?? NOTHING
  }
  const table = before === undefined ? undefined : copiedTable(before)
  if (table !== undefined) return splicedCopy(text, table, place)
  const query = before === undefined ? undefined : (queryWithin(before) ?? queryOfView(before))
  if (before === undefined || query === undefined) return refused('not a single query')
  if ('InsertStmt' in before) {
    const range = before.InsertStmt.relation
    const target = range === undefined ? undefined : relationNamed(range, place)
    const objection = storedNowhere(target, place.masks)
    if (objection !== undefined) return refused(objection)
  }
  const { ranges, ctes, obstacle } = inventoryOf(query)
  if (obstacle !== undefined) return refused(`rewriting leaves ${obstacle} alone`)
  const written = createWritten(text)
  const edits: Edit[] = []
  const replacements = new Map<unknown, Node>()
  for (const range of ranges) {
    const relation = relationNamed(range, place)
    const stand = relation === undefined ? undefined : standIn(relation, range, place)
    if (stand === undefined) continue
    if (typeof stand !== 'string') return stand
    const objection = unfit(range, ctes)
    if (objection !== undefined) return refused(objection)
    const at = written.placeOf(range)
    const subquery = onlyStatement(stand)
    if (at === undefined || subquery === undefined) return refused('a name is written unusually')
    const alias = range.alias ?? { aliasname: range.relname ?? '' }
    const named = range.alias === undefined ? ` AS ${quoted(range.relname ?? '')} ` : ' '
    edits.push({ ...at, text: `${at.before}${stand}${named}` })
    replacements.set(range, { RangeSubselect: { subquery, alias } })
  }
  if (edits.length === 0) return NOTHING
  const rewritten = written.edited(edits)
  const after = onlyStatement(rewritten)
  return after !== undefined && isReplaced(before, after, replacements)
    ? rewritten
    : refused('the rewritten statement does not read as intended')
}

// Keeps its query or expression rather than what comes of it.
function isLasting(statement: Node): boolean {
  const { objtype } =
    'CreateTableAsStmt' in statement ? statement.CreateTableAsStmt : { objtype: undefined }
  return 'ViewStmt' in statement || 'AlterTableStmt' in statement || objtype === 'OBJECT_MATVIEW'
}

// COPY of a table leaves out what inherits from it.
function splicedCopy(text: string, copy: CopyStmt, place: Place): string | Refused {
  const range = copy.relation
  const relation = range === undefined ? undefined : relationNamed(range, place)
  const masked =
    range === undefined || relation === undefined
      ? undefined
      : standIn(relation, { ...range, inh: false }, { ...place, views: false })
  if (relation === undefined || masked === undefined) return NOTHING
  if (typeof masked !== 'string') return masked
  return copyOfQuery(text, copy, relation, masked) ?? refused('a COPY is written unusually')
}

// The masks' own flows tell whether a value is NULL, and no more; anything else that is left over
// (a view's WHERE, a function's body) has its value from elsewhere than the masked sub-selects.
function checked(text: string, parts: SpliceParts): Spliced {
  const [statement, another] = parts.read(text).statements
  if (statement === undefined || another !== undefined) return refused('not a single query')
  const exit = exitMasksOf(statement, parts.masks)
  if ('refused' in exit) return refused(exit.refused)
  if (exit.masks.fields.size > 0) return refused('a protected column is left over')
  return { text, statement, masks: { ...exit.masks, quietErrors: true, otherText: true } }
}

// The sub-select that takes the relation's place; undefined where it stays as it is.
function standIn(relation: Relation, range: RangeVar, place: Place): string | Refused | undefined {
  if (place.views === true && relation.kind === 'v' && !relation.system) {
    return viewInline(relation, place)
  }
  const isProtected = relation.columns.some(
    (column) => maskOfColumn(relation, column, place.masks) !== undefined,
  )
  if (!isProtected) return undefined
  if (relation.system && !holdsStatistics(relation)) {
    return refused('a system relation is protected')
  }
  return maskedSelect(relation, range.inh !== true, place.masks, place)
}

// Names in a definition are to be found along another path than the client's, so that each table in it
// is named in full; what lies in pg_catalog is found by both, first.
function viewInline(view: Relation, place: Place): string | Refused | undefined {
  const { catalogue, names, inlined } = place
  if (view.definition === undefined || inlined.includes(view)) return refused('a view is not known')
  if (view.barrier === true) return refused('a view keeps rows from others')
  const searchPath = catalogue.definitionPath ?? names.searchPath
  if (names.searchPath[0] !== 'pg_catalog' || searchPath[0] !== 'pg_catalog') {
    return refused('pg_catalog is not the first of the search path')
  }
  // Who reads the view has its owner's rights, and with them perhaps other rows.
  let isGuarded = false
  const text = qualified(view.definition.replace(/;\s*$/, ''), (range) => {
    const relation = relationNamed(range, { ...place, names: { ...names, searchPath } })
    if (relation?.barrier === true) isGuarded = true
    return relation
  })
  if (isGuarded) return refused('a view keeps rows from others')
  if (text === undefined) return refused('a view is not read')
  const inner = splicedText(text, { ...place, inlined: [...inlined, view] })
  if (typeof inner === 'string') return `(${inner})`
  return inner.refused === NOTHING.refused ? undefined : inner
}

function unfit(range: RangeVar, ctes: ReadonlySet<string>): string | undefined {
  if (range.catalogname !== undefined) return 'a relation is named with its database'
  const isShared = range.schemaname === undefined && ctes.has(range.relname ?? '')
  return isShared ? 'WITH and a table share a name' : undefined
}

function onlyStatement(text: string): Node | undefined {
  const statements = parseSync(text).stmts ?? []
  return statements.length === 1 ? statements[0]?.stmt : undefined
}

function refused(reason: string): Refused {
  return { refused: reason }
}
