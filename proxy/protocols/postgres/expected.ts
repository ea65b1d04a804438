// What the target owes an answer to, oldest first. Every forwarded message that PostgreSQL answers has
// an entry; what the target sends is matched against the head, and what does not fit there comes from
// no PostgreSQL.
import type { InternalQuery } from './internal-query.js'
import type { Change, Portal, Prepared } from './memory.js'
import type { Failure } from './refuse.js'
import type { Running } from './running.js'

export type Entry = {
  readonly kind:
    | 'query'
    | 'parse'
    | 'bind'
    | 'describe_statement'
    | 'describe_portal'
    | 'execute'
    | 'close'
    | 'sync'
    // A message sent in place of a refused one of the extended protocol: answered by an error.
    | 'refused'
    // CopyDone or CopyFail: the target answers nothing to it by itself.
    | 'copy_end'
  // Which run of messages, up to a Sync or Query, it belongs to.
  readonly segment: number
  // The error that must come is replaced by this.
  readonly swap: Failure | undefined
  // Number of the command that `swap` is said of; 0: of none.
  readonly told: number
  // Its error was told already.
  readonly hush: boolean
  // Not the client's: its answers stay here. `unasked`: a Describe put in front of an Execute.
  readonly internal: InternalQuery | 'unasked' | undefined
  // Of a Query one for each statement; of an Execute one.
  readonly commands: readonly Running[]
  // Confirmed with each statement of a Query in turn, or as a whole.
  readonly changes: readonly (readonly Change[])[]
  readonly portal: Portal | undefined
  readonly prepared: Prepared | undefined
  // How many statements of a Query have ended.
  index: number
  // An error came: only ReadyForQuery is left.
  failed: boolean
}

const NONE: readonly never[] = []

export function entryOf(
  kind: Entry['kind'],
  segment: number,
  more: Partial<Omit<Entry, 'kind' | 'segment'>> = {},
): Entry {
  return {
    kind,
    segment,
    swap: more.swap,
    told: more.told ?? 0,
    hush: more.hush ?? false,
    internal: more.internal,
    commands: more.commands ?? NONE,
    changes: more.changes ?? NONE,
    portal: more.portal,
    prepared: more.prepared,
    index: 0,
    failed: false,
  }
}

export type Expected = {
  readonly push: (entry: Entry) => void
  readonly head: () => Entry | undefined
  readonly shift: () => Entry | undefined
  // The entry at this place behind the head (0 is the head).
  readonly at: (place: number) => Entry | undefined
  readonly removeAt: (place: number) => Entry | undefined
  readonly size: () => number
}

export function createExpected(): Expected {
  let entries: Entry[] = []
  let first = 0
  return {
    push(entry) {
      entries.push(entry)
    },
    head: () => entries[first],
    shift() {
      const entry = entries[first]
      if (entry === undefined) return undefined
      first++
      if (first === entries.length) {
        entries.length = 0
        first = 0
      } else if (first >= 256) {
        entries = entries.slice(first)
        first = 0
      }
      return entry
    },
    at: (place) => entries[first + place],
    removeAt: (place) => entries.splice(first + place, 1)[0],
    size: () => entries.length - first,
  }
}

// CopyDone and CopyFail are answered by nothing.
export function headOf(expected: Expected): Entry | undefined {
  let entry = expected.head()
  while (entry !== undefined && entry.kind === 'copy_end') {
    expected.shift()
    entry = expected.head()
  }
  return entry
}
