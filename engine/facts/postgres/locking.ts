// FOR UPDATE, FOR SHARE …: locks on rows of the relations in FROM, those named or all of them.
import type { Node } from 'libpg-query'
import type { At } from './expression.js'
import type { Scope } from './scope.js'
import { itemNamed } from './scope.js'
import { tagOf } from './tree.js'

export function locks(nodes: readonly Node[] | undefined, scope: Scope, at: At): void {
  for (const node of nodes ?? []) {
    if (!('LockingClause' in node)) {
      at.analysis.unread('unknown_node', tagOf(node))
      continue
    }
    const { lockedRels, strength } = node.LockingClause
    const detail = (strength ?? '').replace(/^LCS_/, '').toLowerCase()
    const named = (lockedRels ?? []).flatMap((one) =>
      'RangeVar' in one ? [one.RangeVar.relname ?? ''] : [],
    )
    const items =
      lockedRels === undefined
        ? scope.items
        : named.flatMap((name) => {
            const found = itemNamed(scope, name)
            return found.kind === 'item' ? [found.item] : []
          })
    for (const item of items) item.lock?.(detail)
  }
}
