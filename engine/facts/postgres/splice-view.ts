// The definition of a view with its tables named in full, so that it means the same on any search path
// that begins with pg_catalog. What else it names must be pg_catalog's.
import { parseSync } from 'libpg-query'
import type { Node, RangeVar } from 'libpg-query'
import type { Relation } from './catalogue.js'
import { quoted } from './mask-expression.js'
import { createWritten, type Edit } from './splice-text.js'
import { inventoryOf, isReplaced } from './splice-tree.js'

export function qualified(
  definition: string,
  relationOf: (range: RangeVar) => Relation | undefined,
): string | undefined {
  const before = parseSync(definition).stmts?.[0]?.stmt
  if (before === undefined || !('SelectStmt' in before)) return undefined
  const { ranges, ctes, obstacle } = inventoryOf(before)
  if (obstacle !== undefined) return undefined
  const written = createWritten(definition)
  const edits: Edit[] = []
  const replacements = new Map<unknown, Node>()
  for (const range of ranges) {
    if (range.schemaname === undefined && ctes.has(range.relname ?? '')) continue
    const relation = relationOf(range)
    if (range.schemaname !== undefined) continue
    const place = written.placeOf(range)
    if (relation === undefined || relation.temporary || place === undefined) return undefined
    const only = range.inh === true ? '' : 'ONLY '
    edits.push({
      ...place,
      text: `${place.before}${only}${quoted(relation.schema)}.${quoted(relation.name)}`,
    })
    replacements.set(range, { RangeVar: { ...range, schemaname: relation.schema } })
  }
  const text = written.edited(edits)
  const after = parseSync(text).stmts?.[0]?.stmt
  return after !== undefined && isReplaced(before, after, replacements) ? text : undefined
}
