// Puts the policy's labels onto a catalogue's columns, and hands them on to where the same values are:
// between parents and children of inheritance and partitioning, to views, materialized views and
// generated columns by what their definitions read.
import { parseSync } from 'libpg-query'
import type { Node } from 'libpg-query'
import type { LabelRule } from '../../policy/policy.js'
import type { Parse } from './analysis.js'
import type { Catalogue, Column, Oid, Relation } from './catalogue.js'
import { followedLabels, followedLabelsOf } from './followed-labels.js'
import type { FollowedLabel } from './followed-labels.js'
import { PATHS_LABEL, documentOf, withPathsOf } from './json-labels.js'
import { NO_LINEAGE, lineageOfExpression, lineageOfView } from './lineage.js'
import type { Lineage } from './lineage.js'
import { withNothingSaid, withoutNothing, withUnlabelled } from './unlabelled.js'

// Values move on at most so many times: views of materialized views of generated columns of parents …
const ROUNDS_MAX = 16

// The parser's module must have been loaded (`loadModule` of libpg-query).
export function labelled(
  catalogue: Catalogue,
  rules: readonly LabelRule[],
  parse: Parse = parsed,
  // What followed data, beside the rules.
  followed: readonly FollowedLabel[] = [],
  // Columns without any label get one that says so.
  unlabelled = false,
): Catalogue {
  const known = unlabelled ? withNothingSaid(rules) : rules
  const relations = (catalogue.userRelations ?? []).map((relation) =>
    ruled(relation, catalogue.database, known, followed),
  )
  const spread = spreadIn(withRelations(catalogue, relations), parse)
  if (!unlabelled) return spread
  const named = withRelations(spread, (spread.userRelations ?? []).map(withUnlabelled))
  const all = spreadIn(named, parse)
  return withRelations(all, (all.userRelations ?? []).map(withoutNothing))
}

// Hands labels on until nothing changes any more.
function spreadIn(catalogue: Catalogue, parse: Parse): Catalogue {
  let current = catalogue
  if (!(current.userRelations ?? []).some(hasLabels)) return current
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const next = (current.userRelations ?? []).map((relation) =>
      inherited(relation, current, parse),
    )
    const before = current
    current = withRelations(catalogue, next)
    if (signature(before) === signature(current)) return current
  }
  return current
}

function ruled(
  relation: Relation,
  database: string,
  rules: readonly LabelRule[],
  followed: readonly FollowedLabel[],
): Relation {
  const applying = rules.filter(
    (rule) =>
      fits(rule.database, database) &&
      fits(rule.schema, relation.schema) &&
      fits(rule.table, relation.name),
  )
  const hasPaths = rules.some(({ path }) => path !== undefined)
  const about = followed.length === 0 ? [] : followedLabels(relation, followed)
  return {
    ...relation,
    columns: relation.columns.map(({ derived: _, document: __, ...column }) => {
      const fitting = applying.filter((rule) => fits(rule.column, column.name))
      const labels = fitting.flatMap((rule) => rule.labels)
      const more = followedLabelsOf(column, about).filter((label) => !labels.includes(label))
      const document = hasPaths ? documentOf(fitting, more) : undefined
      const marked = document !== undefined && document.paths.length > 0 ? [PATHS_LABEL] : []
      return {
        ...column,
        labels: sortedSet([...labels, ...more, ...marked]),
        ...(document === undefined ? {} : { document }),
        ...(more.length === 0 ? {} : { followed: true }),
      }
    }),
  }
}

// `*` is any run of characters; a missing pattern fits everything.
function fits(pattern: string | undefined, name: string): boolean {
  if (pattern === undefined || pattern === name || pattern === '*') return true
  if (!pattern.includes('*')) return false
  const [first = '', ...parts] = pattern.split('*')
  const last = parts.pop() ?? ''
  if (name.length < first.length + last.length) return false
  if (!name.startsWith(first) || !name.endsWith(last)) return false
  let at = first.length
  for (const part of parts) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= name.length - last.length
}

