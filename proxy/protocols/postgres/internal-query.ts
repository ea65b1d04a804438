// The gateway's own questions on the client's target connection: how names resolve now, and what a
// transaction has created. They run through the extended protocol under reserved names, so that the
// client's unnamed statement and portal stay, and within a pipeline they end with Flush and not with
// Sync, so that its implicit transaction goes on.
import { entryOf } from './expected.js'
import type { RelayState } from './relay-state.js'
import { int16At, int32At, message } from './wire-bytes.js'

export type InternalQuery = {
  readonly rows: (string | null)[][]
  readonly resolve: (rows: readonly (readonly (string | null)[])[]) => void
  readonly reject: (why: Error) => void
  readonly deadlineUs: number
}

const NAME = 'sallyport_internal'
const DEADLINE_US = 30_000_000
const ROW_BYTES_MAX = 64 * 1024 * 1024

const REST = Buffer.concat([
  message('B', NAME, NAME, 0, 0, 0),
  message('E', NAME, Buffer.alloc(4)),
  message('C', Buffer.from('P'), NAME),
  message('C', Buffer.from('S'), NAME),
])
const SYNC = message('S')
const FLUSH = message('H')

// Only while the target owes nothing, and never in a failed transaction.
export function ask(r: RelayState, sql: string): Promise<readonly (readonly (string | null)[])[]> {
  return new Promise((resolve, reject) => {
    if (r.ended) {
      reject(new Error('the session has ended'))
      return
    }
    const internal: InternalQuery = {
      rows: [],
      resolve,
      reject,
      deadlineUs: r.parts.clock.monotonicUs() + DEADLINE_US,
    }
    r.internal = internal
    const kinds = ['parse', 'bind', 'execute', 'close', 'close'] as const
    for (const kind of kinds) r.expected.push(entryOf(kind, r.segment, { internal }))
    if (!r.pipelineOpen) r.expected.push(entryOf('sync', r.segment, { internal }))
    r.connected.target.write(
      Buffer.concat([message('P', NAME, sql, 0), REST, r.pipelineOpen ? FLUSH : SYNC]),
    )
  })
}

// A row of an answer in text format; false where it is malformed.
export function keepRow(
  internal: InternalQuery,
  bytes: Buffer,
  start: number,
  end: number,
): boolean {
  if (end - start > ROW_BYTES_MAX || end - start < 7) return false
  const count = int16At(bytes, start + 5)
  const row: (string | null)[] = []
  let at = start + 7
  for (let i = 0; i < count; i++) {
    if (at + 4 > end) return false
    const length = int32At(bytes, at)
    at += 4
    if (length < -1 || at + Math.max(0, length) > end) return false
    row.push(length < 0 ? null : bytes.toString('utf8', at, at + length))
    at += Math.max(0, length)
  }
  internal.rows.push(row)
  return at === end
}
