// INSERT, UPDATE, DELETE and MERGE as statements of their own, and as members of WITH.
import type { Node } from 'libpg-query'
import type { Analysis, Modifying } from '../analysis.js'
import type { Scope } from '../scope.js'
import { insert, merge, remove, update } from './modify.js'
import type { Modification } from './modify.js'
import type { Context, Outcome, Readers } from './outcome.js'
import type { Returned } from './returning.js'

export const MODIFY_READERS = {
  InsertStmt: (body, context) => outcome('INSERT', insert(body, at(context))),
  UpdateStmt: (body, context) => outcome('UPDATE', update(body, at(context))),
  DeleteStmt: (body, context) => outcome('DELETE', remove(body, at(context))),
  MergeStmt: (body, context) => outcome('MERGE', merge(body, at(context))),
} satisfies Readers

function at({ analysis, outer, sink }: Context): Modification {
  return { analysis, outer, sink }
}

function outcome(tag: string, { outputs }: Returned): Outcome {
  return { tag, ...(outputs === undefined ? {} : { outputs }) }
}

// A statement's WITH is read once for each of its parts (SET, WHERE, RETURNING); its modifying members
// only the first time, or reading would grow with the power of their nesting.
export function createModifying(): Modifying {
  const known = new Map<Node, Node | 'unknown' | undefined>()
  return (node, outer, analysis) => {
    if (known.has(node)) return known.get(node)
    known.set(node, 'unknown')
    const found = memberOf(node, outer, analysis)
    known.set(node, found)
    return found
  }
}

function memberOf(
  node: Node,
  outer: Scope | undefined,
  analysis: Analysis,
): Node | 'unknown' | undefined {
  const at: Modification = { analysis, outer, sink: undefined }
  const returned = returnedBy(node, at)
  if (returned === 'unknown') {
    analysis.unread('unknown_node', 'WITH')
    return 'unknown'
  }
  if (returned.outputs === undefined) return undefined
  if (!('DeleteStmt' in node)) analysis.stores.handsOn()
  return returned.query ?? 'unknown'
}

function returnedBy(node: Node, at: Modification): Returned | 'unknown' {
  if ('InsertStmt' in node) return insert(node.InsertStmt, at)
  if ('UpdateStmt' in node) return update(node.UpdateStmt, at)
  if ('DeleteStmt' in node) return remove(node.DeleteStmt, at)
  return 'MergeStmt' in node ? merge(node.MergeStmt, at) : 'unknown'
}
