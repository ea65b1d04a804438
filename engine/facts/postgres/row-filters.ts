// Which relations of a catalogue have their rows filtered: those that a filter names, their partitions and
// heirs, and what hands their rows on (parents, views, materialized views).
import { parseSync } from 'libpg-query'
import type { Node } from 'libpg-query'
import { canonicalJson } from '../../canonical.js'
import type { Effect } from '../../schemas/facts.js'
import type { RowClause, RowFilter } from '../../schemas/row-filter.js'
import { relationNamed } from './analysis.js'
import type { Catalogue, Oid, Relation } from './catalogue.js'
import type { Statement } from './reading.js'
import { inventoryOf } from './splice-tree.js'
import { isAboutStatistics } from './system-relations.js'

export type Reach =
  // Its own rows, held to these clauses; several filters hold together.
  | { readonly kind: 'filtered'; readonly rows: readonly RowClause[] }
  // A view over such relations.
  | { readonly kind: 'through' }
  // Holds filtered rows in a way that cannot be taken apart.
  | { readonly kind: 'unclear'; readonly why: string }

export type Filtered = {
  readonly catalogue: Catalogue
  readonly of: (relation: Relation) => Reach | undefined
}

/** One text for the same filters. */
export function filterKey(filters: readonly RowFilter[]): string {
  return filters
    .map((filter) => canonicalJson(filter))
    .sort()
    .join('\n')
}

const KEPT = new WeakMap<Catalogue, Map<string, Filtered>>()
const KEPT_MAX = 200

export function filteredIn(catalogue: Catalogue, filters: readonly RowFilter[]): Filtered {
  let known = KEPT.get(catalogue)
  if (known === undefined || known.size > KEPT_MAX) KEPT.set(catalogue, (known = new Map()))
  const key = filterKey(filters)
  let found = known.get(key)
  if (found === undefined) known.set(key, (found = made(catalogue, filters)))
  return found
}

/** The first relation with filtered rows that the statement has to do with, by name. */
export function reachedBy(statement: Statement, filtered: Filtered): string | undefined {
  for (const effect of statement.command.effects) {
    const { object, kind } = effect
    if (copiesRows(effect)) return object
    if (kind === 'schema') {
      const relations = filtered.catalogue.userRelations ?? []
      const inside = relations.find(
        (relation) => relation.schema === object && filtered.of(relation) !== undefined,
      )
      if (inside !== undefined) return `${inside.schema}.${inside.name}`
    } else if (reachOf(object, filtered) !== undefined) return object
  }
  return undefined
}

// Of values in all rows, whoever may see them.
const COPIES: ReadonlySet<string> = new Set(['system:statistics', 'system:toast', 'system:pages'])

// Of statistics also what is no copy of a value: how many are NULL.
function copiesRows({ object, kind, labels = [] }: Effect): boolean {
  if (labels.some((label) => COPIES.has(label))) return true
  return kind === 'system_table' && isAboutStatistics(object)
}

/** Why what it reads besides relations holds values of rows that are not seen. */
export function copiedValues({ command }: Statement): string | undefined {
  const copy = command.effects.find(copiesRows)
  return copy === undefined ? undefined : `${copy.object} holds values of all rows`
}

export function reachOf(object: string, filtered: Filtered): Reach | undefined {
  // A name may hold dots, and so may a schema's.
  for (let dot = object.indexOf('.'); dot > 0; dot = object.indexOf('.', dot + 1)) {
    const relation = filtered.catalogue.relation(object.slice(0, dot), object.slice(dot + 1))
    const reach = relation === undefined ? undefined : filtered.of(relation)
    if (reach !== undefined) return reach
  }
  return undefined
}

