// Where the columns of a query come from, as PostgreSQL itself resolved it: read from the rule of a view
// made of the query. A column's sources are the columns of tables and views whose values its expression
// is made of, through sub-queries, joins, WITH, VALUES and set operations.
import { fieldOf, isNode, nodesOf, numberOf, type TreeNode, type TreeValue } from './node-tree.js'

/** Gives the names `schema.table.column` of a relation's column; of all where the number is 0. */
export type NamesOf = (relation: number, attribute: number) => readonly string[]

/** One set for each column. */
export function ruleLineage(rule: TreeValue, names: NamesOf): readonly ReadonlySet<string>[] {
  const query = Array.isArray(rule) ? rule[0] : rule
  if (!isNode(query)) throw new Error('the rule is no query')
  const entries = shownEntries(query)
  return entries.map((_, place) => {
    const sources = new Set<string>()
    columnOf(place, [query], { names, sources, open: new Set() })
    return sources
  })
}

type Search = {
  readonly names: NamesOf
  readonly sources: Set<string>
  // Queries whose column is being looked at: a recursive one comes back to itself.
  readonly open: Set<string>
}

// The innermost query first.
type Levels = readonly TreeNode[]

const RELATION = 0
const SUBQUERY = 1
const JOIN = 2
const VALUES = 5
const CTE = 6
const GROUP = 9
const EXISTS_SUBLINK = 0

function columnOf(place: number, levels: Levels, search: Search): void {
  const [query] = levels
  if (query === undefined) return
  const key = `${identityOf(query)}.${place}`
  if (search.open.has(key)) return
  search.open.add(key)
  const operations = fieldOf(query, 'setOperations')
  if (isNode(operations)) side(operations, place, levels, search)
  else {
    const expression = shownEntries(query)[place]
    if (expression !== undefined) walk(fieldOf(expression, 'expr'), levels, search)
  }
  search.open.delete(key)
}

const identities = new WeakMap<TreeNode, number>()
let identity = 0

function identityOf(node: TreeNode): number {
  const known = identities.get(node) ?? ++identity
  identities.set(node, known)
  return known
}

function side(node: TreeNode, place: number, levels: Levels, search: Search): void {
  if (node.tag === 'RANGETBLREF') {
    const entry = entryAt(levels, numberOf(node, 'rtindex'))
    const query = entry === undefined ? undefined : fieldOf(entry, 'subquery')
    if (isNode(query)) columnOf(place, [query, ...levels], search)
    return
  }
  for (const name of ['larg', 'rarg']) {
    const next = fieldOf(node, name)
    if (isNode(next)) side(next, place, levels, search)
  }
}

function shownEntries(query: TreeNode): readonly TreeNode[] {
  return nodesOf(query, 'targetList').filter((entry) => fieldOf(entry, 'resjunk') !== 'true')
}

function entryAt(levels: Levels, index: number): TreeNode | undefined {
  return levels[0] === undefined ? undefined : nodesOf(levels[0], 'rtable')[index - 1]
}

function walk(value: TreeValue | undefined, levels: Levels, search: Search): void {
  if (value === undefined || typeof value === 'string') return
  if (!isNode(value)) {
    for (const one of value) walk(one, levels, search)
    return
  }
  if (value.tag === 'VAR') return variable(value, levels, search)
  if (value.tag === 'SUBLINK') return subLink(value, levels, search)
  // Which columns are grouped together is no value of theirs.
  if (value.tag === 'GROUPINGFUNC') return
  // Whether a value is NULL is no secret, nor how many are not.
  if (value.tag === 'NULLTEST' || isPlainCount(value)) return
  // CASE and NULLIF choose among values by comparing others, an aggregate leaves some out, as WHERE does.
  if (value.tag === 'NULLIFEXPR') {
    const args = fieldOf(value, 'args')
    return walk(Array.isArray(args) ? args[0] : undefined, levels, search)
  }
  for (const [name, values] of value.fields) {
    const compares = name === 'aggfilter' || COMPARES.get(value.tag) === name
    if (!compares) walk(values, levels, search)
  }
}

const COMPARES = new Map([
  ['CASEWHEN', 'expr'],
  ['CASEEXPR', 'arg'],
  ['CASE', 'arg'],
  ['WHEN', 'expr'],
])

function isPlainCount(node: TreeNode): boolean {
  return numberOf(node, 'aggfnoid') === COUNT && fieldOf(node, 'aggdistinct') === undefined
}

// pg_proc.dat: count(any).
const COUNT = 2147

function subLink(node: TreeNode, levels: Levels, search: Search): void {
  walk(fieldOf(node, 'testexpr'), levels, search)
  const query = fieldOf(node, 'subselect')
  if (!isNode(query) || numberOf(node, 'subLinkType') === EXISTS_SUBLINK) return
  shownEntries(query).forEach((_, place) => columnOf(place, [query, ...levels], search))
}

function variable(node: TreeNode, levels: Levels, search: Search): void {
  const outer = levels.slice(numberOf(node, 'varlevelsup'))
  const entry = entryAt(outer, numberOf(node, 'varno'))
  const place = numberOf(node, 'varattno')
  if (entry === undefined || place < 0) return
  switch (numberOf(entry, 'rtekind')) {
    case RELATION:
      for (const name of search.names(numberOf(entry, 'relid'), place)) search.sources.add(name)
      return
    case SUBQUERY: {
      const query = fieldOf(entry, 'subquery')
      if (isNode(query)) columns(query, place, [query, ...outer], search)
      return
    }
    case JOIN:
      return listed(entry, 'joinaliasvars', place, outer, search)
    case GROUP:
      return listed(entry, 'groupexprs', place, outer, search)
    case VALUES: {
      const rows = fieldOf(entry, 'values_lists')
      for (const row of Array.isArray(rows) ? rows : []) {
        walk(place === 0 || !Array.isArray(row) ? row : row[place - 1], outer, search)
      }
      return
    }
    case CTE: {
      const at = outer.slice(numberOf(entry, 'ctelevelsup'))
      const name = fieldOf(entry, 'ctename')
      const cte =
        at[0] === undefined
          ? undefined
          : nodesOf(at[0], 'cteList').find((one) => fieldOf(one, 'ctename') === name)
      const query = cte === undefined ? undefined : fieldOf(cte, 'ctequery')
      if (isNode(query)) columns(query, place, [query, ...at], search)
      return
    }
    default:
      // A function or table function: whatever its arguments are made of.
      for (const name of ['functions', 'tablefunc']) walk(fieldOf(entry, name), outer, search)
  }
}

function columns(query: TreeNode, place: number, levels: Levels, search: Search): void {
  if (place > 0) return columnOf(place - 1, levels, search)
  shownEntries(query).forEach((_, at) => columnOf(at, levels, search))
}

function listed(
  entry: TreeNode,
  name: string,
  place: number,
  levels: Levels,
  search: Search,
): void {
  const list = fieldOf(entry, name)
  const all = Array.isArray(list) ? list : []
  walk(place === 0 ? all : all[place - 1], levels, search)
}
