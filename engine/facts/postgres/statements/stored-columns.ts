// Which columns of which relation a statement writes its values to, for the labels that follow them: through
// an updatable view to the table beneath, to the columns of a relation that is being made, by place.
import type { IntoClause, Node, RangeVar } from 'libpg-query'
import type { Analysis } from '../analysis.js'
import { resolveRelation } from '../analysis.js'
import type { Relation } from '../catalogue.js'
import type { OutputColumn } from '../reading.js'
import { columnsOfQuery } from '../query.js'
import { creationSchema } from '../relation-effect.js'
import type { Scope } from '../scope.js'
import type { Into, Place } from '../stored.js'
import { namesOf } from '../tree.js'
import { baseOf } from './write-target.js'

type Outputs = readonly OutputColumn[] | 'unknown'
type Sources = readonly string[] | 'unknown'

// `columns`: for each result column the names of those that it is written to. Where the two do not fit
// together, any may have gone to any.
export function storedIn(
  analysis: Analysis,
  relation: Relation | undefined,
  outputs: Outputs,
  columns: readonly (readonly string[])[],
): void {
  if (relation === undefined || columns.length === 0) return
  const within = analysis.expanding()
  const write = (names: readonly string[], sources: Sources): void =>
    written(analysis, relation, names, sources, within)
  if (outputs === 'unknown') write(columns.flat(), 'unknown')
  else if (outputs.length === columns.length) {
    for (const [place, names] of columns.entries()) write(names, outputs[place]?.sources ?? [])
  } else {
    write(
      columns.flat(),
      outputs.flatMap(({ sources }) => sources),
    )
  }
}

function written(
  analysis: Analysis,
  relation: Relation,
  names: readonly string[],
  sources: Sources,
  within: boolean,
): void {
  if (relation.kind === 'v') {
    throughView(analysis, relation, names, sources, within)
    return
  }
  const places = relation.columns.flatMap(({ attnum, name }): readonly Place[] =>
    names.includes(name) ? [{ attnum, column: name }] : [],
  )
  analysis.stores.add({ relation }, places, sources, within)
}

// The columns of the table beneath; all of them where one of the view's cannot be told.
function throughView(
  analysis: Analysis,
  view: Relation,
  names: readonly string[],
  sources: Sources,
  within: boolean,
): void {
  const base = baseOf(analysis, view)
  if (base?.relation === undefined || !analysis.enter(view.oid)) return
  const beneath = names.flatMap((name) => {
    const place = view.columns.findIndex((column) => column.name === name)
    return base.columns[place] ?? []
  })
  const all = base.relation.columns.map(({ name }) => name)
  const into = beneath.length === names.length ? beneath : all
  written(analysis, base.relation, into, sources, within)
  analysis.leave(view.oid)
}

// The columns of a relation that is made of a query.
export function storedInNew(
  analysis: Analysis,
  clause: IntoClause | undefined,
  query: Node,
  outputs: Outputs,
  outer: Scope | undefined,
): void {
  const into = intoNew(analysis, clause?.rel)
  if (into === undefined) return
  const within = analysis.expanding()
  if (outputs === 'unknown') {
    analysis.stores.add(into, [{ attnum: 0, column: '*' }], 'unknown', within)
    return
  }
  if (outputs.every(({ sources }) => sources.length === 0)) return
  const named = namesOf(clause?.colNames)
  const columns = columnsOfQuery(query, analysis, outer)
  for (const [place, { sources }] of outputs.entries()) {
    const own = columns === 'unknown' ? undefined : columns[place]?.name
    const column = named[place] ?? own ?? '?'
    analysis.stores.add(into, [{ attnum: place + 1, column }], sources, within)
  }
}

function intoNew(analysis: Analysis, name: RangeVar | undefined): Into | undefined {
  if (name?.relname === undefined) return undefined
  const made = creationSchema(analysis, name) ?? name.schemaname ?? ''
  const temporary = name.relpersistence === 't' || made.startsWith('pg_temp')
  const schema = temporary ? 'pg_temp' : made
  const before = resolveRelation(
    { ...analysis, unread: () => undefined },
    { schemaname: schema, relname: name.relname },
  )
  return { schema, name: name.relname, temporary, before: before?.oid ?? 0 }
}
