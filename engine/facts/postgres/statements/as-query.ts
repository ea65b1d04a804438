// Expressions outside a query (a SET list, a CHECK, a WHERE of UPDATE) read as the query that would
// evaluate them, so that names, functions and flows are followed in one place: `../query.ts`.
import type { Node, WithClause } from 'libpg-query'
import type { Sink } from '../../../schemas/facts.js'
import type { Analysis } from '../analysis.js'
import { outputsOfQuery } from '../query.js'
import type { Scope } from '../scope.js'
import type { Relation } from '../catalogue.js'

export type Parts = {
  readonly targets?: readonly Node[]
  readonly from?: readonly Node[]
  readonly where?: Node | undefined
  readonly with?: WithClause | undefined
}

export function asQuery(parts: Parts): Node {
  const { targets = [], from = [], where } = parts
  return {
    SelectStmt: {
      targetList: [...targets],
      ...(from.length > 0 ? { fromClause: [...from] } : {}),
      ...(where === undefined ? {} : { whereClause: where }),
      ...(parts.with === undefined ? {} : { withClause: parts.with }),
      op: 'SETOP_NONE',
      limitOption: 'LIMIT_OPTION_DEFAULT',
    },
  }
}

export function asTarget(val: Node): Node {
  return { ResTarget: { val } }
}

// Reads an expression whose columns, if any, are those of this relation.
export function readWithin(
  expression: Node,
  relation: Relation | undefined,
  sink: Sink,
  analysis: Analysis,
  outer?: Scope,
): void {
  const from = relation === undefined ? [] : [asRange(relation)]
  const predicate = sink === 'predicate'
  const parts: Parts = predicate
    ? { from, where: expression }
    : { from, targets: [asTarget(expression)] }
  outputsOfQuery(asQuery(parts), analysis, outer, sink)
}

export function asRange({ schema, name }: Relation): Node {
  return { RangeVar: { schemaname: schema, relname: name, inh: true, relpersistence: 'p' } }
}
