// The SQL that stands for a protected value where it is masked at the source. It uses functions of pg_catalog
// by their full names and no operator, so that nothing along the search path can take part, and never
// fails, whatever the value. `proxy/protocols/postgres/mask-method.ts` makes the same values at the exit.
import type { Mask } from '../../schemas/decision.js'
import type { Catalogue, Column, Type } from './catalogue.js'
import { lengthOf, numericSize } from './declared-size.js'
import { generalisedExpression } from './mask-generalise.js'

export type Refused = { readonly refused: string }

export type MaskingParts = {
  readonly catalogue: Catalogue
  /** The target has been given the keys of `hash` and `token` for this session. */
  readonly keyed: boolean
}

// "char"
const CHAR = 18
const BYTEA = 17
const NAME = 19
const TEXT = 25
const BPCHAR = 1042
const VARCHAR = 1043
const NUMERIC = 1700
// Of these the masks take the text; of other types that are spelled as text one cannot know how.
const PLAIN_TEXTS: ReadonlySet<number> = new Set([NAME, TEXT, BPCHAR, VARCHAR])
const SIZED: ReadonlySet<number> = new Set([BPCHAR, VARCHAR, NUMERIC])

const STARS = '****'
export const HASH_CHARACTERS = 32
export const TOKEN_CHARACTERS = 24

// What the session's two settings are called that hold the padded keys of HMAC (RFC 2104), in hex.
export const KEY_SETTINGS = {
  inner: 'sallyport.mask_inner',
  outer: 'sallyport.mask_outer',
} as const

export function maskedExpression(
  source: string,
  column: Column,
  mask: Mask,
  parts: MaskingParts,
): string | Refused {
  const type = parts.catalogue.typeByOid(column.type)
  if (type === undefined) return { refused: `the type of ${column.name} is not known` }
  const base = baseOf(type, parts.catalogue)
  const typeName = typeOf(base, column)
  const nothing = `CAST(NULL AS ${typeName})`
  const value = valueExpression(source, column, { type, base, typeName, mask }, parts)
  if (typeof value === 'object') return value
  return value === undefined
    ? nothing
    : `CASE WHEN ${source} IS NULL THEN ${nothing} ELSE CAST(${value} AS ${typeName}) END`
}

/** What has the same type and tells no more than whether the value is NULL. */
export function starsExpression(source: string, column: Column, parts: MaskingParts): string {
  const nothing = `CAST(NULL AS ${typeNameOf(column, parts.catalogue) ?? 'unknown'})`
  return `CASE WHEN ${source} IS NULL THEN ${nothing} ELSE ${nothing} END`
}

type Masking = {
  readonly type: Type
  readonly base: Type
  readonly typeName: string
  readonly mask: Mask
}

// undefined: NULL.
function valueExpression(
  source: string,
  column: Column,
  { type, base, mask }: Masking,
  { keyed }: MaskingParts,
): string | undefined | Refused {
  if (mask.method === 'null') return undefined
  if (base.oid === CHAR) return `'*'`
  if (base.oid === BYTEA) return bytesExpression(source, mask, keyed)
  const isText = base.kind === 'b' && base.category === 'S'
  switch (mask.method) {
    case 'redact':
      return isText ? `'${STARS}'` : undefined
    case 'constant':
      return isText ? literal(mask.value ?? '') : undefined
    case 'partial':
    case 'hash':
    case 'token':
    case 'generalise': {
      if (mask.method !== 'generalise' && !isText) return undefined
      if (isText && !PLAIN_TEXTS.has(base.oid)) return { refused: `${base.name} is another text` }
      // The catalogue does not say how long the values of a domain may be.
      if (type.kind === 'd' && SIZED.has(base.oid))
        return { refused: 'a domain of declared length' }
      return isText
        ? textExpression(`CAST(${source} AS pg_catalog.text)`, mask, keyed)
        : generalisedExpression(source, base.oid, column.typmod, mask)
    }
  }
}

