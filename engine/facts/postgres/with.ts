// WITH: the queries that a statement names. Without RECURSIVE each sees those before it; with it, all
// of them, itself included. A recursive query is read until what its columns come from grows no more.
import type { CommonTableExpr, Node, SelectStmt, WithClause } from 'libpg-query'
import type { Analysis } from './analysis.js'
import { columnsOfQuery, mergedSides } from './query.js'
import { computedColumn } from './scope.js'
import type { Cte, Scope, ScopeColumn } from './scope.js'
import { namesOf, tagOf } from './tree.js'
import { TYPE, endless, joined, passed, sunk, typed } from './value.js'
import { valueOf } from './expression.js'

type Columns = readonly ScopeColumn[] | 'unknown'

const ROUNDS_MAX = 12

export function withScope(
  clause: WithClause | undefined,
  outer: Scope | undefined,
  analysis: Analysis,
): Scope {
  const ctes = new Map<string, Cte>()
  const scope: Scope = { items: [], ctes, outer }
  const recursive = clause?.recursive === true
  const pending: Cte[] = []
  for (const node of clause?.ctes ?? []) {
    if (!('CommonTableExpr' in node)) {
      analysis.unread('unknown_node', tagOf(node))
      continue
    }
    const body = node.CommonTableExpr
    const cte = once(
      (self) =>
        recursive ? recursiveColumns(body, scope, analysis, self) : columns(body, scope, analysis),
      analysis,
    )
    // Read at once, so that the query cannot see itself or those after it.
    if (!recursive) cte.columns()
    ctes.set(body.ctename ?? '', cte)
    pending.push(cte)
  }
  for (const cte of pending) cte.columns()
  return scope
}

type Self = { current: Columns | undefined; used: boolean }

// A reference to a query that is being read is one to itself.
function once(read: (self: Self) => Columns, analysis: Analysis): Cte {
  const self: Self = { current: undefined, used: false }
  let state: 'pending' | 'reading' | Columns = 'pending'
  return {
    columns: () => {
      if (state === 'reading') {
        self.used = true
        if (self.current === undefined) {
          analysis.unread('name_not_resolved', 'a query of WITH refers to itself too early')
        }
        return self.current ?? 'unknown'
      }
      if (state !== 'pending') return state
      state = 'reading'
      state = read(self)
      return state
    },
  }
}

function columns(body: CommonTableExpr, scope: Scope, analysis: Analysis): Columns {
  const query = body.ctequery
  if (query === undefined) return 'unknown'
  return finished(body, columnsOfQuery(query, analysis, scope), scope, analysis)
}

function recursiveColumns(
  body: CommonTableExpr,
  scope: Scope,
  analysis: Analysis,
  self: Self,
): Columns {
  const query = body.ctequery
  if (query === undefined) return 'unknown'
  const sides = unionOf(query)
  if (sides === undefined) return columns(body, scope, analysis)
  // WITH, ORDER BY or LIMIT of the union itself are read with it, once both sides are known.
  const inner = withScope(sides.withClause, scope, analysis)
  const start = readSide(sides.larg, inner, analysis)
  if (start === 'unknown') return 'unknown'
  let grown: Columns = start
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    self.current = finished(body, grown.map(repeated), scope, analysis)
    self.used = false
    const step = readSide(sides.rarg, inner, analysis)
    if (step === 'unknown') return 'unknown'
    const next: Columns = mergedSides(grown, step)
    if (!self.used || signature(next) === signature(grown)) {
      const all = sides.all === true
      if (!all) for (const { value } of next) sunk(value, 'group', analysis)
      return finished(body, next, scope, analysis)
    }
    grown = next
  }
  analysis.unread('over_limit', 'a recursive query of WITH')
  return 'unknown'
}

function unionOf(query: Node): SelectStmt | undefined {
  if (!('SelectStmt' in query)) return undefined
  const body = query.SelectStmt
  const plain = body.sortClause === undefined && body.limitCount === undefined
  return body.op === 'SETOP_UNION' && plain && body.limitOffset === undefined ? body : undefined
}

function readSide(body: SelectStmt | undefined, scope: Scope, analysis: Analysis): Columns {
  return body === undefined ? 'unknown' : columnsOfQuery({ SelectStmt: body }, analysis, scope)
}

// What one turn computes the next computes again, as often as there are rows.
function repeated(column: ScopeColumn): ScopeColumn {
  const sources = column.value.sources.map((source) =>
    source.through.every((step) => step === 'set_operation') ? source : endless(source),
  )
  return { ...column, value: { ...column.value, sources } }
}

function signature(list: readonly ScopeColumn[]): string {
  return JSON.stringify(
    list.map(({ value }) => value.sources.map(({ from, through }) => [from, through]).sort()),
  )
}

// Names given in WITH q(a, b), and the columns that SEARCH and CYCLE add.
function finished(body: CommonTableExpr, read: Columns, scope: Scope, analysis: Analysis): Columns {
  if (read === 'unknown') return 'unknown'
  const names = namesOf(body.aliascolnames)
  const renamed = read.map((column, place) =>
    computedColumn(names[place] ?? column.name, column.value),
  )
  return [
    ...renamed,
    ...searchColumns(body, renamed, analysis),
    ...cycleColumns(body, renamed, scope, analysis),
  ]
}

// The sequence is an order by these columns, and holds their values.
function searchColumns(
  body: CommonTableExpr,
  list: readonly ScopeColumn[],
  analysis: Analysis,
): readonly ScopeColumn[] {
  const clause = body.search_clause
  if (clause === undefined) return []
  const of = valuesNamed(clause.search_col_list, list)
  sunk(of, 'order', analysis)
  return [computedColumn(clause.search_seq_column ?? '', passed(of, 'search'))]
}

// The mark tells whether these columns had the same values before; the path holds them.
function cycleColumns(
  body: CommonTableExpr,
  list: readonly ScopeColumn[],
  scope: Scope,
  analysis: Analysis,
): readonly ScopeColumn[] {
  const clause = body.cycle_clause
  if (clause === undefined) return []
  const of = valuesNamed(clause.cycle_col_list, list)
  sunk(of, 'predicate', analysis)
  for (const node of [clause.cycle_mark_value, clause.cycle_mark_default]) {
    valueOf(node, { scope, analysis, comparing: 'predicate' })
  }
  return [
    computedColumn(clause.cycle_mark_column ?? '', passed(of, 'cycle', TYPE.bool)),
    computedColumn(clause.cycle_path_column ?? '', passed(of, 'cycle')),
  ]
}

function valuesNamed(nodes: readonly Node[] | undefined, list: readonly ScopeColumn[]) {
  const names = namesOf(nodes)
  const found = list.filter((column) => names.includes(column.name))
  return found.length === 0 ? typed(0) : joined(found.map((column) => column.value))
}
