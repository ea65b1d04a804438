// From the bytes that a PostgreSQL client was sent to frames: cut into messages again (protocol
// documentation 55.7), each put under the command whose turn it was. Pure, and suspicious: what does not
// read as messages ends in `damaged`, never in a guess.
import type { Frame } from './film.js'
import { shownText } from './postgres-values.js'

export type FrameReader = {
  readonly turn: (command: number) => void
  readonly shape: (command: number, formats: readonly number[], description: Buffer) => boolean
  // Frames of what is complete; undefined where it is no message.
  readonly wire: (at: number, bytes: Buffer) => readonly Frame[] | undefined
  // Bytes of a message that is not complete.
  readonly open: () => boolean
}

type Column = { readonly name: string; readonly type: number; readonly format: number }

// `formats`: of rows that the client never asked a description of.
type Shape = { readonly columns: readonly Column[]; readonly formats: readonly number[] }

// No message in a recording is longer: rows beyond the bound of bytes are not recorded.
const MESSAGE_BYTES_MAX = 1 << 30
const KNOWN_MAX = 1000
const ROWS_MAX = 500

export function frameReader(): FrameReader {
  let command = 0
  let rest: readonly Buffer[] = []
  let restBytes = 0
  // Of the message at the front, once its head is there; else 5.
  let needed = 5
  const known = new Map<number, Shape>()

  const know = (of: number, columns: readonly Column[], formats: readonly number[] = []): void => {
    known.delete(of)
    known.set(of, { columns, formats })
    const [oldest] = known.keys()
    if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest)
  }

  const taken = (bytes: Buffer): Buffer | undefined => {
    rest = restBytes === 0 ? [bytes] : [...rest, bytes]
    restBytes += bytes.length
    // A long message comes in many pieces: joined once, when it is complete.
    if (restBytes < needed) return undefined
    const whole = rest.length === 1 ? (rest[0] ?? bytes) : Buffer.concat(rest)
    rest = []
    restBytes = 0
    return whole
  }

  const wire = (at: number, bytes: Buffer): readonly Frame[] | undefined => {
    const whole = taken(bytes)
    if (whole === undefined) return []
    const out: Frame[] = []
    let rows: (readonly (string | null)[])[] = []
    const rowsDone = (): void => {
      if (rows.length > 0) out.push({ at, kind: 'rows', command, rows })
      rows = []
    }
    let from = 0
    needed = 5
    while (whole.length - from >= 5) {
      const length = whole.readUInt32BE(from + 1)
      if (length < 4 || length > MESSAGE_BYTES_MAX) return undefined
      const end = from + 1 + length
      if (end > whole.length) {
        needed = end - from
        break
      }
      const type = String.fromCharCode(whole[from] ?? 0)
      const body = whole.subarray(from + 5, end)
      from = end
      if (type === 'D' || type === 'd') {
        const row = type === 'D' ? rowOf(body, known.get(command)) : [copyText(body)]
        if (row === undefined) return undefined
        if (rows.push(row) >= ROWS_MAX) rowsDone()
        continue
      }
      rowsDone()
      const found = messageFrames(type, body, at, command, know)
      if (found === undefined) return undefined
      out.push(...found)
    }
    rowsDone()
    if (from < whole.length) {
      rest = [whole.subarray(from)]
      restBytes = whole.length - from
    }
    return out
  }

  return {
    turn(next) {
      command = next
    },
    shape(of, formats, description) {
      const described = description.length === 0 ? [] : columnsOf(description.subarray(5))
      if (described === undefined) return false
      const columns = described.map((column, i) => ({ ...column, format: formatOf(formats, i) }))
      know(of, columns, formats)
      return true
    },
    wire,
    open: () => restBytes > 0,
  }
}

function formatOf(formats: readonly number[], at: number): number {
  return (formats.length === 1 ? formats[0] : formats[at]) ?? 0
}

