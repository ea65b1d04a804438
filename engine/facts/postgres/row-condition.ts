// A row filter as SQL: the condition that a row of the relation must satisfy. Every name and operator in
// it is qualified and every literal is cast to a type of pg_catalog, and it never fails: what could, is
// not written.
import type { RowClause, RowComparison, RowLiteral } from '../../schemas/row-filter.js'
import type { Catalogue, Column, Relation } from './catalogue.js'
import { quoted } from './splice-select.js'

type Refused = { readonly refused: string }

// How values of a type are compared: as what, and which literals fit.
type Kind = {
  readonly cast: string
  readonly orders: boolean
  readonly fits: (value: RowLiteral) => boolean
  // The column's own type has no comparison with that of the literal.
  readonly asText?: boolean
}

const INT8_MAX = 9_223_372_036_854_775_807n

function isInteger(value: RowLiteral): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) return false
  const number = BigInt(value)
  return number <= INT8_MAX && number >= -INT8_MAX
}

function isNumber(value: RowLiteral): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value === 'string' && /^-?\d{1,100}(\.\d{1,100})?$/.test(value)
}

function isText(value: RowLiteral): boolean {
  // How a backslash is read depends on a setting.
  return typeof value === 'string' && !/[\\\0]/.test(value)
}

// Read alike whatever DateStyle and TimeZone say.
function isDate(value: RowLiteral): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false
  return isDay(value)
}

function isDay(text: string): boolean {
  const time = new Date(`${text}T00:00:00Z`).getTime()
  return (
    !text.startsWith('0000') &&
    Number.isFinite(time) &&
    new Date(time).toISOString().startsWith(text)
  )
}

const CLOCK = '[ T]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,6})?)?'

function isTimestamp(value: RowLiteral): boolean {
  return isDate(value) || isMoment(value, new RegExp(`^.{10}${CLOCK}$`))
}

function isInstant(value: RowLiteral): boolean {
  return isMoment(value, new RegExp(`^.{10}${CLOCK}(Z|[+-](0\\d|1[0-4]):?[0-5]\\d)$`))
}

function isMoment(value: RowLiteral, form: RegExp): boolean {
  return typeof value === 'string' && form.test(value) && isDate(value.slice(0, 10))
}

function isUuid(value: RowLiteral): boolean {
  return typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)
}

const TEXT: Kind = { cast: 'text', orders: true, fits: isText }
const INTEGER: Kind = { cast: 'int8', orders: true, fits: isInteger }
const NUMBER: Kind = { cast: 'numeric', orders: true, fits: isNumber }
const FLOAT: Kind = { cast: 'float8', orders: true, fits: isFloat }
const ENUM: Kind = { cast: 'text', orders: false, fits: isText, asText: true }

// A text of digits may be out of its range.
function isFloat(value: RowLiteral): boolean {
  return typeof value === 'number' && Number.isFinite(value)
}

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['bool', { cast: 'bool', orders: false, fits: (value) => typeof value === 'boolean' }],
  ['int2', INTEGER],
  ['int4', INTEGER],
  ['int8', INTEGER],
  ['numeric', NUMBER],
  ['float4', FLOAT],
  ['float8', FLOAT],
  ['text', TEXT],
  ['varchar', TEXT],
  ['bpchar', { ...TEXT, cast: 'bpchar' }],
  ['uuid', { cast: 'uuid', orders: true, fits: isUuid }],
  ['date', { cast: 'date', orders: true, fits: isDate }],
  ['timestamp', { cast: 'timestamp', orders: true, fits: isTimestamp }],
  ['timestamptz', { cast: 'timestamptz', orders: true, fits: isInstant }],
])

const OPERATORS = { eq: '=', ne: '<>', lt: '<', le: '<=', gt: '>', ge: '>=' } as const

/** True, false or NULL for each row of `relation`, which is called `alias`. */
export function conditionOf(
  relation: Relation,
  rows: readonly RowClause[],
  alias: string,
  catalogue: Catalogue,
): string | Refused {
  const one = (comparison: RowComparison): string | Refused =>
    comparisonText(relation, comparison, alias, catalogue)
  const clauses = rows.map((clause) => {
    if (!('any' in clause)) return one(clause)
    return together(
      clause.any.map((part) => ('all' in part ? together(part.all.map(one), 'AND') : one(part))),
      'OR',
    )
  })
  return together(clauses, 'AND')
}

/** How the column's values are compared; undefined: not at all. */
export function kindOf(column: Column, catalogue: Catalogue): Kind | undefined {
  const type = catalogue.typeByOid(column.type)
  const base = type?.kind === 'd' ? catalogue.typeByOid(type.base) : type
  if (base === undefined) return undefined
  if (base.kind === 'e') return ENUM
  return base.schema === 'pg_catalog' ? KINDS.get(base.name) : undefined
}

function together(parts: readonly (string | Refused)[], word: 'AND' | 'OR'): string | Refused {
  const texts: string[] = []
  for (const part of parts) {
    if (typeof part !== 'string') return part
    texts.push(`(${part})`)
  }
  return texts.join(` ${word} `)
}

function comparisonText(
  relation: Relation,
  comparison: RowComparison,
  alias: string,
  catalogue: Catalogue,
): string | Refused {
  const { column: name, op } = comparison
  const place = `${relation.schema}.${relation.name}`
  const column = relation.columns.find((one) => one.name === name)
  if (column === undefined)
    return { refused: `the row filter of ${place} names no column of it: ${name}` }
  const reference = `${quoted(alias)}.${quoted(name)}`
  if (op === 'is_null') return `${reference} IS NULL`
  if (op === 'is_not_null') return `${reference} IS NOT NULL`
  const kind = kindOf(column, catalogue)
  if (kind === undefined) return { refused: `the row filter of ${place} cannot compare ${name}` }
  const values = valuesOf(comparison)
  if (values === undefined || !values.every(kind.fits)) {
    return { refused: `a value of the row filter of ${place} does not fit ${name}` }
  }
  const left = kind.asText === true ? `CAST(${reference} AS pg_catalog.text)` : reference
  const compared = (operator: string) => (value: RowLiteral) =>
    `(${left} OPERATOR(pg_catalog.${operator}) ${literal(value, kind)})`
  if (op === 'in') return values.map(compared('=')).join(' OR ')
  if (op === 'not_in') return values.map(compared('<>')).join(' AND ')
  if (!kind.orders && op !== 'eq' && op !== 'ne') {
    return { refused: `the row filter of ${place} cannot order ${name}` }
  }
  return values.map(compared(OPERATORS[op])).join('')
}

/** undefined where the form is not that of the operator. */
export function valuesOf({ op, value, values }: RowComparison): readonly RowLiteral[] | undefined {
  if (op === 'in' || op === 'not_in') return value === undefined ? values : undefined
  return value === undefined || values !== undefined ? undefined : [value]
}

function literal(value: RowLiteral, { cast }: Kind): string {
  const text = typeof value === 'number' ? plainNumber(value) : String(value)
  return `CAST('${text.replaceAll("'", "''")}' AS pg_catalog.${cast})`
}

function plainNumber(value: number): string {
  return Number.isSafeInteger(value) ? value.toFixed(0) : String(value)
}
