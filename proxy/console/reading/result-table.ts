// The answer of one command as the client saw it, put together from the frames of the recording: columns,
// rows, what was said at the end, and which cells are masks.

import type { Frame } from '../../../engine/schemas/frame.js'

export type { Frame } from '../../../engine/schemas/frame.js'

export type ResultTable = {
  readonly columns: readonly string[]
  // The method of the mask that a column's values wear; sparse.
  readonly masks: readonly (string | undefined)[]
  readonly rows: readonly (readonly (string | null)[])[]
}

export type Seen = {
  readonly tables: readonly ResultTable[]
  readonly said: readonly Exclude<Frame, { readonly kind: 'command' | 'columns' | 'rows' }>[]
  readonly binds: readonly (string | null)[]
}

// `untilMs`: frames after it have not come yet.
export function seenIn(frames: readonly Frame[], untilMs = Infinity): Seen {
  const tables: (Omit<ResultTable, 'rows'> & { rows: (readonly (string | null)[])[] })[] = []
  const said: Seen['said'][number][] = []
  let binds: readonly (string | null)[] = []
  for (const frame of frames) {
    if (frame.at > untilMs) break
    switch (frame.kind) {
      case 'command':
        binds = frame.binds ?? []
        break
      case 'columns':
        tables.push({
          columns: frame.columns.map(({ name }) => name),
          masks: frame.columns.map(({ masked }) => masked),
          rows: [],
        })
        break
      case 'rows': {
        const table = tables.at(-1)
        if (table === undefined) tables.push({ columns: [], masks: [], rows: [...frame.rows] })
        else table.rows.push(...frame.rows)
        break
      }
      default:
        said.push(frame)
    }
  }
  return { tables, said, binds }
}

// Whether a value is a mask: by its column where the film says so, else as asterisks look. A NULL under another
// method than null was NULL before.
export function isMask(value: string | null, method: string | undefined): boolean {
  if (value === null) return method === 'null'
  return method !== undefined || looksMasked(value)
}

// As the shipped masks look: asterisks, or asterisks before the last few characters.
export function looksMasked(value: string | null): boolean {
  return value !== null && /^\*{3,}/.test(value)
}
