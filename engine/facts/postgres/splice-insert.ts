// `INSERT INTO table SELECT …`: what the query gives is masked at the source, so that masked values are stored.
// A table of this session has nothing that they could take the place of; for one that is there already the
// masks themselves must say so.
import type { InsertStmt, Node } from 'libpg-query'
import type { Mask } from '../../schemas/decision.js'
import type { Relation } from './catalogue.js'

// What an INSERT reads. Expressions of ON CONFLICT and RETURNING stay as they are: where they hold a
// protected column, the new text does not pass.
export function queryOfInsert({ selectStmt, withClause }: InsertStmt): Node | undefined {
  if (selectStmt === undefined || !('SelectStmt' in selectStmt)) return undefined
  return { List: { items: [selectStmt, ...(withClause?.ctes ?? [])] } }
}

/** Why masked values are not to be stored there; undefined where they may. */
export function storedNowhere(
  target: Relation | undefined,
  masks: readonly Mask[],
): string | undefined {
  if (target === undefined || target.system) return 'it is not known where values would be stored'
  if (target.temporary && target.kind === 'r') return undefined
  if (target.kind !== 'r' && target.kind !== 'p') return 'masked values are stored in tables alone'
  return masks.every(({ stored }) => stored === true)
    ? undefined
    : 'masked values would take the place of data in a table that is there already'
}
