// What reading one SQL text gives: its statements, the facts of each, and what the relay must know
// to follow the session. Made by `read.ts`; nobody looks at the text again afterwards.
import type { CommandFacts } from '../../schemas/facts.js'
import type { Oid } from './catalogue.js'
import type { MaskShape } from './mask-shape.js'
import type { AskedParameter } from './masks-written.js'
import type { Stored } from './stored.js'

// What the statement does to the state that the gateway tracks for the session.
export type Control =
  | { readonly kind: 'none' }
  | { readonly kind: 'begin' | 'commit' | 'rollback' }
  | { readonly kind: 'savepoint' | 'rollback_to' | 'release'; readonly name: string }
  // Two-phase commit; always refused by the shipped library.
  | { readonly kind: 'prepare_transaction' }
  | { readonly kind: 'prepare'; readonly name: string; readonly statement: Statement }
  | { readonly kind: 'execute'; readonly name: string; readonly explain: boolean }
  // name undefined: DEALLOCATE ALL
  | { readonly kind: 'deallocate'; readonly name: string | undefined }
  // hold: the cursor outlives its transaction (WITH HOLD); absent means that it does not.
  | {
      readonly kind: 'declare'
      readonly name: string
      readonly statement: Statement
      readonly hold?: boolean
    }
  | { readonly kind: 'fetch'; readonly name: string; readonly move: boolean }
  | { readonly kind: 'close'; readonly name: string | undefined }
  | { readonly kind: 'discard'; readonly what: 'all' | 'plans' | 'sequences' | 'temp' }
  | { readonly kind: 'copy_in' | 'copy_out' }
  // value undefined: to DEFAULT, or RESET; name undefined: RESET ALL
  | {
      readonly kind: 'set'
      readonly name: string | undefined
      readonly value: string | undefined
      readonly local: boolean
    }

// One result column of the statement as the static reading expects it, for the relay's check against
// RowDescription and for masking at the exit.
export type OutputColumn = {
  // Labelled columns whose value reaches this output, [] for none.
  readonly sources: readonly string[]
  readonly labels: readonly string[]
  // The value is a plain copy of one column: same type, nothing in between.
  readonly copy: boolean
  // Table OID and attribute number that RowDescription should carry, 0/0 for an expression or where
  // the reading does not know.
  readonly origin: { readonly table: Oid; readonly attnum: number }
}

// A name that stands for nothing in this database, and what it should stand for.
export type Missing = { readonly kind: 'relation' | 'column' | 'function'; readonly name: string }

export type Statement = {
  // Facts without `digest`, `message`, `position` and `of`, which the guard adds.
  readonly command: Omit<CommandFacts, 'digest' | 'postgres'> & {
    readonly postgres: Pick<CommandFacts['postgres'], 'tag' | 'limited' | 'returns_rows'>
  }
  readonly control: Control
  // undefined where the statement returns no rows; 'unknown' where it returns rows whose columns the
  // reading does not know (then an identity with masks is refused).
  readonly outputs: readonly OutputColumn[] | 'unknown' | undefined
  // After it ran: names may resolve differently (DDL, temporary objects, SET search_path or role, a
  // call of unknown effect), so the catalogue or the name context must be read again before the next.
  readonly invalidates: {
    readonly catalogue: boolean
    readonly names: boolean
    // These names alone, of relations that it makes, changes or drops.
    readonly relations?: readonly string[]
  }
  // The target's count in CommandComplete is that of all rows which the statement itself changes.
  readonly counted?: boolean
  // What alone keeps it from being read: the target would say that it does not exist.
  readonly missing?: Missing | undefined
  // Columns that labels must follow into; absent for none.
  readonly stored?: readonly Stored[]
  // Parameters whose values go to labelled columns; absent for none.
  readonly parameters?: readonly AskedParameter[]
  // Of EXECUTE: what those of its literals look like that look like masks, by place.
  readonly given?: readonly (MaskShape | undefined)[]
  // The row filters that are in its text already, as one text; see `row-filters.ts`.
  readonly filteredBy?: string
  // Byte range of the statement in the UTF-8 text.
  readonly start: number
  readonly end: number
}

export type Reading = {
  // A number that is unique to this reading within the process, for decision caches.
  readonly id: number
  // [] for an empty query. A text that does not parse has one statement whose `unread` says so.
  readonly statements: readonly Statement[]
  // Syntax error as PostgreSQL would report it, where the judge refused the text: the gateway answers
  // 42601 with it. `position` counts characters from 1.
  readonly syntaxError?: { readonly message: string; readonly position: number }
}
