// What the index hears of, one after the other: lines of a record or of an export, read into the few words that
// searching needs.
import type { RecordedOutcome } from '../recording/recorded-outcomes.js'
import type { What, Who } from './views.js'

// Where a line lies, without its newline.
export type LinePlace = { readonly file: string; readonly offset: number; readonly bytes: number }

export type IndexedCommand = {
  readonly kind: 'command'
  readonly seq: number
  readonly time: number
  readonly session: string
  readonly command: number
  readonly text: string
  readonly who: Who
  readonly what: What
  readonly approval: string | undefined
  // Of earlier commands, which this line brought along.
  readonly outcomes: readonly RecordedOutcome[]
  readonly place: LinePlace
}

export type SessionHappened = {
  readonly kind: 'session'
  readonly seq: number
  readonly time: number
  readonly session: string
  readonly event: 'opened' | 'refused' | 'closed'
  readonly who: Who | undefined
  readonly name: string | undefined
  readonly identityKind: string | undefined
  readonly target: string | undefined
  readonly database: string | undefined
  readonly clientAddress: string | undefined
  readonly application: string | undefined
  readonly reason: string | undefined
}

// Rare beside commands; `command` is what it is about, where the line says so.
export type Mark = {
  readonly kind: 'mark'
  readonly mark: 'approval' | 'approver' | 'incident' | 'shadow'
  readonly value: string
  readonly seq: number
  readonly time: number
  readonly session: string | undefined
  readonly command: number | undefined
  readonly approval: string | undefined
  readonly detail: object
}

export type Happened =
  | IndexedCommand
  | SessionHappened
  | Mark
  | { readonly kind: 'outcome'; readonly outcome: RecordedOutcome }
  // Which bundle decides from here on.
  | { readonly kind: 'bundle'; readonly bundle: string }
  // A gateway began: sessions that were open ended with the one before.
  | { readonly kind: 'started' }
