// SELECT, VALUES, TABLE and set operations: what they read is for `../query.ts`; here is what makes
// them more than a read (INTO, FOR UPDATE), and the limit on their rows.
import type { Node, SelectStmt } from 'libpg-query'
import { resolveRelation } from '../analysis.js'
import type { Analysis } from '../analysis.js'
import { outputsOfQuery } from '../query.js'
import { relationEffect } from '../relation-effect.js'
import { constantInteger } from '../tree.js'
import { createEffect } from './define-relation.js'
import type { Context, Outcome, Readers } from './outcome.js'

export const SELECT_READERS = { SelectStmt: select } satisfies Readers

function select(body: SelectStmt, { analysis, sink, outer }: Context): Outcome {
  const into = leftmost(body).intoClause
  if (into !== undefined) {
    createEffect(analysis, into.rel, 'table')
    outputsOfQuery({ SelectStmt: body }, analysis, outer, 'write')
    return { tag: 'SELECT' }
  }
  const outputs = outputsOfQuery({ SelectStmt: body }, analysis, outer, sink)
  locks(body, analysis)
  return { tag: 'SELECT', outputs, limited: limitOf(body) }
}

// In a set operation INTO stands in the first query (gram.y moves it nowhere).
function leftmost(body: SelectStmt): SelectStmt {
  let query = body
  while (query.larg !== undefined) query = query.larg
  return query
}

function limitOf(body: SelectStmt): number {
  if (body.limitOption === 'LIMIT_OPTION_WITH_TIES') return -1
  return constantInteger(body.limitCount) ?? -1
}

// FOR UPDATE and kin lock rows of the named relations, or of all in FROM.
function locks(body: SelectStmt, analysis: Analysis): void {
  for (const node of body.lockingClause ?? []) {
    if (!('LockingClause' in node)) continue
    const detail = (node.LockingClause.strength ?? '').replace('LCS_', '').toLowerCase()
    for (const from of rangesOf(body.fromClause)) {
      const relation = resolveRelation(analysis, from)
      if (relation !== undefined) relationEffect(analysis, 'lock', from, relation, { detail })
    }
  }
}

function rangesOf(from: readonly Node[] | undefined) {
  return (from ?? []).flatMap((node) => ('RangeVar' in node ? [node.RangeVar] : []))
}
