// Rows, copies and their descriptions on the way to the client: limits are counted, columns compared
// with what was read, masked fields rewritten.
import { catalogueOf } from './context.js'
import { cutAnswer } from './cut-answer.js'
import type { Entry } from './expected.js'
import { filmLeavesOut } from './filming.js'
import { recalled, remember } from './known-results.js'
import { labelsGrew } from './labels-grew.js'
import { maskKeyOf } from './mask-key.js'
import { maskPlan, maskRow, roomFor, searchRow } from './mask.js'
import type { Portal } from './memory.js'
import { caught } from './net.js'
import type { Failure } from './refuse.js'
import type { RelayState } from './relay-state.js'
import { originsAgree } from '../../../engine/facts/postgres/exit-masks.js'
import { columnsOf, type ResultColumn } from './row-description.js'
import { isPlain, type Running } from './running.js'
import { maskRowsInPlace, type MaskedRows } from './rows-in-place.js'
import { cut, roomAt, tookRoom } from './target-writes.js'

// RowDescription of a statement of a Query. Answers whether it goes on.
export function columnsArrived(
  r: RelayState,
  running: Running,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  const catalogue = catalogueOf(r)
  running.described = true
  if (labelsGrew(r, running)) return false
  if (recalled(running, catalogue, 0, bytes, start, end) !== undefined) return true
  const columns = columnsOf(bytes, start + 5, end)
  if (columns === undefined) {
    r.hostile('a malformed row description')
    return false
  }
  if (!planned(r, running, columns)) return false
  remember(running, catalogue, 0, columns, bytes, start, end)
  return true
}

// RowDescription of a portal: the formats are those that its Bind asked for.
export function portalColumnsArrived(
  r: RelayState,
  portal: Portal | undefined,
  bytes: Buffer,
  start: number,
  end: number,
): void {
  const catalogue = catalogueOf(r)
  const running = portal?.running
  if (running !== undefined && labelsGrew(r, running)) return
  const format = portal === undefined ? undefined : formatOfAll(portal)
  const known =
    running === undefined ? undefined : recalled(running, catalogue, format, bytes, start, end)
  if (portal !== undefined && known !== undefined) {
    portal.columns = known
    return
  }
  const columns = columnsOf(bytes, start + 5, end)
  if (columns === undefined) r.hostile('a malformed row description')
  if (columns === undefined || portal === undefined) return
  const { formats } = portal
  portal.columns = columns.map((column, i) => ({
    ...column,
    format: (formats.length === 1 ? formats[0] : formats[i]) ?? 0,
  }))
  if (running === undefined || !planned(r, running, portal.columns)) return
  remember(running, catalogue, format, portal.columns, bytes, start, end)
}

function formatOfAll({ formats }: Portal): number | undefined {
  return formats.length > 1 ? undefined : (formats[0] ?? 0)
}

function planned(r: RelayState, running: Running, columns: readonly ResultColumn[]): boolean {
  const { outputs } = running.statement
  const origins = columns.map(({ table, attnum }) => ({ table, attnum }))
  const known = outputs !== undefined && outputs !== 'unknown'
  if (known && !originsAgree(outputs, origins, catalogueOf(r))) {
    const { command } = running
    r.parts.onIncident('origins_disagree', r.session.id, command, 'the result has other columns')
    cutAnswer(r, running, OTHER_COLUMNS, true)
    return false
  }
  if (isPlain(running.masks)) return true
  const catalogue = catalogueOf(r)
  running.plan = maskPlan(
    running.masks,
    columns,
    maskKeyOf(r.parts.maskKey, r.session.target.name),
    (type) => {
      const found = catalogue.typeByOid(type)
      return found?.category === 'S' && found.kind !== 'e'
    },
  )
  return true
}

const OTHER_COLUMNS: Failure = {
  sqlstate: '42501',
  message: 'the result has other columns than the statement was judged by, so it is withheld',
  hint: 'run it again',
}

