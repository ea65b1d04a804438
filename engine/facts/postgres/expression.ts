// Expressions: one reader per node type of PostgreSQL's grammar. Each gives the value that the node
// computes, declares what computing it reads and calls, and where labelled values end on the way.
// A node type without a reader is unread.
import type {
  A_ArrayExpr,
  BooleanTest,
  BoolExpr,
  CaseExpr,
  CoalesceExpr,
  MinMaxExpr,
  Node,
  NullTest,
  RowExpr,
} from 'libpg-query'
import type { Sink } from '../../schemas/facts.js'
import type { Analysis } from './analysis.js'
import { cast, compared } from './calls.js'
import { columnReference, starColumns } from './column-reference.js'
import { indirection } from './composite.js'
import { functionCall } from './function-call.js'
import { JSON_READERS } from './json-expression.js'
import { operatorExpression } from './operator-expression.js'
import { arrayOf } from './result-types.js'
import type { Scope } from './scope.js'
import { subLink } from './sub-link.js'
import { tagOf } from './tree.js'
import { NOTHING, TYPE, isLabelled, joined, passed, sunk, typed } from './value.js'
import type { Value } from './value.js'
import { XML_READERS } from './xml-expression.js'

// Where an expression stands.
export type At = {
  readonly scope: Scope | undefined
  readonly analysis: Analysis
  // What a comparison here tells about: a join's condition, or any other.
  readonly comparing: Sink
}

type KeysOf<Union> = Union extends unknown ? keyof Union : never
type ExpressionTag = KeysOf<Node>
export type BodyOf<Tag extends ExpressionTag> = Extract<Node, Record<Tag, unknown>>[Tag]
export type ExpressionReaders = {
  readonly [Tag in ExpressionTag]?: (body: BodyOf<Tag>, at: At) => Value
}

const DEPTH_MAX = 500

// Reads an expression and declares its value's use.
export function readExpression(
  node: Node,
  scope: Scope | undefined,
  sink: Sink,
  analysis: Analysis,
): Value {
  const comparing = sink === 'join' ? 'join' : 'predicate'
  const value = valueOf(node, { scope, analysis, comparing })
  sunk(value, sink, analysis)
  return value
}

let depth = 0

export function valueOf(node: Node | undefined, at: At): Value {
  if (node === undefined) return NOTHING
  if (depth >= DEPTH_MAX) {
    at.analysis.unread('over_limit', 'expressions in expressions')
    return NOTHING
  }
  depth += 1
  try {
    return readerOf(node, at)
  } finally {
    depth -= 1
  }
}

function readerOf(node: Node, at: At): Value {
  const tag = tagOf(node)
  const readers = readersByTag()
  const reader = Object.hasOwn(readers, tag) ? readers[tag as ExpressionTag] : undefined
  if (reader === undefined) {
    at.analysis.unread('unknown_node', tag)
    return NOTHING
  }
  // The tag chooses a reader for that very body.
  const read = reader as (body: unknown, at: At) => Value
  return read((node as Readonly<Record<string, unknown>>)[tag], at)
}

// The values of a list in which `t.*` stands for its columns (transformExpressionList).
export function valuesOf(nodes: readonly Node[] | undefined, at: At): readonly Value[] {
  return (nodes ?? []).flatMap((node) => {
    if (!('ColumnRef' in node)) return [valueOf(node, at)]
    const fields = node.ColumnRef.fields ?? []
    const last = fields.at(-1)
    if (last === undefined || !('A_Star' in last)) return [valueOf(node, at)]
    return (starColumns(fields, at) ?? []).map((column) => {
      column.touch()
      return column.value
    })
  })
}

// Whether a condition holds tells about what it compares.
export function condition(node: Node | undefined, at: At, sink: Sink = 'predicate'): void {
  if (node === undefined) return
  if ('BoolExpr' in node) {
    for (const arg of node.BoolExpr.args ?? []) condition(arg, at, sink)
  } else sunk(valueOf(node, { ...at, comparing: sink }), sink, at.analysis)
}

// Put together at the first use: these files read each other's nodes and so import each other.
let known: ExpressionReaders | undefined

function readersByTag(): ExpressionReaders {
  known ??= { ...OWN_READERS, ...XML_READERS, ...JSON_READERS }
  return known
}