function messageFrames(
  type: string,
  body: Buffer,
  at: number,
  command: number,
  know: (of: number, columns: readonly Column[]) => void,
): readonly Frame[] | undefined {
  switch (type) {
    case 'T': {
      const columns = columnsOf(body)
      if (columns === undefined) return undefined
      // Of a statement that is being prepared: no command yet.
      if (command === 0) return []
      know(command, columns)
      const shown = columns.map(({ name, type: of }) => ({ name, type: of }))
      return [{ at, kind: 'columns', command, columns: shown }]
    }
    case 'H':
      return [{ at, kind: 'columns', command, columns: [{ name: 'copy', type: 25 }] }]
    case 'C':
      return [{ at, kind: 'done', command, tag: textOf(body) }]
    case 'I':
      return [{ at, kind: 'done', command, tag: '' }]
    case 'E':
    case 'N':
      return reportFrames(type, body, at, command)
    case 'A':
      return notificationFrames(body, at, command)
    default:
      return SILENT.includes(type) ? [] : undefined
  }
}

// ParseComplete, BindComplete, CloseComplete, NoData, ParameterDescription, PortalSuspended, CopyDone,
// CopyInResponse, ReadyForQuery, ParameterStatus, BackendKeyData, CopyBothResponse.
const SILENT = '123ntscGZSKW'

// 55.8: fields, each a letter and a text; a zero byte ends them.
function reportFrames(
  type: string,
  body: Buffer,
  at: number,
  command: number,
): readonly Frame[] | undefined {
  const fields = new Map<string, string>()
  let from = 0
  while (from < body.length && body[from] !== 0) {
    const end = body.indexOf(0, from + 1)
    if (end < 0) return undefined
    fields.set(String.fromCharCode(body[from] ?? 0), body.toString('utf8', from + 1, end))
    from = end + 1
  }
  const message = fields.get('M') ?? ''
  const hint = fields.get('H')
  const detail = fields.get('D')
  const hinted = hint === undefined ? {} : { hint }
  if (type === 'N') {
    const severity = fields.get('V') ?? fields.get('S') ?? 'NOTICE'
    return [{ at, kind: 'notice', command, severity, message, ...hinted }]
  }
  const sqlstate = fields.get('C') ?? ''
  const detailed = detail === undefined ? {} : { detail }
  return [{ at, kind: 'error', command, sqlstate, message, ...detailed, ...hinted }]
}

function notificationFrames(
  body: Buffer,
  at: number,
  command: number,
): readonly Frame[] | undefined {
  const end = body.indexOf(0, 4)
  if (body.length < 6 || end < 0) return undefined
  const channel = body.toString('utf8', 4, end)
  const message = `${channel}: ${textOf(body.subarray(end + 1))}`
  return [{ at, kind: 'notice', command, severity: 'NOTIFICATION', message }]
}

function columnsOf(body: Buffer): readonly Column[] | undefined {
  if (body.length < 2) return undefined
  const count = body.readUInt16BE(0)
  const columns: Column[] = []
  let at = 2
  for (let i = 0; i < count; i++) {
    const end = body.indexOf(0, at)
    if (end < 0 || end + 19 > body.length) return undefined
    columns.push({
      name: body.toString('utf8', at, end),
      type: body.readUInt32BE(end + 7),
      format: body.readUInt16BE(end + 17),
    })
    at = end + 19
  }
  return at === body.length ? columns : undefined
}

function rowOf(body: Buffer, shape: Shape | undefined): readonly (string | null)[] | undefined {
  if (body.length < 2) return undefined
  const count = body.readUInt16BE(0)
  const row: (string | null)[] = []
  let at = 2
  for (let i = 0; i < count; i++) {
    if (at + 4 > body.length) return undefined
    const length = body.readInt32BE(at)
    at += 4
    if (length < -1 || at + length > body.length) return undefined
    if (length < 0) {
      row.push(null)
      continue
    }
    const column = shape?.columns[i]
    const format = column?.format ?? formatOf(shape?.formats ?? [], i)
    row.push(shownText(body.subarray(at, at + length), column?.type ?? 0, format))
    at += length
  }
  return at === body.length ? row : undefined
}

function copyText(body: Buffer): string {
  const text = body.toString('utf8')
  if (BINARY.test(text)) return `\\x${body.toString('hex')}`
  return text.replace(/\r?\n$/, '')
}

const BINARY = /[\0\ufffd]/

function textOf(body: Buffer): string {
  return body.toString('utf8', 0, Math.max(0, body.length - 1))
}
