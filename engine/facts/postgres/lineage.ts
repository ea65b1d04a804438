// Where the columns of views come from, and those of generated columns: the same reading that statements
// get, of the definitions in the catalogue. What cannot be followed is taken to hold everything that
// its definition reads.
import type { Flow } from '../../schemas/facts.js'
import { NOTHING_STALE, createAnalysis } from './analysis.js'
import type { Analysis, Parse } from './analysis.js'
import type { Catalogue, Column, Relation } from './catalogue.js'
import { readExpression } from './expression.js'
import { columnsOfQuery } from './query.js'
import { routineBody } from './routine-body.js'
import { scopeOfTarget } from './scope.js'
import { isHarmless } from './value.js'
import type { Source } from './value.js'

// What one column holds, by the name of the column that it comes from.
export type Lineage = {
  readonly labels: readonly string[]
  readonly derived: readonly { readonly from: string; readonly copy: boolean }[]
}

export const NO_LINEAGE: Lineage = { labels: [], derived: [] }

// One for each column of a view or materialized view.
export function lineageOfView(
  view: Relation,
  catalogue: Catalogue,
  parse: Parse,
): readonly Lineage[] {
  try {
    return viewLineage(view, catalogue, parse)
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown
    // Nested too deeply to be read.
    const all = everythingKnown(catalogue)
    return view.columns.map(() => all)
  }
}

function viewLineage(view: Relation, catalogue: Catalogue, parse: Parse): readonly Lineage[] {
  const analysis = analysisOf(catalogue, parse)
  const [statement, ...more] = parse(view.definition ?? '') ?? []
  const columns =
    statement === undefined || more.length > 0
      ? 'unknown'
      : columnsOfQuery(statement, analysis, undefined)
  const { flows, effects, unread } = analysis.collected()
  const known = columns !== 'unknown' && columns.length === view.columns.length
  if (!known || unread.length > 0 || statement === undefined) {
    const labels = effects.flatMap((effect) => effect.labels ?? [])
    const read: Lineage = { labels: [...new Set(labels)].sort(), derived: [] }
    const all = statement === undefined ? everythingKnown(catalogue) : read
    return view.columns.map(() => all)
  }
  // What a function's body takes may be in any column.
  const anywhere = sourcesOf(flows.filter((flow) => flow.to === 'argument'))
  return columns.map(({ value }) => lineageOf([...value.sources, ...anywhere]))
}

export function lineageOfExpression(
  relation: Relation,
  column: Column,
  catalogue: Catalogue,
  parse: Parse,
): Lineage {
  const analysis = analysisOf(catalogue, parse)
  const [statement] = parse(`SELECT (${column.expression ?? ''})`) ?? []
  const [target] =
    statement !== undefined && 'SelectStmt' in statement
      ? (statement.SelectStmt.targetList ?? [])
      : []
  const expression =
    target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined
  if (expression === undefined) return everythingOf(relation)
  const value = readExpression(
    expression,
    scopeOfTarget(relation, undefined, analysis),
    'output',
    analysis,
  )
  const { flows, unread } = analysis.collected()
  if (unread.length > 0) return everythingOf(relation)
  return lineageOf([...value.sources, ...sourcesOf(flows.filter((flow) => flow.to === 'argument'))])
}

function everythingKnown(catalogue: Catalogue): Lineage {
  const labels = (catalogue.userRelations ?? []).flatMap(({ columns }) =>
    columns.flatMap((column) => column.labels),
  )
  return { labels: [...new Set(labels)].sort(), derived: [] }
}

function everythingOf(relation: Relation): Lineage {
  const labels = relation.columns.flatMap((column) => column.labels)
  return { labels: [...new Set(labels)].sort(), derived: [] }
}

function analysisOf(catalogue: Catalogue, parse: Parse): Analysis {
  return createAnalysis({
    catalogue,
    names: { searchPath: catalogue.definitionPath ?? ['pg_catalog', 'public'], role: '' },
    stale: NOTHING_STALE,
    modifying: () => 'unknown',
    body: (routine, analysis) =>
      routineBody(routine, analysis, (node, _, outer) => {
        const columns = columnsOfQuery(node, analysis, outer)
        if (columns === 'unknown') return
        for (const { value } of columns) {
          for (const { from, labels, through } of value.sources) {
            analysis.flow({ from, labels: [...labels], to: 'argument', through: [...through] })
          }
        }
      }),
    parse,
  })
}

function sourcesOf(flows: readonly Flow[]): readonly Source[] {
  return flows.map(({ from, labels, through }) => ({
    from,
    labels,
    through: [...through, 'argument'],
    steps: 0,
  }))
}

function lineageOf(sources: readonly Source[]): Lineage {
  const told = sources.filter((source) => !isHarmless(source.through))
  const derived = new Map<string, boolean>()
  for (const { from, through } of told) {
    derived.set(from, (derived.get(from) ?? true) && through.length === 0)
  }
  return {
    labels: [...new Set(told.flatMap((source) => source.labels))].sort(),
    derived: [...derived].map(([from, copy]) => ({ from, copy })),
  }
}
