// FROM: the items that a query's names can mean. Items are read from left to right; what stands under
// LATERAL, and every function, sees those to its left, a join's condition sees the two sides of the
// join (transformFromClause, parse_clause.c).
import type { Alias, JoinExpr, Node, RangeSubselect, RangeTableSample, RangeVar } from 'libpg-query'
import { resolveRelation } from './analysis.js'
import type { Analysis } from './analysis.js'
import { candidatesOf, called } from './calls.js'
import type { At } from './expression.js'
import { valueOf } from './expression.js'
import { functionItem } from './from-function.js'
import { jsonTableItem, xmlTableItem } from './from-table.js'
import { joinedItems } from './join.js'
import { columnsOfQuery } from './query.js'
import { relationItem } from './relation-item.js'
import { relationEffect } from './relation-effect.js'
import { cteNamed, namedItem } from './scope.js'
import type { Item, Scope, ScopeColumn } from './scope.js'
import { namesOf, tagOf } from './tree.js'
import { sunk } from './value.js'

// What an item of FROM can see: `left` is what stands to its left.
export type Position = {
  readonly left: readonly Item[]
  readonly outer: Scope
  readonly analysis: Analysis
}

export function fromScope(
  nodes: readonly Node[] | undefined,
  outer: Scope,
  analysis: Analysis,
): Scope {
  let items: readonly Item[] = []
  for (const node of nodes ?? []) {
    items = [...items, ...itemsOf(node, { left: items, outer, analysis })]
  }
  return { items, ctes: new Map(), outer }
}

// Items that stand for rows which only qualified names reach: EXCLUDED, OLD and NEW. Marked by the
// readers of the statements that have them.
const ONLY_QUALIFIED = new WeakSet<Node>()

export function onlyQualified(node: Node): Node {
  ONLY_QUALIFIED.add(node)
  return node
}

export function itemsOf(node: Node, position: Position): readonly Item[] {
  const items = readItems(node, position)
  if (!ONLY_QUALIFIED.has(node)) return items
  return items.map((item) => ({ ...item, columnsVisible: false }))
}

function readItems(node: Node, position: Position): readonly Item[] {
  if ('RangeVar' in node) return [relation(node.RangeVar, position)]
  if ('RangeSubselect' in node) return [subselect(node.RangeSubselect, position)]
  if ('JoinExpr' in node) return join(node.JoinExpr, position)
  if ('RangeFunction' in node) return [functionItem(node.RangeFunction, position)]
  if ('RangeTableSample' in node) return sample(node.RangeTableSample, position)
  if ('RangeTableFunc' in node) return [xmlTableItem(node.RangeTableFunc, position)]
  if ('JsonTable' in node) return [jsonTableItem(node.JsonTable, position)]
  position.analysis.unread('unknown_node', tagOf(node))
  return [namedItem(undefined, 'unknown')]
}

// What a LATERAL item or a function sees.
export function lateral(position: Position): Scope {
  return { items: position.left, ctes: new Map(), outer: position.outer }
}

// Names given after the alias replace the first columns' own.
export function renamed(
  columns: readonly ScopeColumn[],
  alias: Alias | undefined,
): readonly ScopeColumn[] {
  const names = namesOf(alias?.colnames)
  if (names.length === 0) return columns
  return columns.map((column, place) => ({ ...column, name: names[place] ?? column.name }))
}

function relation(range: RangeVar, { outer, analysis }: Position): Item {
  const alias = range.alias
  const cte =
    range.schemaname === undefined && range.catalogname === undefined
      ? cteNamed(outer, range.relname ?? '')
      : undefined
  if (cte !== undefined) {
    const columns = cte.columns()
    const name = alias?.aliasname ?? range.relname
    return namedItem(name, columns === 'unknown' ? columns : renamed(columns, alias))
  }
  const found = resolveRelation(analysis, range)
  if (found === undefined) {
    relationEffect(analysis, 'read', range, undefined)
    return namedItem(alias?.aliasname ?? range.relname, 'unknown')
  }
  const item = relationItem(found, alias?.aliasname, analysis)
  return { ...item, columns: renamed(item.columns, alias) }
}

function subselect(body: RangeSubselect, position: Position): Item {
  const { outer, analysis } = position
  const scope = body.lateral === true ? lateral(position) : outer
  const columns =
    body.subquery === undefined ? 'unknown' : columnsOfQuery(body.subquery, analysis, scope)
  const alias = body.alias
  return namedItem(alias?.aliasname, columns === 'unknown' ? columns : renamed(columns, alias))
}

// The method is a function of the server's; its arguments choose rows.
function sample(body: RangeTableSample, position: Position): readonly Item[] {
  const items = body.relation === undefined ? [] : itemsOf(body.relation, position)
  const at: At = { scope: lateral(position), analysis: position.analysis, comparing: 'predicate' }
  const values = [...(body.args ?? []), ...(body.repeatable === undefined ? [] : [body.repeatable])]
  for (const node of values) sunk(valueOf(node, at), 'argument', position.analysis)
  const method = namesOf(body.method)
  const given = { nodes: [], values: [], ordered: false }
  called(candidatesOf(method, given, position.analysis), given, at, method.at(-1) ?? '')
  return items
}

function join(body: JoinExpr, position: Position): readonly Item[] {
  const left = body.larg === undefined ? [] : itemsOf(body.larg, position)
  const right =
    body.rarg === undefined
      ? []
      : itemsOf(body.rarg, { ...position, left: [...position.left, ...left] })
  return joinedItems(body, left, right, position)
}