const OWN_READERS: ExpressionReaders = {
  ColumnRef: columnReference,
  A_Const: constant,
  ParamRef: () => ({ type: 0, sources: [], constant: true }),
  A_Expr: operatorExpression,
  FuncCall: functionCall,
  TypeCast: (body, at) => cast(valueOf(body.arg, at), body.typeName, at),
  SubLink: subLink,
  BoolExpr: boolean,
  CaseExpr: caseOf,
  CoalesceExpr: coalesce,
  MinMaxExpr: leastOrGreatest,
  RowExpr: row,
  A_ArrayExpr: array,
  A_Indirection: indirection,
  NullTest: nullTest,
  BooleanTest: booleanTest,
  CollateClause: (body, at) => {
    const value = valueOf(body.arg, at)
    return passed(value, 'collate', value.type)
  },
  NamedArgExpr: (body, at) => valueOf(body.arg, at),
  // GROUPING(x) tells which columns a row was grouped by, nothing of their values.
  GroupingFunc: (body, at) => {
    for (const arg of body.args ?? []) valueOf(arg, at)
    return typed(TYPE.int4)
  },
  SQLValueFunction: () => NOTHING,
  CurrentOfExpr: () => typed(TYPE.bool),
  SetToDefault: () => NOTHING,
  MergeSupportFunc: () => typed(TYPE.text),
  MultiAssignRef: (body, at) => valueOf(body.source, at),
  List: (body, at) => joined(valuesOf(body.items, at)),
}

function constant(body: BodyOf<'A_Const'>): Value {
  if (body.ival !== undefined) return { ...typed(TYPE.int4), constant: true }
  if (body.boolval !== undefined) return { ...typed(TYPE.bool), constant: true }
  if (body.fval !== undefined) return { ...typed(numberType(body.fval.fval)), constant: true }
  if (body.bsval !== undefined) return { ...typed(1560), constant: true }
  return { ...typed(TYPE.unknown), constant: true }
}

// make_const: what fits 64 bits is int8, all else numeric.
function numberType(text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text)) return 1700
  return BigInt(text) <= 9223372036854775807n ? TYPE.int8 : 1700
}

function boolean(body: BoolExpr, at: At): Value {
  const values = (body.args ?? []).map((arg) => valueOf(arg, at))
  for (const value of values) sunk(value, at.comparing, at.analysis)
  return passed(joined(values), 'boolean', TYPE.bool)
}

function caseOf(body: CaseExpr, at: At): Value {
  const subject = body.arg === undefined ? undefined : valueOf(body.arg, at)
  const results: Value[] = []
  for (const arm of body.args ?? []) {
    if (!('CaseWhen' in arm)) {
      at.analysis.unread('unknown_node', tagOf(arm))
      continue
    }
    if (subject === undefined) condition(arm.CaseWhen.expr, at)
    else sunk(compared('=', subject, valueOf(arm.CaseWhen.expr, at), at), 'predicate', at.analysis)
    results.push(valueOf(arm.CaseWhen.result, at))
  }
  if (body.defresult !== undefined) results.push(valueOf(body.defresult, at))
  return passed(joined(results), 'case', commonType(results))
}

function coalesce(body: CoalesceExpr, at: At): Value {
  const values = (body.args ?? []).map((arg) => valueOf(arg, at))
  return passed(joined(values), 'coalesce', commonType(values))
}

// The greater of two tells how they compare.
function leastOrGreatest(body: MinMaxExpr, at: At): Value {
  const values = (body.args ?? []).map((arg) => valueOf(arg, at))
  const word = body.op === 'IS_LEAST' ? 'least' : 'greatest'
  for (const value of values.filter(isLabelled)) sunk(value, 'predicate', at.analysis)
  return passed(joined(values), word, commonType(values))
}

function row(body: RowExpr, at: At): Value {
  const values = valuesOf(body.args, at)
  return {
    ...passed(joined(values), 'row', TYPE.record),
    fields: values.map((value, place) => ({ name: `f${place + 1}`, value })),
  }
}

function array(body: A_ArrayExpr, at: At): Value {
  const values = (body.elements ?? []).map((element) => valueOf(element, at))
  const type = commonType(values)
  const nested = at.analysis.catalogue.typeByOid(type)?.category === 'A'
  return passed(joined(values), 'array', nested ? type : arrayOf(type, at.analysis.catalogue))
}

function nullTest(body: NullTest, at: At): Value {
  return passed(valueOf(body.arg, at), 'null_test', TYPE.bool)
}

function booleanTest(body: BooleanTest, at: At): Value {
  const value = valueOf(body.arg, at)
  sunk(value, at.comparing, at.analysis)
  return passed(value, 'boolean', TYPE.bool)
}

// select_common_type, where it is plain: all of one type, literals aside.
export function commonType(values: readonly Value[]): number {
  const types = new Set(values.map((value) => value.type).filter((type) => type !== TYPE.unknown))
  const [first, ...more] = [...types]
  if (first === undefined) return values.length > 0 ? TYPE.text : 0
  return more.length > 0 ? 0 : first
}
