// The body of an SQL function as part of the statement that calls it: what it does is done by the call.
import type { Node } from 'libpg-query'
import type { Sink } from '../../schemas/facts.js'
import type { Analysis } from './analysis.js'
import type { Routine } from './catalogue.js'
import { scopeOfParameters } from './scope.js'
import type { Scope } from './scope.js'

/** A single SELECT that changes nothing by itself: what it calls has effects of its own. */
export function isPlainQuery(statement: Node | undefined): boolean {
  return (
    statement !== undefined &&
    'SelectStmt' in statement &&
    !/"(?:(?:Insert|Update|Delete|Merge)Stmt|intoClause|lockingClause)"/.test(
      JSON.stringify(statement),
    )
  )
}

// The values a body returns go on to wherever the call stands, which is not known here; as arguments
// they are masked whole or refused.
export function routineBody(
  routine: Routine,
  analysis: Analysis,
  read: (node: Node, sink: Sink, outer: Scope) => unknown,
): void {
  const object = `${routine.schema}.${routine.name}`
  if (routine.body === undefined) return
  if (!analysis.enter(routine.oid)) {
    analysis.unread('over_limit', `functions in functions: ${object}`)
    return
  }
  const statements = analysis.parse(routine.body)
  if (statements === undefined) analysis.unread('not_parsed', `body of ${object}`)
  const outer = scopeOfParameters(routine)
  for (const statement of statements ?? []) read(statement, 'argument', outer)
  analysis.leave(routine.oid)
}
