// A catalogue as it will be after a plain CREATE TABLE earlier in the same text, so that a script can
// use the table it creates. Only tables whose columns are all written out are laid over; anything else
// stays uncertain.
import type { ColumnDef, CreateStmt, Node, TypeName } from 'libpg-query'
import type { Catalogue, Column, NameContext, Relation, Type } from './catalogue.js'
import { namesOf } from './tree.js'

export type Overlaid = {
  readonly catalogue: Catalogue
  readonly names: NameContext
  readonly name: string
}

// Name of a temporary schema that the session does not have yet.
const NEW_TEMPORARY = 'pg_temp'
// Below every OID that a server gives to a user's object, and not one of its own.
const OID = 0

export function withTable(
  node: Node,
  catalogue: Catalogue,
  names: NameContext,
): Overlaid | undefined {
  if (!('CreateStmt' in node)) return undefined
  const body = node.CreateStmt
  const plain =
    body.inhRelations === undefined &&
    body.partbound === undefined &&
    body.ofTypename === undefined &&
    body.relation?.catalogname === undefined
  const name = body.relation?.relname
  if (!plain || name === undefined) return undefined
  const seen = namesWith(body, names)
  const schema = schemaFor(body, seen)
  if (schema === undefined) return undefined
  if (catalogue.relation(schema, name) !== undefined) {
    return body.if_not_exists === true ? { catalogue, names: seen, name } : undefined
  }
  const columns = columnsOf(body, catalogue, seen)
  if (columns === undefined) return undefined
  const relation: Relation = {
    oid: OID,
    schema,
    name,
    kind: body.partspec === undefined ? 'r' : 'p',
    temporary: schema.startsWith('pg_temp'),
    system: false,
    columns,
    keys: keysOf(body, columns),
    uniqueColumns: [],
    expressionColumns: [],
    parents: [],
    rules: [],
    triggers: [],
    checks: [],
  }
  return { catalogue: laidOver(catalogue, relation), names: seen, name }
}

function laidOver(catalogue: Catalogue, relation: Relation): Catalogue {
  return {
    ...catalogue,
    relation: (schema, name) =>
      schema === relation.schema && name === relation.name
        ? relation
        : catalogue.relation(schema, name),
  }
}

function namesWith(body: CreateStmt, names: NameContext): NameContext {
  if (body.relation?.relpersistence !== 't') return names
  if (names.searchPath.some((schema) => schema.startsWith('pg_temp'))) return names
  return { ...names, searchPath: [NEW_TEMPORARY, ...names.searchPath] }
}

function schemaFor(body: CreateStmt, names: NameContext): string | undefined {
  const temporary = (schema: string): boolean => schema.startsWith('pg_temp')
  const written = body.relation?.schemaname
  if (body.relation?.relpersistence === 't' || written === 'pg_temp') {
    return names.searchPath.find(temporary)
  }
  if (written !== undefined) return written
  return names.searchPath.find((schema) => schema !== 'pg_catalog' && !temporary(schema))
}

function columnsOf(
  body: CreateStmt,
  catalogue: Catalogue,
  names: NameContext,
): readonly Column[] | undefined {
  const columns: Column[] = []
  for (const element of body.tableElts ?? []) {
    if ('Constraint' in element) continue
    if (!('ColumnDef' in element)) return undefined
    const type = writtenType(element.ColumnDef.typeName, catalogue, names)
    if (type === undefined) return undefined
    columns.push(columnOf(element.ColumnDef, type, columns.length + 1, catalogue))
  }
  return columns
}

function columnOf(def: ColumnDef, type: Type, attnum: number, catalogue: Catalogue): Column {
  const name = def.colname ?? ''
  const kinds = constraintKinds(def)
  return {
    attnum,
    name,
    type: type.oid,
    notNull: kinds.includes('CONSTR_NOTNULL') || kinds.includes('CONSTR_PRIMARY'),
    generated: kinds.includes('CONSTR_GENERATED'),
    labels: labelsLike(name, catalogue),
  }
}

// The new column holds nothing yet, but what a column of this name is labelled elsewhere it may be
// labelled here as soon as the catalogue is read again.
function labelsLike(name: string, catalogue: Catalogue): readonly string[] {
  const alike = (catalogue.userRelations ?? []).flatMap((relation) =>
    relation.columns.filter((column) => column.name === name),
  )
  return [...new Set(alike.flatMap((column) => column.labels))].sort()
}

function constraintKinds(def: ColumnDef): readonly string[] {
  return (def.constraints ?? []).flatMap((node) =>
    'Constraint' in node && node.Constraint.contype !== undefined ? [node.Constraint.contype] : [],
  )
}

const SERIALS: ReadonlyMap<string, string> = new Map([
  ['serial', 'int4'],
  ['serial4', 'int4'],
  ['bigserial', 'int8'],
  ['serial8', 'int8'],
  ['smallserial', 'int2'],
  ['serial2', 'int2'],
])

export function writtenType(
  written: TypeName | undefined,
  catalogue: Catalogue,
  names: NameContext,
): Type | undefined {
  const [name = '', schema] = [...namesOf(written?.names)].reverse()
  const base = schema === undefined ? (SERIALS.get(name) ?? name) : name
  const wanted = (written?.arrayBounds?.length ?? 0) > 0 ? `_${base}` : base
  if (schema !== undefined) return catalogue.type(schema, wanted)
  for (const one of names.searchPath) {
    const found = catalogue.type(one, wanted)
    if (found !== undefined) return found
  }
  return undefined
}

function keysOf(body: CreateStmt, columns: readonly Column[]): readonly (readonly number[])[] {
  const numbers = new Map(columns.map((column) => [column.name, column.attnum]))
  const own = (body.tableElts ?? []).flatMap((element) => {
    if (!('ColumnDef' in element)) return []
    const kinds = constraintKinds(element.ColumnDef)
    const unique = kinds.includes('CONSTR_PRIMARY') || kinds.includes('CONSTR_UNIQUE')
    const attnum = numbers.get(element.ColumnDef.colname ?? '')
    return unique && attnum !== undefined ? [[attnum]] : []
  })
  const tables = [...(body.tableElts ?? []), ...(body.constraints ?? [])].flatMap((element) => {
    if (!('Constraint' in element)) return []
    const { contype, keys } = element.Constraint
    if (contype !== 'CONSTR_PRIMARY' && contype !== 'CONSTR_UNIQUE') return []
    const key = namesOf(keys).map((name) => numbers.get(name) ?? 0)
    return key.length === 0 || key.includes(0) ? [] : [key]
  })
  return [...own, ...tables]
}
