// SQL/JSON of PostgreSQL 16 to 18. JSON_OBJECT and JSON_ARRAY only build; the others parse, search or
// convert, with errors and NULLs that depend on what they are given.
import type {
  JsonAggConstructor,
  JsonArgument,
  JsonArrayConstructor,
  JsonBehavior,
  JsonFuncExpr,
  JsonKeyValue,
  JsonObjectConstructor,
  JsonOutput,
  JsonValueExpr,
  Node,
} from 'libpg-query'
import type { At, ExpressionReaders } from './expression.js'
import { condition, valueOf } from './expression.js'
import { sorted, window } from './function-call.js'
import { columnsOfQuery } from './query.js'
import { namedType } from './result-types.js'
import { isShort } from './total-functions.js'
import { TYPE, isLabelled, joined, passed, sunk } from './value.js'
import type { Value } from './value.js'

export const JSON_READERS: ExpressionReaders = {
  JsonObjectConstructor: object,
  JsonArrayConstructor: array,
  JsonArrayQueryConstructor: (body, at) => {
    const columns =
      body.query === undefined ? [] : columnsOfQuery(body.query, at.analysis, at.scope)
    if (columns === 'unknown') at.analysis.unread('name_not_resolved', 'columns of JSON_ARRAY')
    const values = columns === 'unknown' ? [] : columns.map((column) => column.value)
    return ended(values, 'json_array', body.output, at, 'aggregate')
  },
  JsonObjectAgg: (body, at) =>
    aggregate(keyValue(body.arg, at), 'json_objectagg', body.constructor, at),
  JsonArrayAgg: (body, at) =>
    aggregate([jsonValue(body.arg, at)], 'json_arrayagg', body.constructor, at),
  JsonFuncExpr: search,
  JsonParseExpr: (body, at) => ended([jsonValue(body.expr, at)], 'json', body.output, at),
  JsonScalarExpr: (body, at) => {
    const value = passed(valueOf(body.expr, at), 'json_scalar', TYPE.json)
    if (body.output !== undefined) return ended([value], 'json_scalar', body.output, at)
    return value
  },
  JsonSerializeExpr: (body, at) =>
    ended([jsonValue(body.expr, at)], 'json_serialize', body.output, at),
  JsonIsPredicate: (body, at) => {
    const value = passed(valueOf(body.expr, at), 'is_json', TYPE.bool)
    if (isLabelled(value)) sunk(value, at.comparing, at.analysis)
    return value
  },
  JsonValueExpr: (body, at) => jsonValue(body, at),
  JsonKeyValue: (body, at) => joined(keyValue(body, at)),
}

export function jsonValue(body: JsonValueExpr | undefined, at: At): Value {
  const value = valueOf(body?.raw_expr, at)
  // FORMAT JSON parses the text.
  return parses(body) ? ended([value], 'json', undefined, at) : value
}

export function passing(nodes: readonly Node[] | undefined, at: At): readonly Value[] {
  return (nodes ?? []).map((node) => {
    if ('JsonArgument' in node) return argument(node.JsonArgument, at)
    return valueOf(node, at)
  })
}

export function behaviour(body: JsonBehavior | undefined, at: At): readonly Value[] {
  return body?.expr === undefined ? [] : [valueOf(body.expr, at)]
}

export function outputType(output: JsonOutput | undefined, at: At): number {
  return namedType(output?.typeName, at.analysis)?.oid ?? 0
}

function parses(body: JsonValueExpr | undefined): boolean {
  const format = body?.format?.format_type
  return format !== undefined && format !== 'JS_FORMAT_DEFAULT'
}

function argument(body: JsonArgument, at: At): Value {
  return jsonValue(body.val, at)
}

function keyValue(body: JsonKeyValue | undefined, at: At): readonly Value[] {
  return [valueOf(body?.key, at), jsonValue(body?.value, at)]
}

function object(body: JsonObjectConstructor, at: At): Value {
  const pairs = (body.exprs ?? []).map((node) =>
    'JsonKeyValue' in node ? keyValue(node.JsonKeyValue, at) : [valueOf(node, at)],
  )
  const values = pairs.flat()
  const keys = pairs.flatMap(([key]) => (key === undefined ? [] : [key]))
  const total = isBuilt(body.output, at) && !keys.some(isLabelled)
  return total
    ? built(values, 'json_object', body.output, at)
    : ended(values, 'json_object', body.output, at)
}

function array(body: JsonArrayConstructor, at: At): Value {
  const values = (body.exprs ?? []).map((node) => valueOf(node, at))
  return isBuilt(body.output, at)
    ? built(values, 'json_array', body.output, at)
    : ended(values, 'json_array', body.output, at)
}

// RETURNING another type than JSON converts.
function isBuilt(output: JsonOutput | undefined, at: At): boolean {
  if (output?.typeName === undefined) return true
  const type = outputType(output, at)
  return type === TYPE.json || type === TYPE.jsonb
}

function built(
  values: readonly Value[],
  step: string,
  output: JsonOutput | undefined,
  at: At,
): Value {
  if (!values.every(isShort)) return ended(values, step, output, at)
  return passed(joined(values), step, outputType(output, at))
}

function ended(
  values: readonly Value[],
  step: string,
  output: JsonOutput | undefined,
  at: At,
  sink: 'argument' | 'aggregate' = 'argument',
): Value {
  const value = passed(joined(values), step, outputType(output, at))
  if (isLabelled(value)) sunk(value, sink, at.analysis)
  return value
}

function aggregate(
  values: readonly Value[],
  step: string,
  body: JsonAggConstructor | undefined,
  at: At,
): Value {
  for (const node of body?.agg_order ?? []) sorted(node, at)
  condition(body?.agg_filter, at)
  if (body?.over !== undefined) window(body.over, at)
  return ended(values, `aggregate:${step}`, body?.output, at, 'aggregate')
}

function search(body: JsonFuncExpr, at: At): Value {
  const values = [
    jsonValue(body.context_item, at),
    valueOf(body.pathspec, at),
    ...passing(body.passing, at),
    ...behaviour(body.on_empty, at),
    ...behaviour(body.on_error, at),
  ]
  return ended(values, stepOf(body.op), body.output, at)
}

function stepOf(op: JsonFuncExpr['op']): string {
  switch (op) {
    case 'JSON_EXISTS_OP':
      return 'json_exists'
    case 'JSON_QUERY_OP':
      return 'json_query'
    case 'JSON_VALUE_OP':
      return 'json_value'
    case 'JSON_TABLE_OP':
    case undefined:
      return 'json_table'
  }
}
