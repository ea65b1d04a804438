// A recorded result as a table, the way psql draws one, cut to what a screen holds.
import type { Frame } from './film.js'
import { cut, harmless, padded, widthOf } from './terminal-text.js'

export type TableBounds = { readonly rows: number; readonly width: number; readonly field: number }

// int2, int4, int8, oid, float4, float8, numeric, money: aligned to the right.
const NUMBERS = new Set([20, 21, 23, 26, 700, 701, 790, 1700])

type Columns = Extract<Frame, { kind: 'columns' }>['columns']
type Row = readonly (string | null)[]

export function tableLines(
  columns: Columns,
  rows: readonly Row[],
  bounds: TableBounds,
): readonly string[] {
  if (columns.length === 0) return []
  const shown = rows.slice(0, bounds.rows)
  const cells = shown.map((row) =>
    columns.map((_, i) => cut(row[i] === null ? '∅' : harmless(row[i] ?? ''), bounds.field)),
  )
  const head = columns.map(({ name }) => cut(harmless(name), bounds.field))
  const widths = head.map((name, i) =>
    Math.max(widthOf(name), ...cells.map((row) => widthOf(row[i] ?? ''))),
  )
  const line = (row: readonly string[], right: boolean): string =>
    row
      .map((cell, i) => {
        const number = right && NUMBERS.has(columns[i]?.type ?? 0)
        return ` ${padded(cell, widths[i] ?? 0, number)} `
      })
      .join('|')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width + 2)).join('+')
  const lines = [line(head, false), rule, ...cells.map((row) => line(row, true))]
  const more = rows.length - shown.length
  if (more > 0) lines.push(` … ${more} more row(s)`)
  return lines.map((text) => cut(text, bounds.width))
}
