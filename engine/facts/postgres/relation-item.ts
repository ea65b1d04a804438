// A relation as an item of FROM: its columns with their labels, what reading them declares, and for a
// view the query behind it, so that what it reads, calls and compares counts as the statement's own.
import type { Analysis } from './analysis.js'
import type { Column, Oid, Relation } from './catalogue.js'
import { columnsOfQuery } from './query.js'
import { columnLabels, effectOn } from './relation-effect.js'
import type { Item, ScopeColumn } from './scope.js'
import { TYPE, joined } from './value.js'
import type { Source, Value } from './value.js'

// attnum and type of the columns that every table has (catalog/heap.c).
const SYSTEM_COLUMNS: ReadonlyMap<string, readonly [attnum: number, type: number]> = new Map([
  ['ctid', [-1, 27]],
  ['xmin', [-2, 28]],
  ['cmin', [-3, 29]],
  ['xmax', [-4, 28]],
  ['cmax', [-5, 29]],
  ['tableoid', [-6, TYPE.oid]],
])

export function relationItem(
  relation: Relation,
  alias: string | undefined,
  analysis: Analysis,
): Item {
  analysis.effect(effectOn('read', relation, { columns: [] }))
  if (relation.kind === 'f') {
    const object = `${relation.schema}.${relation.name}`
    analysis.effect({ op: 'network', object, kind: 'foreign_table' })
  }
  const behind = relation.kind === 'v' && !relation.system ? viewColumns(relation, analysis) : []
  const read = (name: string): void => {
    const labels = [...columnLabels(relation, [name])]
    analysis.effect(
      effectOn('read', relation, { columns: [name], ...(labels.length > 0 ? { labels } : {}) }),
    )
  }
  const columns = relation.columns.map((column, place): ScopeColumn => {
    const own = columnValue(relation, column)
    const inner = behind[place]
    const value = inner === undefined ? own : { ...own, sources: joined([own, inner]).sources }
    return { name: column.name, value, touch: () => read(column.name) }
  })
  return {
    name: alias ?? relation.name,
    ...(alias === undefined ? { schema: relation.schema } : {}),
    columns,
    open: false,
    columnsVisible: true,
    nameVisible: true,
    rowType: analysis.catalogue.type(relation.schema, relation.name)?.oid ?? 0,
    lock: (detail) => analysis.effect(effectOn('lock', relation, { detail })),
    systemColumn: (name) => systemColumn(relation, name, read),
  }
}

// The column itself, and the columns whose values it may hold.
export function columnValue(relation: Relation, column: Column): Value {
  const origin = { table: relation.oid, attnum: column.attnum }
  if (column.labels.length === 0) return { type: column.type, sources: [], origin }
  const from = `${relation.schema}.${relation.name}.${column.name}`
  const derived = column.derived ?? []
  const isCopy = column.followed !== true && derived.every(({ copy }) => copy)
  const through = isCopy ? [] : ['derived']
  const sources: readonly Source[] = [from, ...derived.map((other) => other.from)].map((name) => ({
    from: name,
    labels: column.labels,
    through,
    steps: 0,
  }))
  return { type: column.type, sources, origin }
}

function systemColumn(
  relation: Relation,
  name: string,
  read: (name: string) => void,
): ScopeColumn | undefined {
  const found = SYSTEM_COLUMNS.get(name)
  if (found === undefined || relation.kind === 'v') return undefined
  const [attnum, type] = found
  const origin = { table: relation.oid, attnum }
  return { name, value: { type, sources: [], origin }, touch: () => read(name) }
}

// What is behind a view is read once for each statement: every reference to it reads the same. The key
// is a part of the analysis that its copies share.
const BEHIND = new WeakMap<Analysis['collected'], Map<Oid, readonly Value[]>>()

function viewColumns(view: Relation, analysis: Analysis): readonly Value[] {
  const known = BEHIND.get(analysis.collected) ?? new Map<Oid, readonly Value[]>()
  BEHIND.set(analysis.collected, known)
  const found = known.get(view.oid) ?? readBehind(view, analysis)
  known.set(view.oid, found)
  return found
}

// Names in a definition were written along the path of the session that loaded the catalogue.
function readBehind(view: Relation, analysis: Analysis): readonly Value[] {
  const object = `${view.schema}.${view.name}`
  if (!analysis.enter(view.oid)) {
    analysis.unread('over_limit', `views in views: ${object}`)
    return []
  }
  try {
    const [statement, ...more] =
      view.definition === undefined ? [] : (analysis.parse(view.definition) ?? [])
    if (statement === undefined || more.length > 0) {
      analysis.unread('not_parsed', `definition of ${object}`)
      return []
    }
    const searchPath = analysis.catalogue.definitionPath ?? analysis.names.searchPath
    const columns = columnsOfQuery(
      statement,
      { ...analysis, names: { ...analysis.names, searchPath } },
      undefined,
    )
    if (columns === 'unknown' || columns.length !== view.columns.length) {
      analysis.unread('name_not_resolved', `columns of ${object}`)
      return []
    }
    return columns.map((column) => column.value)
  } finally {
    analysis.leave(view.oid)
  }
}