function made(catalogue: Catalogue, filters: readonly RowFilter[]): Filtered {
  const found = new Map<Oid, Reach | undefined>()
  const of = (relation: Relation): Reach | undefined => {
    if (relation.temporary || relation.system) return undefined
    if (found.has(relation.oid)) return found.get(relation.oid)
    // A view that reads itself is none.
    found.set(relation.oid, { kind: 'unclear', why: 'is defined by itself' })
    const reach = worked(relation)
    found.set(relation.oid, reach)
    return reach
  }
  const worked = (relation: Relation): Reach | undefined => {
    if (relation.kind === 'v' || relation.kind === 'm') return behind(relation, catalogue, of)
    const own = rulesOf(relation, catalogue, filters)
    const below = heirsOf(relation, catalogue).some(
      (heir) => rulesOf(heir, catalogue, filters).length > own.length,
    )
    if (below)
      return { kind: 'unclear', why: 'has partitions or heirs with row filters of their own' }
    if (own.length === 0) return undefined
    return { kind: 'filtered', rows: own.flatMap(({ rows }) => rows) }
  }
  return { catalogue, of }
}

function behind(view: Relation, catalogue: Catalogue, of: Filtered['of']): Reach | undefined {
  const stored = view.kind === 'm'
  const unclear = (why: string): Reach => ({ kind: 'unclear', why })
  const query = queryOf(view.definition)
  if (query === undefined) return unclear('has a definition that is not read')
  const names = { searchPath: catalogue.definitionPath ?? ['pg_catalog', 'public'], role: '' }
  const { ranges } = inventoryOf(query)
  const reaches = ranges.some((range) => {
    const relation = relationNamed(range, { catalogue, names })
    return relation !== undefined && of(relation) !== undefined
  })
  // The functions that a view calls are read with the statement; what was stored has been computed.
  if (stored && (reaches || callsOthers(query, catalogue))) {
    return unclear('keeps rows that were read without a filter')
  }
  return reaches ? { kind: 'through' } : undefined
}

function queryOf(definition: string | undefined): Node | undefined {
  try {
    return parseSync(definition ?? '').stmts?.[0]?.stmt
  } catch {
    return undefined
  }
}

/** Does it call a function, or use an operator, that may be somebody's own? */
export function callsOthers(root: unknown, catalogue: Catalogue): boolean {
  if (Array.isArray(root)) return root.some((one) => callsOthers(one, catalogue))
  if (typeof root !== 'object' || root === null) return false
  return Object.entries(root).some(([key, inner]: [string, unknown]) => {
    if (key === 'FuncCall' && isOthers(named(inner, 'funcname'), catalogue, 'routines')) return true
    if (key === 'A_Expr' && isOthers(named(inner, 'name'), catalogue, 'operators')) return true
    return callsOthers(inner, catalogue)
  })
}

function isOthers(
  names: readonly string[],
  catalogue: Catalogue,
  kind: 'routines' | 'operators',
): boolean {
  const name = names.at(-1) ?? ''
  return catalogue.schemas.some(
    (schema) => schema !== 'pg_catalog' && catalogue[kind](schema, name).length > 0,
  )
}

function named(node: unknown, field: string): readonly string[] {
  if (typeof node !== 'object' || node === null) return []
  const list: unknown = Reflect.get(node, field)
  if (!Array.isArray(list)) return []
  return list.flatMap(
    (one: { readonly String?: { readonly sval?: string } }) => one.String?.sval ?? [],
  )
}

// Of the relation itself and of all that it inherits from.
function rulesOf(
  relation: Relation,
  catalogue: Catalogue,
  filters: readonly RowFilter[],
): readonly RowFilter[] {
  const names = new Set([relation, ...ancestorsOf(relation, catalogue)].map(nameOf))
  return filters.filter((filter) => names.has(filter.relation))
}

function nameOf({ schema, name }: Relation): string {
  return `${schema}.${name}`
}

function ancestorsOf(
  relation: Relation,
  catalogue: Catalogue,
  seen = new Set<Oid>(),
): readonly Relation[] {
  return relation.parents.flatMap((oid) => {
    const parent = seen.has(oid) ? undefined : catalogue.relationByOid(oid)
    seen.add(oid)
    return parent === undefined ? [] : [parent, ...ancestorsOf(parent, catalogue, seen)]
  })
}

function heirsOf(relation: Relation, catalogue: Catalogue): readonly Relation[] {
  return (catalogue.userRelations ?? []).filter((other) =>
    ancestorsOf(other, catalogue).some(({ oid }) => oid === relation.oid),
  )
}
