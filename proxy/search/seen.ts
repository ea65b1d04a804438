// Who there is to be seen: each identity on each target, by its number in the index. Whether somebody may see it
// is decided once for each of these, not for each command.
import { GatewayError } from '../errors.js'
import { numberOf, type IndexFile } from './index-file.js'
import { viewOf } from './index-writer.js'
import type { Who } from './views.js'

export type SeenWho = Who & { readonly id: number }

// Numbers mean something within one index alone: one made anew gives them to others.
export type Seen = { readonly made: string; readonly ids: readonly number[] }

export type Whos = { readonly made: string; readonly whos: readonly SeenWho[] }

const AT_ONCE = 5_000

export function whosSince(index: IndexFile, after: number): Whos {
  const rows = index
    .sql('select id, view from whos where id > ? order by id limit ?')
    .all(after, AT_ONCE)
  return {
    made: madeOf(index),
    whos: rows.map((row) => ({ ...(viewOf(row) as Who), id: numberOf(row, 'id') })),
  }
}

export function madeOf(index: IndexFile): string {
  return String(index.meta('made'))
}

// Throws where they are of an index that was made anew since.
export function idsOf(index: IndexFile, seen: Seen | undefined): readonly number[] | undefined {
  if (seen === undefined || seen.made === madeOf(index)) return seen?.ids
  throw new GatewayError('conflict', 'the search index was made anew meanwhile; ask again')
}
