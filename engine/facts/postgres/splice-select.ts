// The sub-select that stands for a relation whose protected columns are masked at the source. All names
// in it are qualified, so that nothing along the search path can take their place.
import type { Mask } from '../../schemas/decision.js'
import type { Catalogue, Column, Relation } from './catalogue.js'
import { strictest } from './exit-masks.js'
import { isMatched } from './mask-match.js'

// text, bpchar, varchar
const TEXTS: ReadonlySet<number> = new Set([25, 1042, 1043])
const STARS = '****'

// undefined where the column is not protected.
export function maskOfColumn(
  relation: Relation,
  column: Column,
  masks: readonly Mask[],
): Mask | undefined {
  const names = [
    `${relation.schema}.${relation.name}.${column.name}`,
    ...(column.derived ?? []).map(({ from }) => from),
  ]
  return strictest(
    masks.filter((mask) => names.some((name) => isMatched(mask, name, column.labels))),
  )
}

export function maskedSelect(
  relation: Relation,
  masks: readonly Mask[],
  catalogue: Catalogue,
): string | { readonly refused: string } {
  const table = quoted(relation.name)
  const columns: string[] = []
  for (const column of relation.columns) {
    const source = `${table}.${quoted(column.name)}`
    const mask = maskOfColumn(relation, column, masks)
    if (mask === undefined) {
      columns.push(source)
      continue
    }
    const expression = maskedExpression(source, column, mask, catalogue)
    if (typeof expression !== 'string') return expression
    columns.push(`${expression} AS ${quoted(column.name)}`)
  }
  return `(SELECT ${columns.join(', ')} FROM ${quoted(relation.schema)}.${table} AS ${table})`
}

// What flows through anything but a plain copy is masked whole, so that `partial` keeps no end here.
// The keys of `hash` and `token` never go to the target.
function maskedExpression(
  source: string,
  column: Column,
  mask: Mask,
  catalogue: Catalogue,
): string | { readonly refused: string } {
  if (mask.method === 'hash' || mask.method === 'token') {
    return { refused: `${mask.method} is not done at the source` }
  }
  const type = catalogue.typeByOid(column.type)
  if (type === undefined) return { refused: `the type of ${column.name} is not known` }
  const typeName = `${quoted(type.schema)}.${quoted(type.name)}`
  const nothing = `CAST(NULL AS ${typeName})`
  if (mask.method === 'null' || !TEXTS.has(column.type)) return nothing
  const text = mask.method === 'constant' ? (mask.value ?? STARS) : STARS
  // How a backslash is read depends on a setting.
  if (/[\\\0]/.test(text)) return { refused: 'the constant of the mask holds a backslash' }
  const constant = `CAST('${text.replaceAll("'", "''")}' AS ${typeName})`
  return `CASE WHEN ${source} IS NULL THEN ${nothing} ELSE ${constant} END`
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
