// Types, as far as the reader needs them: to tell which of several functions or operators of a name a
// call can mean. Where PostgreSQL's choice is not certain, every one that it could choose stays.
import type { TypeName } from 'libpg-query'
import { schemaOf } from './analysis.js'
import type { Analysis } from './analysis.js'
import type { Catalogue, Oid, Relation, Routine, Type } from './catalogue.js'
import { namesOf } from './tree.js'
import { TYPE } from './value.js'

// pg_type.dat: pseudo-types that take values of many types.
const ANY_ARRAY = new Set([2277, 5078])
const ANY_ELEMENT = new Set([2283, 2776, 3500, 5077, 5079])
const ANY_RANGE = new Set([3831, 5080])
const ANY_MULTIRANGE = new Set([4537, 4538])
const ANY_ENUM = 3500
const INTERNAL = 2281
const REGCLASS = 2205

export function namedType(name: TypeName | undefined, analysis: Analysis): Type | undefined {
  if (name === undefined) return undefined
  const { catalogue, names } = analysis
  const [last = '', schemaname, database] = [...namesOf(name.names)].reverse()
  if (database !== undefined && database !== catalogue.database) return undefined
  const schema = schemaname === undefined ? undefined : schemaOf(names, schemaname)
  if (schemaname !== undefined && schema === undefined) return undefined
  const schemas = schema === undefined ? names.searchPath : [schema]
  for (const candidate of schemas) {
    const found = catalogue.type(candidate, last)
    if (found === undefined) continue
    if ((name.arrayBounds ?? []).length === 0) return found
    const array = catalogue.type(candidate, `_${last}`.slice(0, 63))
    return array !== undefined && array.element === found.oid ? array : { ...found, oid: 0 }
  }
  return undefined
}

export function relationOfType(type: Oid, catalogue: Catalogue): Relation | undefined {
  const found = baseType(catalogue.typeByOid(type), catalogue)
  return found === undefined || found.relation === 0
    ? undefined
    : catalogue.relationByOid(found.relation)
}

export function baseType(type: Type | undefined, catalogue: Catalogue): Type | undefined {
  let found = type
  for (let depth = 0; found !== undefined && found.kind === 'd' && depth < 32; depth += 1) {
    found = catalogue.typeByOid(found.base)
  }
  return found
}

export function isText(type: Oid, catalogue: Catalogue): boolean {
  const found = baseType(catalogue.typeByOid(type), catalogue)
  return found !== undefined && found.category === 'S' && found.oid < 16384
}

export function arrayOf(element: Oid, catalogue: Catalogue): Oid {
  const found = catalogue.typeByOid(element)
  if (found === undefined || found.oid === TYPE.unknown) return 0
  const array = catalogue.type(found.schema, `_${found.name}`.slice(0, 63))
  return array?.element === element && array.category === 'A' ? array.oid : 0
}

// enforce_generic_type_consistency, where one argument decides: anyelement is the element of anyarray,
// and the other way round. A pseudo-type where it does not.
export function returnedType(routine: Routine, types: readonly Oid[], catalogue: Catalogue): Oid {
  const { returns, argumentTypes } = routine
  const wantsArray = ANY_ARRAY.has(returns)
  if (!wantsArray && !ANY_ELEMENT.has(returns)) return returns
  for (const [place, declared] of argumentTypes.entries()) {
    const actual = baseType(catalogue.typeByOid(types[place] ?? 0), catalogue)
    if (actual === undefined || actual.kind === 'p') continue
    if (ANY_ARRAY.has(declared) && actual.category === 'A') {
      return wantsArray ? actual.oid : actual.element
    }
    if (ANY_ELEMENT.has(declared)) return wantsArray ? arrayOf(actual.oid, catalogue) : actual.oid
  }
  return returns
}

// Whether PostgreSQL could pass a value of one type where another is declared, without a cast written.
// True whenever that is not certain.
export function mayCoerce(actual: Oid, declared: Oid, catalogue: Catalogue): boolean {
  if (actual === declared || actual === 0 || declared === 0) return true
  if (declared === INTERNAL) return false
  if (actual === TYPE.unknown) return true
  const from = baseType(catalogue.typeByOid(actual), catalogue)
  const to = catalogue.typeByOid(declared)
  if (from === undefined || to === undefined) return true
  if (castsTo(actual, declared, catalogue) || castsTo(from.oid, declared, catalogue)) return true
  if (to.kind === 'p') return fitsPseudoType(from, declared)
  if (to.kind === 'd') return mayCoerce(actual, to.base, catalogue)
  if (from.oid === to.oid) return true
  if (from.kind === 'c') return to.kind === 'c'
  if (from.oid >= 16384 || to.oid >= 16384) return false
  if (from.category === to.category) return true
  return acrossCategories(from, to)
}

// Exact as PostgreSQL compares types: no domain is taken for its base here.
export function isExact(actual: readonly Oid[], declared: readonly Oid[]): boolean {
  return (
    actual.length === declared.length && actual.every((type, place) => type === declared[place])
  )
}

function fitsPseudoType(from: Type, declared: Oid): boolean {
  if (ANY_ARRAY.has(declared)) return from.category === 'A'
  if (ANY_RANGE.has(declared)) return from.kind === 'r'
  if (ANY_MULTIRANGE.has(declared)) return from.kind === 'm'
  if (declared === ANY_ENUM) return from.kind === 'e'
  if (declared === TYPE.record) return from.kind === 'c' || from.oid === TYPE.record
  return true
}

// The system's implicit casts that leave their category: text to regclass, time to interval, the
// planner's own types to text and bytea.
function acrossCategories(from: Type, to: Type): boolean {
  if (from.category === 'S') return to.oid === REGCLASS
  if (from.category === 'D') return to.category === 'T'
  return from.category === 'Z'
}

function castsTo(source: Oid, target: Oid, catalogue: Catalogue): boolean {
  return catalogue.userCasts.some((cast) => cast.source === source && cast.target === target)
}
