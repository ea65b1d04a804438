// The rows that the catalogue is built from, as JSON arrays in the order of
// `proxy/targets/catalogue-queries.ts`. A target can send anything, so each field is checked; what
// does not fit ends the load, and with it every reading that would have rested on it.
import type { Oid } from './catalogue.js'

export const SECTIONS = [
  'schemas',
  'relations',
  'columns',
  'indexes',
  'checks',
  'inherits',
  'rules',
  'triggers',
  'routines',
  'types',
  'operators',
  'casts',
  'path',
] as const

export type Section = (typeof SECTIONS)[number]

export type Row = {
  readonly text: (place: number) => string
  readonly optionalText: (place: number) => string | undefined
  readonly number: (place: number) => number
  readonly flag: (place: number) => boolean
  // Lists of scalars; absent for NULL.
  readonly numbers: (place: number) => readonly number[] | undefined
  readonly texts: (place: number) => readonly string[] | undefined
}

export type Part = Readonly<Record<Section, readonly Row[]>> & {
  readonly definitionPath: readonly string[]
}

export class CatalogueShapeError extends Error {
  override readonly name = 'CatalogueShapeError'
}

export function partOf(cells: readonly (string | null)[] | undefined): Part {
  if (cells === undefined || cells.length !== SECTIONS.length) {
    throw new CatalogueShapeError('the catalogue query gave another number of sections')
  }
  const sections = SECTIONS.map((section, place) => {
    const listed = section === 'path' ? [] : listOf(parsed(cells[place] ?? '[]'), section)
    return [section, listed.map((row) => rowOf(listOf(row, section), section))] as const
  })
  const path = listOf(parsed(cells[SECTIONS.indexOf('path')] ?? '[]'), 'path')
  return {
    ...(Object.fromEntries(sections) as unknown as Record<Section, readonly Row[]>),
    definitionPath: path.map((schema) => scalar<string>(schema, 'string', 'path')),
  }
}

// Rows by the OID in their first place.
export function groupedRows(rows: readonly Row[]): ReadonlyMap<Oid, readonly Row[]> {
  const found = new Map<Oid, Row[]>()
  for (const row of rows) {
    const list = found.get(row.number(0))
    if (list === undefined) found.set(row.number(0), [row])
    else list.push(row)
  }
  return found
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CatalogueShapeError('a section of the catalogue is not JSON', { cause })
  }
}

function rowOf(cells: readonly unknown[], section: Section): Row {
  const list = <Scalar>(place: number, kind: string): readonly Scalar[] | undefined => {
    const value = cells[place]
    if (value === null || value === undefined) return undefined
    return listOf(value, section).map((item) => scalar<Scalar>(item, kind, section))
  }
  return {
    text: (place) => scalar<string>(cells[place], 'string', section),
    optionalText: (place) =>
      cells[place] === null ? undefined : scalar<string>(cells[place], 'string', section),
    number: (place) => scalar<number>(cells[place], 'number', section),
    flag: (place) => scalar<boolean>(cells[place], 'boolean', section),
    numbers: (place) => list<number>(place, 'number'),
    texts: (place) => list<string>(place, 'string'),
  }
}

function scalar<Scalar>(value: unknown, kind: string, section: Section): Scalar {
  if (typeof value !== kind) {
    throw new CatalogueShapeError(`a field of ${section} is not a ${kind}`)
  }
  return value as Scalar
}

function listOf(value: unknown, section: Section): readonly unknown[] {
  if (!Array.isArray(value)) throw new CatalogueShapeError(`${section} holds something else`)
  return value
}
