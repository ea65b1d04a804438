// Masking at the source: in the client's own text each relation with protected columns becomes a
// sub-select in which those are masked, so that the target itself computes on masked values. The new
// text counts only if it parses to the intended tree, and if it would be let through as any other.
import { parseSync, scanSync } from 'libpg-query'
import type { Node, RangeVar } from 'libpg-query'
import type { Mask } from '../../schemas/decision.js'
import { NOTHING_STALE, createAnalysis, resolveRelation } from './analysis.js'
import type { Catalogue, NameContext, Relation } from './catalogue.js'
import { exitMasksOf } from './exit-masks.js'
import type { ExitMasks } from './exit-masks.js'
import { isPattern } from './mask-match.js'
import type { Reading, Statement } from './reading.js'
import { maskOfColumn, maskedSelect, quoted } from './splice-select.js'
import { inventoryOf, isReplaced } from './splice-tree.js'

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
  // The ordinary reader, of the same catalogue and names.
  readonly read: (text: string) => Reading
}

type Edit = { readonly start: number; readonly end: number; readonly text: string }

// Each result holds for this exact text: texts that share a template must not share it.
export function spliced(text: string, parts: SpliceParts): Spliced {
  try {
    return splicedText(text, parts)
  } catch {
    return refused('the statement cannot be rewritten')
  }
}

function splicedText(text: string, parts: SpliceParts): Spliced {
  const before = onlyStatement(text)
  if (before === undefined || !('SelectStmt' in before)) return refused('not a single SELECT')
  const { ranges, ctes, bare, obstacle } = inventoryOf(before)
  if (obstacle !== undefined) return refused(`rewriting leaves ${obstacle} alone`)
  const bytes = Buffer.from(text, 'utf8')
  const masks = parts.masks.filter((mask) => !isPattern(mask))
  const edits: Edit[] = []
  const replacements = new Map<unknown, Node>()
  for (const range of ranges) {
    const relation = protectedRelation(range, masks, parts)
    if (relation === undefined) continue
    const alias = range.alias ?? { aliasname: range.relname ?? '' }
    const objection = unfit(range, relation, ctes, bare)
    if (objection !== undefined) return refused(objection)
    const select = maskedSelect(relation, masks, parts.catalogue)
    if (typeof select !== 'string') return select
    const place = placeOf(range, text, bytes)
    const subquery = onlyStatement(select)
    if (place === undefined || subquery === undefined) return refused('a name is written unusually')
    const named = range.alias === undefined ? ` AS ${quoted(range.relname ?? '')} ` : ' '
    edits.push({ ...place, text: `${select}${named}` })
    replacements.set(range, { RangeSubselect: { subquery, alias } })
  }
  if (edits.length === 0) return refused('nothing in the text is protected by itself')
  const rewritten = edited(bytes, edits)
  const after = onlyStatement(rewritten)
  if (after === undefined || !isReplaced(before, after, replacements)) {
    return refused('the rewritten statement does not read as intended')
  }
  return checked(rewritten, parts)
}

// The masks' own flows tell whether a value is NULL, and no more; anything else that is left over
// (a view's WHERE, a function's body) has its value from elsewhere than the masked sub-selects.
function checked(text: string, parts: SpliceParts): Spliced {
  const [statement, another] = parts.read(text).statements
  if (statement === undefined || another !== undefined) return refused('not a single SELECT')
  const exit = exitMasksOf(statement, parts.masks)
  if ('refused' in exit) return refused(exit.refused)
  if (exit.masks.fields.size > 0) return refused('a protected column is left over')
  return { text, statement, masks: { ...exit.masks, quietErrors: true, otherText: true } }
}

function protectedRelation(
  range: RangeVar,
  masks: readonly Mask[],
  { catalogue, names }: SpliceParts,
): Relation | undefined {
  const analysis = createAnalysis({
    catalogue,
    names,
    stale: NOTHING_STALE,
    modifying: () => 'unknown',
    body: () => undefined,
    parse: () => undefined,
  })
  const relation = resolveRelation(analysis, range)
  const found = relation?.columns.some(
    (column) => maskOfColumn(relation, column, masks) !== undefined,
  )
  return found === true ? relation : undefined
}

function unfit(
  range: RangeVar,
  relation: Relation,
  ctes: ReadonlySet<string>,
  bare: ReadonlySet<string>,
): string | undefined {
  const name = range.relname ?? ''
  if (range.catalogname !== undefined) return 'a relation is named with its database'
  if (range.schemaname === undefined && ctes.has(name)) return 'WITH and a table share a name'
  if (range.inh !== true) return 'rewriting leaves ONLY alone'
  if (relation.temporary || relation.system) return 'a temporary or system relation is protected'
  return bare.has(range.alias?.aliasname ?? name) ? 'a whole row is used' : undefined
}

// The bytes of `a . b` as the scanner sees them; a name in U&"" may end with UESCAPE.
function placeOf(
  range: RangeVar,
  text: string,
  bytes: Buffer,
): { readonly start: number; readonly end: number } | undefined {
  const start = range.location ?? 0
  const tokens = scanSync(text).tokens.filter(({ tokenName }) => !tokenName.endsWith('COMMENT'))
  const first = tokens.findIndex((token) => token.start === start)
  const last = tokens[first + (range.schemaname === undefined ? 0 : 2)]
  if (first === -1 || last === undefined) return undefined
  const written = bytes.subarray(start, last.end).toString('utf8')
  return /u&"/i.test(written) ? undefined : { start, end: last.end }
}

function edited(bytes: Buffer, edits: readonly Edit[]): string {
  const pieces: Buffer[] = []
  let at = 0
  for (const { start, end, text } of [...edits].sort((left, right) => left.start - right.start)) {
    pieces.push(bytes.subarray(at, start), Buffer.from(text, 'utf8'))
    at = end
  }
  return Buffer.concat([...pieces, bytes.subarray(at)]).toString('utf8')
}

function onlyStatement(text: string): Node | undefined {
  const statements = parseSync(text).stmts ?? []
  return statements.length === 1 ? statements[0]?.stmt : undefined
}

function refused(reason: string): Spliced {
  return { refused: reason }
}
