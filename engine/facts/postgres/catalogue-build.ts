// Builds a catalogue from the rows of two parts: what initdb made (the same for every database of a
// server version, built once) and what users made. Look-ups try the user's part and then the system's.
import type {
  Cast,
  Catalogue,
  Column,
  Oid,
  Operator,
  Relation,
  Routine,
  Type,
} from './catalogue.js'
import {
  oidsOf,
  relationKindOf,
  routineKindOf,
  typeKindOf,
  volatilityOf,
} from './catalogue-kinds.js'
import { groupedRows } from './catalogue-rows.js'
import type { Part, Row } from './catalogue-rows.js'
import { systemColumnLabels } from './system-relations.js'

export type CataloguePart = {
  readonly schemas: readonly string[]
  readonly relations: readonly Relation[]
  readonly routines: readonly Routine[]
  readonly types: readonly Type[]
  readonly operators: readonly Operator[]
  readonly casts: readonly Cast[]
  readonly definitionPath: readonly string[]
  readonly relationNamed: ReadonlyMap<string, Relation>
  readonly relationOf: ReadonlyMap<Oid, Relation>
  readonly routinesNamed: ReadonlyMap<string, readonly Routine[]>
  readonly routineOf: ReadonlyMap<Oid, Routine>
  readonly typeNamed: ReadonlyMap<string, Type>
  readonly typeOf: ReadonlyMap<Oid, Type>
  readonly operatorsNamed: ReadonlyMap<string, readonly Operator[]>
}

export type CatalogueIdentity = Pick<Catalogue, 'version' | 'database' | 'server'>

export function builtPart(part: Part, system: boolean): CataloguePart {
  const relations = relationsOf(part, system)
  const routines = part.routines.map(routineOf)
  const types = part.types.map(typeOf)
  const operators = part.operators.map(operatorOf)
  return {
    schemas: part.schemas.map((row) => row.text(0)),
    relations,
    routines,
    types,
    operators,
    casts: part.casts.map(castOf),
    definitionPath: part.definitionPath,
    relationNamed: byKey(relations, nameKey),
    relationOf: byKey(relations, (relation) => relation.oid),
    routinesNamed: grouped(routines),
    routineOf: byKey(routines, (routine) => routine.oid),
    typeNamed: byKey(types, nameKey),
    typeOf: byKey(types, (type) => type.oid),
    operatorsNamed: grouped(operators),
  }
}

export function builtCatalogue(
  identity: CatalogueIdentity,
  system: CataloguePart,
  user: CataloguePart,
): Catalogue {
  const both = <Item>(left: readonly Item[] | undefined, right: readonly Item[] | undefined) =>
    left === undefined ? (right ?? []) : right === undefined ? left : [...left, ...right]
  return {
    ...identity,
    relation: (schema, name) => {
      const key = keyOf(schema, name)
      return user.relationNamed.get(key) ?? system.relationNamed.get(key)
    },
    relationByOid: (oid) => user.relationOf.get(oid) ?? system.relationOf.get(oid),
    routines: (schema, name) => {
      const key = keyOf(schema, name)
      return both(system.routinesNamed.get(key), user.routinesNamed.get(key))
    },
    routineByOid: (oid) => user.routineOf.get(oid) ?? system.routineOf.get(oid),
    type: (schema, name) => {
      const key = keyOf(schema, name)
      return user.typeNamed.get(key) ?? system.typeNamed.get(key)
    },
    typeByOid: (oid) => user.typeOf.get(oid) ?? system.typeOf.get(oid),
    operators: (schema, name) => {
      const key = keyOf(schema, name)
      return both(system.operatorsNamed.get(key), user.operatorsNamed.get(key))
    },
    userCasts: user.casts,
    schemas: [...system.schemas, ...user.schemas],
    userRelations: user.relations,
    definitionPath: user.definitionPath,
  }
}

// Names may hold any character but NUL.
export function keyOf(schema: string, name: string): string {
  return `${schema}\0${name}`
}

function nameKey(item: { readonly schema: string; readonly name: string }): string {
  return keyOf(item.schema, item.name)
}

function relationsOf(part: Part, system: boolean): readonly Relation[] {
  const columns = groupedRows(part.columns)
  const indexes = groupedRows(part.indexes)
  const checks = groupedRows(part.checks)
  const parents = groupedRows(part.inherits)
  const rules = groupedRows(part.rules)
  const triggers = groupedRows(part.triggers)
  return part.relations.map((row) => {
    const oid = row.number(0)
    const definition = row.optionalText(5)
    const own = indexes.get(oid) ?? []
    const about = { schema: row.text(1), name: row.text(2), system }
    return {
      oid,
      ...about,
      kind: relationKindOf(row.text(3)),
      temporary: row.text(4) === 't',
      columns: (columns.get(oid) ?? [])
        .map((column) => columnOf(column, about))
        .sort((a, b) => a.attnum - b.attnum),
      keys: own.flatMap(keyColumns),
      uniqueColumns: [...new Set(own.flatMap(uniqueColumns))].sort((a, b) => a - b),
      expressionColumns: [...new Set(own.flatMap(expressionColumns))].sort((a, b) => a - b),
      parents: (parents.get(oid) ?? []).map((parent) => parent.number(1)),
      ...(definition === undefined ? {} : { definition }),
      ...(row.flag(6) ? { barrier: true } : {}),
      rules: [...new Set((rules.get(oid) ?? []).map(eventOf))].sort(),
      triggers: (triggers.get(oid) ?? []).map((trigger) => trigger.number(1)),
      checks: [
        ...(checks.get(oid) ?? []).map((check) => check.text(1)),
        ...own.flatMap((index) => [index.optionalText(5), index.optionalText(6)]),
      ].filter((text) => text !== undefined),
    }
  })
}

