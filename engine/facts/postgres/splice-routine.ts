// A call of a function written as one SQL query becomes that query, so that what it reads can be masked at the
// source like the client's own text. Its arguments are worked out beside it, where no name of the body can
// take the place of one of theirs.
import type { FuncCall, Node, RangeFunction, RangeVar, TypeCast } from 'libpg-query'
import type { Catalogue, Oid, Relation, Routine } from './catalogue.js'
import { castsFound } from './calls.js'
import { columnName } from './column-names.js'
import { candidatesFound } from './function-call.js'
import { isSystemRoutine } from './functions.js'
import { relationOfType } from './result-types.js'
import { onlyStatement, queryOfBody, visit } from './splice-body.js'
import { quoted } from './mask-expression.js'
import { createWritten, type Call, type Edit, type Written } from './splice-text.js'
import { isReplaced } from './splice-tree.js'
import { namesOf } from './tree.js'

export type RoutineParts = {
  readonly catalogue: Catalogue
  readonly pathStartsWithCatalogue: boolean
  // Reads a statement, so that each call in it knows what it can mean.
  readonly resolve: (statement: Node) => void
  // Along the path of the session, or of the texts of definitions.
  readonly relationOf: (range: RangeVar, bound: boolean) => Relation | undefined
}

// Functions in functions, or in arguments of functions.
const DEPTH_MAX = 8
const CALLS_MAX = 100
const ARGUMENTS = '"sallyport_arguments"'
const RESULT = '"sallyport_result"'

/** The text with each such call replaced by its query; undefined where there is none. */
export function inlinedRoutines(text: string, parts: RoutineParts): string | undefined {
  let current = text
  for (let depth = 0; depth < DEPTH_MAX; depth += 1) {
    const next = outermostInlined(current, parts)
    if (next === undefined) break
    current = next
  }
  return current === text ? undefined : current
}

// Calls in the arguments of others come next.
function outermostInlined(text: string, parts: RoutineParts): string | undefined {
  const before = onlyStatement(text)
  if (before === undefined || !callsRoutines(before, parts.catalogue)) return undefined
  parts.resolve(before)
  const written = createWritten(text)
  const edits: Edit[] = []
  const replacements = new Map<unknown, Node>()
  for (const found of callsIn(before)) {
    const made = standIn(found, written, parts)
    const isWithin = edits.some(
      ({ start, end }) => made !== undefined && made.edit.start < end && made.edit.end > start,
    )
    if (made === undefined || isWithin) continue
    edits.push(made.edit)
    replacements.set(found.from ?? found.call, made.node)
  }
  if (edits.length === 0 || edits.length > CALLS_MAX) return undefined
  const made = written.edited(edits)
  return isReplaced(before, onlyStatement(made), replacements) ? made : undefined
}

function standIn(
  found: Found,
  written: Written,
  parts: RoutineParts,
): { readonly edit: Edit; readonly node: Node } | undefined {
  const { call, from } = found
  const routine = 'funcname' in call ? routineOf(call) : routineOfCast(call)
  const place = routine === undefined ? undefined : placeOf(call, written)
  if (routine === undefined || place?.args.length !== routine.argumentTypes.length) return undefined
  const query = queryOf(routine, place, found, parts)
  const subselect = query === undefined ? undefined : onlyStatement(query)
  if (query === undefined || subselect === undefined) return undefined
  const { name } = routine
  const { start, end } = place
  if (from === undefined) {
    const node: Node = { SubLink: { subLinkType: 'EXPR_SUBLINK', subselect } }
    return { edit: { start, end, text: `(${query})` }, node }
  }
  const alias = from.alias ?? { aliasname: name }
  const node: Node = { RangeSubselect: { lateral: true, subquery: subselect, alias } }
  const lateral = from.lateral === true ? '' : 'LATERAL '
  const named = from.alias === undefined ? ` AS ${quoted(name)} ` : ''
  return { edit: { start, end, text: `${lateral}(${query})${named}` }, node }
}

type Found = { readonly call: FuncCall | TypeCast; readonly from: RangeFunction | undefined }

function placeOf(call: FuncCall | TypeCast, written: Written): Call | undefined {
  return 'funcname' in call
    ? written.callAt(call.location ?? 0, call.funcname?.length ?? 0)
    : written.castAt(call.location ?? 0)
}

function callsIn(root: Node): readonly Found[] {
  const found: Found[] = []
  const inFrom = new Set<unknown>()
  visit(root, (key, inner) => {
    if (key === 'RangeFunction') {
      const range = inner as RangeFunction
      const [only, ...others] = range.functions ?? []
      const items = only !== undefined && 'List' in only ? (only.List.items ?? []) : []
      for (const item of items) if ('FuncCall' in item) inFrom.add(item.FuncCall)
      const [call] = items
      const plain =
        others.length === 0 &&
        range.is_rowsfrom !== true &&
        range.ordinality !== true &&
        range.coldeflist === undefined
      if (plain && call !== undefined && 'FuncCall' in call)
        found.push({ call: call.FuncCall, from: range })
    } else if ((key === 'FuncCall' && !inFrom.has(inner)) || key === 'TypeCast') {
      found.push({ call: inner as FuncCall | TypeCast, from: undefined })
    }
  })
  return found
}

