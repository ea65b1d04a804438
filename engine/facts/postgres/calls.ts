// Calls of functions, operators and casts: which ones a call can mean, what they do, and what becomes
// of labelled values that they are given. Where several fit, all of them count.
import type { Node, TypeName } from 'libpg-query'
import { resolveRoutines, schemaOf } from './analysis.js'
import type { Analysis } from './analysis.js'
import type { Catalogue, Oid, Operator, Routine } from './catalogue.js'
import type { At } from './expression.js'
import { callEffect, isHarmless, isSystemRoutine } from './functions.js'
import { isExact, mayCoerce, namedType, returnedType } from './result-types.js'
import { isTotal, isTotalCast, isTotalOperator } from './total-functions.js'
import { TYPE, isLabelled, joined, passed, sunk } from './value.js'
import type { Value } from './value.js'

export type Arguments = {
  readonly nodes: readonly Node[]
  readonly values: readonly Value[]
  // Named arguments can stand in any order, and VARIADIC takes any number: then types tell nothing.
  readonly ordered: boolean
}

// All routines that this call could mean, none where no function has the name.
export function candidatesOf(
  parts: readonly string[],
  given: Arguments,
  analysis: Analysis,
): readonly Routine[] {
  const all = resolveRoutines(analysis, parts, given.ordered ? given.values.length : undefined)
  if (!given.ordered) return all
  const types = given.values.map((value) => value.type)
  const exact = all.filter((routine) => isExact(types, routine.argumentTypes))
  const [first] = exact
  // An exact match wins; of several along the path the first (FuncnameGetCandidates drops the others).
  if (first !== undefined && !types.includes(0) && !types.includes(TYPE.unknown)) return [first]
  return all.filter((routine) => takesTypes(routine, types, analysis))
}

export function called(
  routines: readonly Routine[],
  given: Arguments,
  at: At,
  name: string,
): Value {
  const { analysis } = at
  for (const routine of routines) declareCall(routine, given.nodes, analysis)
  implicitCasts(given.values, analysis)
  const step = `function:${name}`
  const labelled = given.values.filter(isLabelled)
  if (labelled.length > 0 && !isTotal(name, routines, given, analysis.catalogue)) {
    for (const value of labelled) sunk(passed(value, step), 'argument', analysis)
  }
  const value = passed(joined(given.values), step, resultType(routines, given, analysis.catalogue))
  const fields = outputFields(routines, value, analysis.catalogue)
  return fields === undefined ? value : { ...value, fields }
}

// Of functions with several OUT parameters, where all that the call can mean name them alike. Any may be
// made of all that the function was given.
function outputFields(
  routines: readonly Routine[],
  value: Value,
  catalogue: Catalogue,
): Value['fields'] {
  const [first, ...others] = routines.map(({ outputs }) => outputs ?? [])
  if (first === undefined || first.length < 2) return undefined
  const names = (outputs: typeof first): string => outputs.map(({ name }) => name).join('\0')
  if (others.some((outputs) => names(outputs) !== names(first))) return undefined
  return first.map(({ name, type }) => {
    const known = others.length === 0 && catalogue.typeByOid(type)?.kind !== 'p' ? type : 0
    return { name, value: { ...passed(value, `field:${name}`, known), type: known } }
  })
}

// A function known by its name alone, such as the one behind `row.f`. undefined where there is none.
export function calledByName(
  parts: readonly string[],
  values: readonly Value[],
  at: At,
): Value | undefined {
  const given: Arguments = { nodes: [], values, ordered: true }
  const routines = candidatesOf(parts, given, at.analysis)
  return routines.length === 0 ? undefined : called(routines, given, at, parts.at(-1) ?? '')
}

export function operated(
  parts: readonly string[],
  left: Value | undefined,
  right: Value | undefined,
  at: At,
): Value {
  const { analysis } = at
  const name = parts.at(-1) ?? ''
  const found = operatorsOf(parts, left, right, analysis)
  if (found.length === 0) analysis.unread('name_not_resolved', `operator ${parts.join('.')}`)
  for (const { routine } of found) {
    const behind = analysis.catalogue.routineByOid(routine)
    if (behind === undefined) analysis.unread('name_not_resolved', `operator ${name}`)
    else declareCall(behind, [], analysis)
  }
  const values = [left, right].filter((value) => value !== undefined)
  implicitCasts(values, analysis)
  const system = found.every(({ routine }) => isSystem(routine, analysis))
  if (values.some(isLabelled)) {
    const total = system && isTotalOperator(name, values, analysis.catalogue)
    if (!total) {
      const sink = isComparison(name) && system ? at.comparing : 'argument'
      for (const value of values) sunk(passed(value, `operator:${name}`), sink, analysis)
    }
  }
  return passed(joined(values), `operator:${name}`, sameType(found.map(({ result }) => result)))
}

// What the latest reading of a cast found it to call, by what it is cast to.
const CASTS = new WeakMap<TypeName, readonly Routine[]>()

export function castsFound(name: TypeName): readonly Routine[] {
  return CASTS.get(name) ?? []
}

