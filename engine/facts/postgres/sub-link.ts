// Queries inside expressions. EXISTS takes nothing but whether there are rows; the others compare or
// give the query's columns.
import type { SubLink } from 'libpg-query'
import type { At } from './expression.js'
import { valueOf } from './expression.js'
import { operated } from './calls.js'
import { columnsOfQuery } from './query.js'
import { arrayOf } from './result-types.js'
import type { ScopeColumn } from './scope.js'
import { namesOf } from './tree.js'
import { NOTHING, TYPE, joined, passed, sunk, typed } from './value.js'
import type { Value } from './value.js'

export function subLink(body: SubLink, at: At): Value {
  if (body.subselect === undefined) {
    at.analysis.unread('unknown_node', 'SubLink without query')
    return NOTHING
  }
  const columns = columnsOfQuery(body.subselect, at.analysis, at.scope)
  if (columns === 'unknown') {
    at.analysis.unread('name_not_resolved', 'columns of a sub-select')
    return NOTHING
  }
  switch (body.subLinkType) {
    case 'EXISTS_SUBLINK':
      return typed(TYPE.bool)
    case 'EXPR_SUBLINK':
      return scalar(columns)
    case 'ARRAY_SUBLINK':
      return arrayOfColumn(columns, at)
    case 'ANY_SUBLINK':
    case 'ALL_SUBLINK':
    case 'ROWCOMPARE_SUBLINK':
      return comparison(body, columns, at)
    default:
      at.analysis.unread('unknown_node', `SubLink ${String(body.subLinkType)}`)
      return joined(columns.map((column) => column.value))
  }
}

function arrayOfColumn(columns: readonly ScopeColumn[], at: At): Value {
  const value = joined(columns.map((column) => column.value))
  const [only] = columns
  return passed(value, 'array', arrayOf(only?.value.type ?? 0, at.analysis.catalogue))
}

// The value of one column as it is; of several (in SET (a, b) = …) all of them together.
function scalar(columns: readonly ScopeColumn[]): Value {
  const [only, ...more] = columns
  if (only === undefined) return NOTHING
  if (more.length > 0) return joined(columns.map((column) => column.value))
  // RowDescription names no table for the result of a sub-select in an expression.
  const { origin: _, ...value } = only.value
  return { ...value, sources: passed(value, 'sub_select').sources }
}

function comparison(body: SubLink, columns: readonly ScopeColumn[], at: At): Value {
  const names = body.operName === undefined ? ['='] : namesOf(body.operName)
  const test = valueOf(body.testexpr, at)
  const lefts = columns.length > 1 ? (test.fields ?? []).map((field) => field.value) : [test]
  const parts = columns.map((column, place) =>
    operated(names, lefts[place] ?? test, column.value, at),
  )
  const value = passed(joined(parts), 'sub_select', TYPE.bool)
  sunk(value, at.comparing, at.analysis)
  return value
}