function callsRoutines(root: Node, catalogue: Catalogue): boolean {
  let found = catalogue.userCasts.length > 0
  visit(root, (key, inner) => {
    if (key !== 'FuncCall' || found) return
    const name = namesOf((inner as FuncCall).funcname).at(-1) ?? ''
    found = catalogue.schemas.some((schema) =>
      catalogue.routines(schema, name).some((one) => one.body !== undefined),
    )
  })
  return found
}

// The one function that is meant, where it can only be that one and its call is as plain as can be.
function routineOf(call: FuncCall): Routine | undefined {
  const [routine, ...others] = candidatesFound(call)
  const args = call.args ?? []
  const plain =
    call.over === undefined &&
    call.agg_order === undefined &&
    call.agg_filter === undefined &&
    call.agg_star !== true &&
    call.agg_distinct !== true &&
    call.agg_within_group !== true &&
    call.func_variadic !== true &&
    call.funcformat === 'COERCE_EXPLICIT_CALL' &&
    !args.some((arg) => 'NamedArgExpr' in arg)
  if (!plain || others.length > 0 || routine?.argumentTypes.length !== args.length) return undefined
  return isQuery(routine) ? routine : undefined
}

function routineOfCast({ typeName }: TypeCast): Routine | undefined {
  const [routine, ...others] = typeName === undefined ? [] : castsFound(typeName)
  if (routine === undefined || others.length > 0 || routine.argumentTypes.length !== 1)
    return undefined
  return isQuery(routine) ? routine : undefined
}

function isQuery(routine: Routine): boolean {
  const { kind, language, body, securityDefiner, variadic, settings = [] } = routine
  // What its owner may read, others may not; under other settings names mean something else.
  const runsAsCaller = !securityDefiner && settings.length === 0
  return (
    !isSystemRoutine(routine) &&
    kind === 'f' &&
    language === 'sql' &&
    body !== undefined &&
    runsAsCaller &&
    !variadic
  )
}

function queryOf(
  routine: Routine,
  { args }: Call,
  { call, from }: Found,
  parts: RoutineParts,
): string | undefined {
  const { catalogue } = parts
  const bound = routine.bound === true
  if (bound && !parts.pathStartsWithCatalogue) return undefined
  const node: Node = 'funcname' in call ? { FuncCall: call } : { TypeCast: call }
  const name = from?.alias?.aliasname ?? columnName(node)
  const columns = columnsOf(routine, from !== undefined, name, catalogue)
  const types = routine.argumentTypes.map((type) => typeName(type, catalogue))
  const body = queryOfBody(
    routine,
    (range) => parts.relationOf(range, bound),
    (number) => `(${ARGUMENTS}.${quoted(String(number))})`,
  )
  if (columns === undefined || types.includes(undefined) || body === undefined) return undefined
  const given = args.map((arg, at) => `CAST((${arg}) AS ${types[at]}) AS ${quoted(String(at + 1))}`)
  const beside = given.length === 0 ? '' : `(SELECT ${given.join(', ')}) AS ${ARGUMENTS}, LATERAL `
  const places = columns.map((_, at) => quoted(String(at + 1)))
  const outputs = columns.map(
    ({ name, type }, at) => `CAST(${RESULT}.${places[at]} AS ${type}) AS ${quoted(name)}`,
  )
  // Without a call there is no row.
  const nulls = args.map((_, at) => `${ARGUMENTS}.${quoted(String(at + 1))} IS NOT NULL`)
  const called = routine.strict === true && nulls.length > 0 ? ` WHERE ${nulls.join(' AND ')}` : ''
  const limit = from === undefined ? ' LIMIT 1' : ''
  return `SELECT ${outputs.join(', ')} FROM ${beside}(${body}) AS ${RESULT}(${places.join(', ')})${called}${limit}`
}

type Named = { readonly name: string; readonly type: string }

// In FROM a set of rows, elsewhere a single value.
function columnsOf(
  routine: Routine,
  inFrom: boolean,
  own: string,
  catalogue: Catalogue,
): readonly Named[] | undefined {
  if (inFrom !== routine.returnsSet) return undefined
  const { outputs = [] } = routine
  const relation = relationOfType(routine.returns, catalogue)
  if (!inFrom && (outputs.length > 1 || relation !== undefined)) return undefined
  const columns: readonly { readonly name: string; readonly type: Oid }[] =
    outputs.length > 1
      ? outputs
      : (relation?.columns ?? [{ name: outputs[0]?.name || own, type: routine.returns }])
  const named = columns.flatMap(({ name, type }): readonly Named[] => {
    const word = typeName(type, catalogue)
    return word === undefined || name === '' ? [] : [{ name, type: word }]
  })
  return named.length === columns.length ? named : undefined
}

function typeName(oid: Oid, catalogue: Catalogue): string | undefined {
  const type = catalogue.typeByOid(oid)
  if (type === undefined || type.kind === 'p') return undefined
  return `${quoted(type.schema)}.${quoted(type.name)}`
}