// Rows that lie whole in [start, end) and go on, masked and searched where they are; undefined: look at them one by one.
export function rowsTogether(
  r: RelayState,
  bytes: Buffer,
  start: number,
  end: number,
): MaskedRows | undefined {
  const entry = r.expected.head()
  if (entry === undefined || entry.failed || r.cut !== undefined) return undefined
  if (entry.internal !== undefined || entry.swap !== undefined || r.capped !== undefined)
    return undefined
  if (entry.kind !== 'query' && entry.kind !== 'execute') return undefined
  const running = entry.commands[entry.index]
  const plan = running?.plan
  if (running === undefined || !running.described || plan?.looks !== true) return undefined
  if (r.film !== undefined && !filmLeavesOut(r.film, running)) return undefined
  if (running.rows === 0 && labelsGrew(r, running)) return undefined
  const { rows_max, bytes_max } = running.limits
  const rowsLeft = rows_max === undefined ? Infinity : rows_max - running.rows
  const bytesLeft = bytes_max === undefined ? Infinity : bytes_max - running.bytes
  const stop = Math.min(end, start + bytesLeft)
  const rows = maskRowsInPlace(plan, bytes, start, stop, rowsLeft)
  noteHits(r, running, rows.hits)
  if (rows.rows === 0) return undefined
  running.rows += rows.rows
  running.bytes += rows.read - start
  running.masked += rows.masked
  return rows
}

// A row that is not simply passed on. Answers whether it goes on as it is now.
export function rowArrived(
  r: RelayState,
  _entry: Entry,
  running: Running,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  if (r.cut !== undefined) return false
  if (!running.described) {
    r.hostile('a row before its description')
    return false
  }
  // Rows may be waited for longer than their description.
  if (running.rows === 0 && labelsGrew(r, running)) return false
  if (!withinLimits(r, running, end - start, true)) return false
  if (isPlain(running.masks)) return true
  const { plan } = running
  if (plan === undefined) {
    r.hostile('a row before its description')
    return false
  }
  if (!plan.rewrites) {
    const hits = searchRow(plan, bytes, start, end)
    if (hits === undefined) r.hostile('a malformed row')
    else noteHits(r, running, hits)
    return hits !== undefined
  }
  cut(r)
  const { out, at } = roomAt(r, roomFor(plan, end - start))
  const row = maskRow(plan, bytes, start, end, out, at)
  if (row === undefined) {
    r.hostile('a malformed row')
    return false
  }
  tookRoom(row.length)
  running.masked += row.masked
  noteHits(r, running, row.hits)
  return false
}

export function copyArrived(
  r: RelayState,
  _entry: Entry,
  running: Running,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  if (r.cut !== undefined || !withinLimits(r, running, end - start, false)) return false
  noteHits(r, running, caught(bytes, start + 5, end, running.masks.patterns))
  return true
}

function withinLimits(r: RelayState, running: Running, bytes: number, isRow: boolean): boolean {
  const { rows_max, bytes_max } = running.limits
  if (isRow) running.rows++
  running.bytes += bytes
  if (rows_max !== undefined && running.rows > rows_max) {
    cutAnswer(r, running, tooMuch(`${rows_max} rows`, 'LIMIT the statement'), true)
    return false
  }
  if (bytes_max !== undefined && running.bytes > bytes_max) {
    cutAnswer(r, running, tooMuch(`${bytes_max} bytes`, 'ask for less at a time'), true)
    return false
  }
  return true
}

function tooMuch(what: string, hint: string): Failure {
  return { sqlstate: '54000', message: `the answer has more than the ${what} allowed`, hint }
}

function noteHits(r: RelayState, running: Running, hits: number): void {
  if (hits === 0) return
  running.masked += hits
  if (running.reported) return
  running.reported = true
  r.parts.onIncident('pattern_caught', r.session.id, running.command, 'in a result')
}