function columnOf(row: Row, about: Parameters<typeof systemColumnLabels>[0]): Column {
  const expression = row.optionalText(6)
  const typmod = row.number(7)
  return {
    attnum: row.number(1),
    name: row.text(2),
    type: row.number(3),
    ...(typmod < 0 ? {} : { typmod }),
    notNull: row.flag(4),
    generated: row.flag(5),
    ...(expression === undefined ? {} : { expression }),
    labels: systemColumnLabels(about, row.text(2)),
  }
}

// pg_index.indkey: attribute numbers, 0 for an expression, first the key and then INCLUDE columns.
function indexKey(row: Row): readonly number[] {
  const listed = row.text(1)
  const all = listed === '' ? [] : listed.split(' ').map(Number)
  return all.slice(0, row.number(2))
}

function keyColumns(row: Row): readonly (readonly number[])[] {
  const key = indexKey(row)
  return row.flag(3) && row.flag(4) && !key.includes(0) ? [key] : []
}

function uniqueColumns(row: Row): readonly number[] {
  if (!row.flag(3)) return []
  return [...indexKey(row).filter((attnum) => attnum > 0), ...(row.numbers(7) ?? [])]
}

function expressionColumns(row: Row): readonly number[] {
  const plain = row.optionalText(5) === undefined && row.optionalText(6) === undefined
  return plain ? [] : (row.numbers(7) ?? [])
}

function eventOf(row: Row): string {
  switch (row.text(1)) {
    case '2':
      return 'update'
    case '3':
      return 'insert'
    default:
      return 'delete'
  }
}

function routineOf(row: Row): Routine {
  const argumentTypes = oidsOf(row.text(7))
  const body = row.optionalText(12)
  const all = row.numbers(13)
  const modes = row.texts(14)
  const names = row.texts(15)
  const settings = row.texts(17)
  const parts = row.numbers(19)?.filter((oid) => oid !== 0)
  const outputs = outputsOf(all, modes, names)
  return {
    oid: row.number(0),
    schema: row.text(1),
    name: row.text(2),
    kind: routineKindOf(row.text(3)),
    language: row.text(4),
    volatility: volatilityOf(row.text(5)),
    securityDefiner: row.flag(6),
    argumentTypes,
    defaults: row.number(8),
    variadic: row.flag(9),
    returns: row.number(10),
    returnsSet: row.flag(11),
    strict: row.flag(16),
    bound: row.flag(18),
    ...(body === undefined ? {} : { body }),
    ...(names === undefined ? {} : { argumentNames: inputNames(names, modes) }),
    ...(outputs === undefined ? {} : { outputs }),
    ...(settings === undefined ? {} : { settings }),
    ...(parts === undefined ? {} : { parts }),
  }
}

// proargmodes: i in, o out, b both, v variadic, t column of RETURNS TABLE.
function inputNames(
  names: readonly string[],
  modes: readonly string[] | undefined,
): readonly string[] {
  return names.filter((_, place) => !['o', 't'].includes(modes?.[place] ?? 'i'))
}

function outputsOf(
  types: readonly number[] | undefined,
  modes: readonly string[] | undefined,
  names: readonly string[] | undefined,
): Routine['outputs'] {
  if (types === undefined || modes === undefined) return undefined
  const found = types.flatMap((type, place) =>
    ['o', 'b', 't'].includes(modes[place] ?? '') ? [{ name: names?.[place] ?? '', type }] : [],
  )
  // An unnamed OUT argument is called column1, column2 … by its place among them.
  return found.length === 0
    ? undefined
    : found.map((item, place) =>
        item.name === '' ? { ...item, name: `column${place + 1}` } : item,
      )
}

function typeOf(row: Row): Type {
  return {
    oid: row.number(0),
    schema: row.text(1),
    name: row.text(2),
    kind: typeKindOf(row.text(3)),
    category: row.text(4),
    relation: row.number(5),
    element: row.number(6),
    base: row.number(7),
  }
}

function operatorOf(row: Row): Operator {
  return {
    schema: row.text(0),
    name: row.text(1),
    left: row.number(2),
    right: row.number(3),
    result: row.number(4),
    routine: row.number(5),
  }
}

function castOf(row: Row): Cast {
  return {
    source: row.number(0),
    target: row.number(1),
    routine: row.number(2),
    context: row.text(3),
  }
}

function byKey<Key, Item>(items: readonly Item[], key: (item: Item) => Key): Map<Key, Item> {
  return new Map(items.map((item) => [key(item), item]))
}

function grouped<Item extends { readonly schema: string; readonly name: string }>(
  items: readonly Item[],
): ReadonlyMap<string, readonly Item[]> {
  const found = new Map<string, Item[]>()
  for (const item of items) {
    const key = nameKey(item)
    const list = found.get(key)
    if (list === undefined) found.set(key, [item])
    else list.push(item)
  }
  return found
}
