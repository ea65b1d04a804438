// Labels that followed data, in the state store: read whole when a gateway starts and when a word comes, written
// before the statement runs that moves the data, so that none is lost with a gateway.
import type { Selectable } from 'kysely'
import { stored, type State } from '../state/state.js'
import type { FollowedLabelsTable } from '../state/tables.js'

export type FollowedRow = Selectable<FollowedLabelsTable>

// The word that tells other gateways on the same store to look; no approval has such an id.
export const LABELS_WORD = 'labels'

export function followedRows({ db }: State): Promise<readonly FollowedRow[]> {
  return stored(() =>
    db
      .selectFrom('sallyport_followed_labels')
      .selectAll()
      .orderBy('created_ms')
      .orderBy('id')
      .execute(),
  )
}

export async function rowsAdded(state: State, rows: readonly FollowedRow[]): Promise<void> {
  await stored(() =>
    state.db
      .insertInto('sallyport_followed_labels')
      .values([...rows])
      .execute(),
  )
  // Others look for themselves as well.
  await state.announce(LABELS_WORD).catch(() => undefined)
}

// What the database calls the column, now that it has shown it.
export async function rowSeen(state: State, row: FollowedRow): Promise<void> {
  const { id, oid, attnum, place, schema_name, relation, column_name, bound } = row
  await stored(() =>
    state.db
      .updateTable('sallyport_followed_labels')
      .set({ oid, attnum, place, schema_name, relation, column_name, bound })
      .where('id', '=', id)
      .execute(),
  )
}

export async function rowGone(state: State, id: string): Promise<void> {
  await stored(() =>
    state.db.deleteFrom('sallyport_followed_labels').where('id', '=', id).execute(),
  )
}

// undefined where there is none that is not dismissed already.
export async function rowDismissed(
  state: State,
  id: string,
  how: { readonly by: string; readonly reason: string; readonly now: number },
): Promise<boolean> {
  const { numUpdatedRows } = await stored(() =>
    state.db
      .updateTable('sallyport_followed_labels')
      .set({ dismissed_ms: how.now, dismissed_by: how.by, dismissed_reason: how.reason })
      .where('id', '=', id)
      .where('dismissed_ms', 'is', null)
      .executeTakeFirst(),
  )
  if (Number(numUpdatedRows) === 0) return false
  await state.announce(LABELS_WORD).catch(() => undefined)
  return true
}