export function cast(value: Value, name: TypeName | undefined, at: At): Value {
  const { analysis } = at
  const type = namedType(name, analysis)
  const word = (name?.names ?? []).map((part) => ('String' in part ? part.String.sval : '')).at(-1)
  if (type === undefined) {
    analysis.unread('name_not_resolved', `type ${word ?? ''}`)
    return passed(value, 'cast')
  }
  // No cast at all, and so still the column itself.
  if (type.oid !== 0 && type.oid === value.type && name?.typmods === undefined) return value
  const step = `cast:${type.name}`
  const routines = userCasts(value.type, type.oid, analysis)
  if (name !== undefined && value.type !== 0) CASTS.set(name, routines)
  for (const routine of routines) declareCall(routine, [], analysis)
  const total = routines.length === 0 && isTotalCast(value, type)
  if (isLabelled(value) && !total) sunk(passed(value, step), 'argument', analysis)
  return {
    ...passed(value, step, type.oid),
    ...(value.constant === true ? { constant: true } : {}),
  }
}

// The comparison behind IN, BETWEEN, CASE x WHEN, USING …
export function compared(operator: string, left: Value, right: Value, at: At): Value {
  return operated([operator], left, right, at)
}

export function isComparison(operator: string): boolean {
  return COMPARISONS.has(operator)
}

const COMPARISONS = new Set(
  '= <> != < > <= >= ~~ !~~ ~~* !~~* ~ !~ ~* !~* ^@ && @> <@ ? ?| ?& @@ @? ~=~'.split(' '),
)

function declareCall(routine: Routine, nodes: readonly Node[], analysis: Analysis): void {
  if (!isHarmless(routine)) callEffect(routine, nodes, analysis)
}

function isSystem(routine: Oid, analysis: Analysis): boolean {
  const found = analysis.catalogue.routineByOid(routine)
  return found !== undefined && isSystemRoutine(found)
}

function takesTypes(routine: Routine, types: readonly Oid[], analysis: Analysis): boolean {
  const fixed = routine.variadic ? routine.argumentTypes.length - 1 : types.length
  return types.every(
    (type, place) =>
      place >= fixed || mayCoerce(type, routine.argumentTypes[place] ?? 0, analysis.catalogue),
  )
}

// oper(): an exact match along the path first, taking a literal for the other side's type; else all
// that could be chosen.
function operatorsOf(
  parts: readonly string[],
  left: Value | undefined,
  right: Value | undefined,
  analysis: Analysis,
): readonly Operator[] {
  const { catalogue, names } = analysis
  const [name = '', schemaname] = [...parts].reverse()
  const schema = schemaname === undefined ? undefined : schemaOf(names, schemaname)
  if (schemaname !== undefined && schema === undefined) return []
  const schemas = schema === undefined ? names.searchPath : [schema]
  const all = schemas
    .flatMap((candidate) => catalogue.operators(candidate, name === '!=' ? '<>' : name))
    .filter((operator) => (operator.left === 0) === (left === undefined))
  const literal = (type: Oid, other: Oid): Oid => (type === TYPE.unknown ? other : type)
  const [l, r] = [left?.type ?? 0, right?.type ?? 0]
  const [exactLeft, exactRight] = left === undefined ? [0, r] : [literal(l, r), literal(r, l)]
  const certain = r !== 0 && (left === undefined || l !== 0) && exactRight !== TYPE.unknown
  const exact = all.find((operator) => operator.left === exactLeft && operator.right === exactRight)
  if (certain && exact !== undefined) return [exact]
  return all.filter(
    (operator) =>
      mayCoerce(r, operator.right, catalogue) &&
      (left === undefined || mayCoerce(l, operator.left, catalogue)),
  )
}

function userCasts(source: Oid, target: Oid, analysis: Analysis): readonly Routine[] {
  const { catalogue } = analysis
  return catalogue.userCasts
    .filter((one) => one.target === target && (one.source === source || source === 0))
    .filter((one) => one.routine !== 0)
    .flatMap((one) => catalogue.routineByOid(one.routine) ?? [])
}

// Users' implicit casts are applied without being written.
function implicitCasts(values: readonly Value[], analysis: Analysis): void {
  const { catalogue } = analysis
  if (catalogue.userCasts.length === 0) return
  for (const { source, routine, context } of catalogue.userCasts) {
    if (context !== 'i' || routine === 0) continue
    if (!values.some((value) => value.type === source)) continue
    const found = catalogue.routineByOid(routine)
    if (found !== undefined) declareCall(found, [], analysis)
  }
}

function resultType(routines: readonly Routine[], given: Arguments, catalogue: Catalogue): Oid {
  const types = given.ordered ? given.values.map((value) => value.type) : undefined
  return sameType(
    routines.map((routine) =>
      types === undefined ? routine.returns : returnedType(routine, types, catalogue),
    ),
  )
}

function sameType(types: readonly Oid[]): Oid {
  const [first, ...more] = types
  if (first === undefined || more.some((type) => type !== first)) return 0
  return POLYMORPHIC.has(first) ? 0 : first
}

const POLYMORPHIC = new Set([
  2276, 2277, 2283, 2776, 3500, 3831, 4537, 4538, 5077, 5078, 5079, 5080, 2249,
])