function inherited(relation: Relation, catalogue: Catalogue, parse: Parse): Relation {
  const views =
    relation.kind === 'v' || relation.kind === 'm' ? lineageOfView(relation, catalogue, parse) : []
  const columns = relation.columns.map((column, place): Column => {
    const lineages = [
      views[place] ?? NO_LINEAGE,
      column.generated ? lineageOfExpression(relation, column, catalogue, parse) : NO_LINEAGE,
      ...relativesOf(relation, catalogue).map((other) => heldBy(other, column.name)),
    ]
    return withPathsOf(lineages.reduce(joinedTo, column), catalogue)
  })
  return { ...relation, columns: columns.map((column) => withoutItself(column, relation)) }
}

function relativesOf(relation: Relation, catalogue: Catalogue): readonly Relation[] {
  const children = childrenOf(catalogue).get(relation.oid) ?? []
  const parents = relation.parents.flatMap((oid) => catalogue.relationByOid(oid) ?? [])
  return [...parents, ...children]
}

const CHILDREN = new WeakMap<Catalogue, ReadonlyMap<Oid, readonly Relation[]>>()

function childrenOf(catalogue: Catalogue): ReadonlyMap<Oid, readonly Relation[]> {
  const known = CHILDREN.get(catalogue)
  if (known !== undefined) return known
  const found = new Map<Oid, Relation[]>()
  for (const relation of catalogue.userRelations ?? []) {
    for (const parent of relation.parents) {
      found.set(parent, [...(found.get(parent) ?? []), relation])
    }
  }
  CHILDREN.set(catalogue, found)
  return found
}

function heldBy(relation: Relation, name: string): Lineage {
  const column = relation.columns.find((one) => one.name === name)
  if (column === undefined || column.labels.length === 0) return NO_LINEAGE
  const from = `${relation.schema}.${relation.name}.${name}`
  const copy = column.followed !== true
  return { labels: column.labels, derived: [{ from, copy }, ...(column.derived ?? [])] }
}

function joinedTo(column: Column, lineage: Lineage): Column {
  if (lineage.labels.length === 0) return column
  const derived = new Map((column.derived ?? []).map(({ from, copy }) => [from, copy]))
  for (const { from, copy } of lineage.derived)
    derived.set(from, (derived.get(from) ?? true) && copy)
  return {
    ...column,
    labels: sortedSet([...column.labels, ...lineage.labels]),
    derived: [...derived]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([from, copy]) => ({ from, copy })),
  }
}

function withoutItself(column: Column, relation: Relation): Column {
  if (column.derived === undefined) return column
  const own = `${relation.schema}.${relation.name}.${column.name}`
  const { derived, ...rest } = column
  const others = derived.filter(({ from }) => from !== own)
  return others.length === 0 ? rest : { ...rest, derived: others }
}

function withRelations(catalogue: Catalogue, relations: readonly Relation[]): Catalogue {
  const byOid = new Map(relations.map((relation) => [relation.oid, relation]))
  const replaced = (relation: Relation | undefined): Relation | undefined =>
    relation === undefined ? undefined : (byOid.get(relation.oid) ?? relation)
  return {
    ...catalogue,
    relation: (schema, name) => replaced(catalogue.relation(schema, name)),
    relationByOid: (oid) => replaced(catalogue.relationByOid(oid)),
    userRelations: relations,
  }
}

function hasLabels(relation: Relation): boolean {
  return relation.columns.some((column) => column.labels.length > 0)
}

// Of what others can inherit from. A view is not among them: reading it reads what is behind it.
function signature(catalogue: Catalogue): string {
  return JSON.stringify(
    (catalogue.userRelations ?? [])
      .filter((relation) => relation.kind !== 'v' && hasLabels(relation))
      .map(({ oid, columns }) => [
        oid,
        columns.map(({ attnum, labels, derived }) => [attnum, labels, derived ?? []]),
      ]),
  )
}

function sortedSet(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort()
}

function parsed(sql: string): readonly Node[] | undefined {
  try {
    const statements = parseSync(sql).stmts ?? []
    return statements.flatMap(({ stmt }) => stmt ?? [])
  } catch {
    return undefined
  }
}
