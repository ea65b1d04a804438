// SELECT, VALUES, TABLE and set operations: what they read is for `../query.ts`; here is what makes
// them more than a read (INTO), and the limit on their rows.
import type { Node, SelectStmt } from 'libpg-query'
import { outputsOfQuery } from '../query.js'
import { constantInteger } from '../tree.js'
import { createEffect } from './define-relation.js'
import type { Context, Outcome, Readers } from './outcome.js'
import { storedInNew } from './stored-columns.js'

export const SELECT_READERS = { SelectStmt: select } satisfies Readers

function select(body: SelectStmt, { analysis, sink, outer }: Context): Outcome {
  const into = leftmost(body).intoClause
  if (into !== undefined) {
    createEffect(analysis, into.rel, 'table')
    const query: Node = { SelectStmt: body }
    const outputs = outputsOfQuery(query, analysis, outer, 'write')
    storedInNew(analysis, into, query, outputs, outer)
    return { tag: 'SELECT' }
  }
  const outputs = outputsOfQuery({ SelectStmt: body }, analysis, outer, sink)
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
