// The RETURNING list of a modifying statement, read as the query that gives the same columns.
import type { Node, RangeVar, ReturningClause, WithClause } from 'libpg-query'
import type { Sink } from '../../../schemas/facts.js'
import type { Analysis } from '../analysis.js'
import { onlyQualified } from '../from.js'
import { outputsOfQuery } from '../query.js'
import type { OutputColumn } from '../reading.js'
import type { Scope } from '../scope.js'
import { namesOf } from '../tree.js'
import { asQuery } from './as-query.js'

// undefined: no RETURNING, no rows.
export type Returned = {
  readonly outputs: readonly OutputColumn[] | 'unknown' | undefined
  // The query it was read as, for a WITH that hands the rows on.
  readonly query: Node | undefined
}

export type Origin = {
  readonly name: RangeVar
  readonly sources: readonly Node[]
  readonly with?: WithClause
}

export function returned(
  clause: ReturningClause | undefined,
  origin: Origin,
  at: {
    readonly analysis: Analysis
    readonly outer: Scope | undefined
    readonly sink: Sink | undefined
  },
): Returned {
  const exprs = clause?.exprs
  if (exprs === undefined) return { outputs: undefined, query: undefined }
  const target: Node = { RangeVar: origin.name }
  // OLD and NEW (PostgreSQL 18) are the target once more, for qualified names alone.
  const versions = versionNames(clause).filter((name) => mentions(exprs, name))
  const more = versions.map((aliasname) =>
    onlyQualified({ RangeVar: { ...origin.name, alias: { aliasname } } }),
  )
  const query = asQuery({
    targets: exprs,
    from: [target, ...more, ...origin.sources],
    with: origin.with,
  })
  // A member of WITH hands its rows to the query around it, which reads the list.
  if (at.sink === undefined) return { outputs: 'unknown', query }
  return { outputs: outputsOfQuery(query, at.analysis, at.outer, at.sink), query }
}

function versionNames(clause: ReturningClause | undefined): readonly string[] {
  const given = (clause?.options ?? []).flatMap((node) =>
    'ReturningOption' in node && node.ReturningOption.value !== undefined
      ? [node.ReturningOption.value]
      : [],
  )
  return [...new Set([...given, 'old', 'new'])]
}

function mentions(exprs: readonly Node[], name: string): boolean {
  let found = false
  JSON.stringify(exprs, (key: string, value: unknown) => {
    if (key === 'ColumnRef' && isReference(value) && namesOf(value.fields)[0] === name) found = true
    return value
  })
  return found
}

function isReference(value: unknown): value is { readonly fields: readonly Node[] } {
  return typeof value === 'object' && value !== null && 'fields' in value
}
