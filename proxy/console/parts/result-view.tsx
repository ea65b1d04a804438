// An answer as the client saw it: a table with masked cells visible as such, and what was said with it.
import { isMask, seenIn, type Frame, type ResultTable } from '../reading/result-table.js'
import { counted } from '../reading/counts.js'
import { onOneLine, printable } from '../reading/printable.js'
import { Icon } from './icon.js'

// More rows than these nobody reads here; the whole is in the export.
const ROWS_SHOWN = 200
const CELL_SHOWN = 400

type Props = { readonly frames: readonly Frame[]; readonly untilMs?: number }

export function ResultView({ frames, untilMs = Infinity }: Props) {
  const { tables, said, binds } = seenIn(frames, untilMs)
  return (
    <div class="seen">
      {binds.length === 0 ? null : (
        <p class="binds">
          {binds.map((value, at) => (
            <span key={at}>
              <span class="muted">${at + 1}</span>{' '}
              <code>{value === null ? 'NULL' : onOneLine(value, 120)}</code>
            </span>
          ))}
        </p>
      )}
      {tables.map((table, at) => (
        <Table key={at} table={table} />
      ))}
      {said.map((frame, at) => {
        switch (frame.kind) {
          case 'done':
            return (
              <p key={at} class="tag">
                {onOneLine(frame.tag, 80)}
              </p>
            )
          case 'error':
            return (
              <div key={at} class="told told-error">
                <b>ERROR {onOneLine(frame.sqlstate, 5)}</b> {printable(frame.message)}
                {frame.detail === undefined ? null : <p>DETAIL: {printable(frame.detail)}</p>}
                {frame.hint === undefined ? null : <p>HINT: {printable(frame.hint)}</p>}
              </div>
            )
          case 'notice':
            return (
              <div key={at} class="told">
                <b>{onOneLine(frame.severity, 20)}</b> {printable(frame.message)}
                {frame.hint === undefined ? null : <p>HINT: {printable(frame.hint)}</p>}
              </div>
            )
          case 'cut':
            return (
              <p key={at} class="told">
                <Icon name="warn" size={14} /> The recording leaves out the rest:{' '}
                {printable(frame.why)}
              </p>
            )
        }
      })}
    </div>
  )
}

function Table({ table: { columns, masks, rows } }: { readonly table: ResultTable }) {
  const shown = rows.slice(0, ROWS_SHOWN)
  return (
    <div class="result" role="region" aria-label="What the client saw" tabIndex={0}>
      <table>
        {columns.length === 0 ? null : (
          <thead>
            <tr>
              {columns.map((name, at) => (
                <th key={at} scope="col">
                  {onOneLine(name, 80)}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {shown.map((row, at) => (
            <tr key={at}>
              {row.map((value, column) => (
                <Cell key={column} value={value} method={masks[column]} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > shown.length ? (
        <p class="fine muted">and {counted(rows.length - shown.length, 'more row')} on record</p>
      ) : null}
    </div>
  )
}

type CellProps = { readonly value: string | null; readonly method: string | undefined }

function Cell({ value, method }: CellProps) {
  if (isMask(value, method)) {
    const how = method === undefined ? '' : ` (${onOneLine(method, 20)})`
    return (
      <td class="cell-masked" title={`masked${how}: the client saw this, too`}>
        {value === null ? 'NULL' : onOneLine(value, 80)}
        <span class="unseen"> (masked)</span>
      </td>
    )
  }
  if (value === null) return <td class="cell-null">NULL</td>
  const number = /^-?\d[\d.,]*$/.test(value)
  return <td class={number ? 'cell-number' : ''}>{onOneLine(value, CELL_SHOWN)}</td>
}
