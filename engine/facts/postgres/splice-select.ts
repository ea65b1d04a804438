// The sub-select that stands for a relation whose protected columns are masked at the source. All names
// in it are qualified, so that nothing along the search path can take their place.
import type { Mask } from '../../schemas/decision.js'
import type { Catalogue, Column, Relation, Type } from './catalogue.js'
import { strictest } from './exit-masks.js'
import { isMatched } from './mask-match.js'

// "char"
const CHAR = 18
// bpchar, varchar
const CUT: ReadonlySet<number> = new Set([1042, 1043])
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
  only: boolean,
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
  const schema = relation.temporary ? 'pg_temp' : quoted(relation.schema)
  const from = `${only ? 'ONLY ' : ''}${schema}.${table} AS ${table}`
  return `(SELECT ${columns.join(', ')} FROM ${from})`
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
  const typeName = typeOf(type, column, catalogue)
  const nothing = `CAST(NULL AS ${typeName})`
  if (mask.method === 'null') return nothing
  const stars = starsOf(type, catalogue)
  if (stars === undefined) return nothing
  const text = mask.method === 'constant' && stars === STARS ? (mask.value ?? STARS) : stars
  // How a backslash is read depends on a setting.
  if (/[\\\0]/.test(text)) return { refused: 'the constant of the mask holds a backslash' }
  const constant = `CAST('${text.replaceAll("'", "''")}' AS ${typeName})`
  return `CASE WHEN ${source} IS NULL THEN ${nothing} ELSE ${constant} END`
}

// What stands for a value of this type, as at the exit; undefined: NULL.
function starsOf(type: Type, catalogue: Catalogue): string | undefined {
  if (type.oid === CHAR) return '*'
  const base = type.kind === 'd' ? catalogue.typeByOid(type.base) : type
  return base?.kind === 'b' && base.category === 'S' ? STARS : undefined
}

// With the declared length: a value that is longer is cut. Of a domain its base, as the target describes
// it: what the domain checks is for values that are stored.
function typeOf(type: Type, column: Column, catalogue: Catalogue): string {
  const base = type.kind === 'd' ? (catalogue.typeByOid(type.base) ?? type) : type
  const name = `${quoted(base.schema)}.${quoted(base.name)}`
  const length = CUT.has(base.oid) ? lengthOf(column.typmod) : undefined
  return length === undefined ? name : `${name}(${length})`
}

/** The type of a column's values, as it stands in a cast; undefined where it is not known. */
export function typeNameOf(column: Column, catalogue: Catalogue): string | undefined {
  const type = catalogue.typeByOid(column.type)
  return type === undefined ? undefined : typeOf(type, column, catalogue)
}

/** Declared characters of `char(n)` and `varchar(n)`, from pg_attribute.atttypmod. */
export function lengthOf(typmod: number | undefined): number | undefined {
  return typmod === undefined || typmod < 4 ? undefined : typmod - 4
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
