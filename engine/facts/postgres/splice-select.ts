// The sub-select that stands for a relation whose protected columns are masked at the source. All names
// in it are qualified, so that nothing along the search path can take their place.
import type { Mask } from '../../schemas/decision.js'
import type { Catalogue, Column, Relation } from './catalogue.js'
import { pathMasksOf } from './json-labels.js'
import { maskedDocument } from './json-mask.js'
import { maskedExpression, quoted, starsExpression, typeNameOf } from './mask-expression.js'
import type { MaskingParts, Refused } from './mask-expression.js'
import { isMatched } from './mask-match.js'
import { strictest, wholly } from './mask-strictness.js'

export { quoted, typeNameOf } from './mask-expression.js'

// undefined where the column is not protected.
export function maskOfColumn(
  relation: Relation,
  column: Column,
  masks: readonly Mask[],
): Mask | undefined {
  const names = namesOf(relation, column)
  return strictest(
    masks.filter((mask) => names.some((name) => isMatched(mask, name, column.labels))),
  )
}

function namesOf(relation: Relation, column: Column): readonly string[] {
  const own = `${relation.schema}.${relation.name}.${column.name}`
  return [own, ...(column.derived ?? []).map(({ from }) => from)]
}

// The end of a computed value is not the end of what it was computed from, and of values from several
// columns each has the mask of its own.
function fitting(
  mask: Mask,
  column: Column,
  masks: readonly Mask[],
  { userRelations = [] }: Catalogue,
): Mask {
  const { derived = [] } = column
  if (column.followed === true) return wholly(mask)
  const same = JSON.stringify(mask)
  const isCopy = derived.every(({ from, copy }) => {
    if (!copy || derived.length === 1) return copy
    const table = userRelations.find(({ schema, name }) => from.startsWith(`${schema}.${name}.`))
    const source = table?.columns.find(({ name }) => from.endsWith(`.${name}`))
    const own = table && source && maskOfColumn(table, source, masks)
    return JSON.stringify(own) === same
  })
  return isCopy ? mask : wholly(mask)
}

// undefined where nothing masks it.
function maskedColumn(
  relation: Relation,
  column: Column,
  masks: readonly Mask[],
  parts: MaskingParts,
): string | Refused | undefined {
  const source = `${quoted(relation.name)}.${quoted(column.name)}`
  const paths = pathMasksOf(column, namesOf(relation, column), masks)
  const typeName = typeNameOf(column, parts.catalogue)
  // Of any other type the whole is masked: what would be a document of it need not be one.
  if (paths !== undefined && typeName === '"pg_catalog"."jsonb"') {
    return maskedDocument(source, paths, typeName)
  }
  const mask = maskOfColumn(relation, column, masks)
  if (mask === undefined) return undefined
  return maskedExpression(source, column, fitting(mask, column, masks, parts.catalogue), parts)
}

/** With `proof`, what tells the same of each masked value: whether it is NULL. */
export function maskedSelect(
  relation: Relation,
  only: boolean,
  masks: readonly Mask[],
  parts: MaskingParts & { readonly proof?: boolean },
): string | Refused {
  const table = quoted(relation.name)
  const columns: string[] = []
  for (const column of relation.columns) {
    const source = `${table}.${quoted(column.name)}`
    const mask = maskOfColumn(relation, column, masks)
    const expression =
      mask !== undefined && mask.method !== 'null' && parts.proof === true
        ? starsExpression(source, column, parts)
        : maskedColumn(relation, column, masks, parts)
    if (mask === undefined || expression === undefined) {
      columns.push(source)
      continue
    }
    if (typeof expression !== 'string') return expression
    columns.push(`${expression} AS ${quoted(column.name)}`)
  }
  const schema = relation.temporary ? 'pg_temp' : quoted(relation.schema)
  const from = `${only ? 'ONLY ' : ''}${schema}.${table} AS ${table}`
  return `(SELECT ${columns.join(', ')} FROM ${from})`
}