function textExpression(text: string, mask: Mask, keyed: boolean): string | Refused {
  const keep = mask.keep ?? 0
  const length = `pg_catalog.char_length(${text})`
  switch (mask.method) {
    case 'partial':
      if (keep === 0) return `'${STARS}'`
      return `CASE WHEN pg_catalog.int4lt(${length}, ${2 * keep}) THEN '${STARS}' ELSE pg_catalog.textcat('${STARS}', pg_catalog."right"(${text}, ${keep})) END`
    case 'generalise':
      if (keep === 0) return `'${STARS}'`
      return `CASE WHEN pg_catalog.int4le(${length}, ${keep}) THEN '${STARS}' ELSE pg_catalog.textcat(pg_catalog."left"(${text}, ${keep}), '${STARS}') END`
    case 'hash':
    case 'token': {
      if (!keyed) return noKey(mask)
      const digest = keyedExpression(mask.method, `pg_catalog.convert_to(${text}, 'UTF8')`)
      const [mark, characters] =
        mask.method === 'hash' ? ['h_', HASH_CHARACTERS] : ['tok_', TOKEN_CHARACTERS]
      return `pg_catalog.textcat('${mark}', pg_catalog."left"(pg_catalog.encode(${digest}, 'hex'), ${characters}))`
    }
    case 'null':
    case 'redact':
    case 'constant':
      return `'${STARS}'`
  }
}

function bytesExpression(source: string, mask: Mask, keyed: boolean): string | undefined | Refused {
  switch (mask.method) {
    case 'redact':
    case 'partial':
      return `pg_catalog.decode('2a2a2a2a', 'hex')`
    case 'hash':
      return keyed ? keyedExpression('hash', `CAST(${source} AS pg_catalog.bytea)`) : noKey(mask)
    case 'null':
    case 'constant':
    case 'token':
    case 'generalise':
      return undefined
  }
}

// HMAC-SHA256 of what it is for, a zero and the bytes. The keys are the session's own settings, given when
// the target was opened: they stand in no text, and so in no log and no view of what runs. Sub-selects
// without a column of the outer query are computed once.
function keyedExpression(use: 'hash' | 'token', bytes: string): string {
  const prefix = Buffer.from(`${use}\0`).toString('hex')
  const inner = `(SELECT pg_catalog.byteacat(${setting(KEY_SETTINGS.inner)}, pg_catalog.decode('${prefix}', 'hex')))`
  const outer = `(SELECT ${setting(KEY_SETTINGS.outer)})`
  return `pg_catalog.sha256(pg_catalog.byteacat(${outer}, pg_catalog.sha256(pg_catalog.byteacat(${inner}, ${bytes}))))`
}

function setting(name: string): string {
  return `pg_catalog.decode(pg_catalog.current_setting('${name}'), 'hex')`
}

function noKey({ method }: Mask): Refused {
  return { refused: `the target has no key for ${method}: see keyed_masks of its configuration` }
}

function literal(text: string): string | Refused {
  // How a backslash is read depends on a setting.
  if (/[\\\0]/.test(text)) return { refused: 'the constant of the mask holds a backslash' }
  return `'${text.replaceAll("'", "''")}'`
}

// A domain of a domain has the base type of the innermost.
function baseOf(type: Type, catalogue: Catalogue): Type {
  let base = type
  for (let depth = 0; base.kind === 'd' && depth < 32; depth++) {
    const next = catalogue.typeByOid(base.base)
    if (next === undefined) break
    base = next
  }
  return base
}

/** undefined: the catalogue does not know it. */
export function typeNameOf(column: Column, catalogue: Catalogue): string | undefined {
  const type = catalogue.typeByOid(column.type)
  return type === undefined ? undefined : typeOf(baseOf(type, catalogue), column)
}

// With the declared length: a value that is longer is cut. Of a domain its base, as the target describes
// it: what the domain checks is for values that are stored.
function typeOf(base: Type, { typmod }: Column): string {
  const name = `${quoted(base.schema)}.${quoted(base.name)}`
  if (base.oid === NUMERIC) {
    const size = numericSize(typmod)
    return size === undefined ? name : `${name}(${size.precision}, ${size.scale})`
  }
  const length = base.oid === BPCHAR || base.oid === VARCHAR ? lengthOf(typmod) : undefined
  return length === undefined ? name : `${name}(${length})`
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
