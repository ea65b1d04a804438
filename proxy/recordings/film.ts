// A recording as the rest of the gateway sees it: what one client sent and saw, frame by frame, masked as
// it went out. `recordings.ts` makes one of `Recordings`; whatever reads films (replay, exports, the
// console) needs nothing but this file.

/** One thing the client sent or saw, masked as it went out. `at`: ms since the session opened. */
export type Frame =
  | {
      readonly at: number
      readonly kind: 'command'
      readonly command: number
      // Redacted as in the record. Values of parameters as text, bytes as \x hex, hidden ones as '…'.
      readonly text: string
      readonly binds?: readonly (string | null)[]
    }
  | {
      readonly at: number
      readonly kind: 'columns'
      readonly command: number
      // `type`: OID of the type; 0 where the client never asked for a description. A copy has one column
      // named `copy`, and each line (or piece of binary) is a row.
      readonly columns: readonly { readonly name: string; readonly type: number }[]
    }
  | {
      readonly at: number
      readonly kind: 'rows'
      readonly command: number
      // Text form; binary shown as text where the type is known, else as \x hex.
      readonly rows: readonly (readonly (string | null)[])[]
    }
  | {
      readonly at: number
      readonly kind: 'done'
      readonly command: number
      readonly tag: string
    }
  | {
      readonly at: number
      readonly kind: 'error'
      readonly command: number
      readonly sqlstate: string
      readonly message: string
      readonly detail?: string
      readonly hint?: string
    }
  | {
      readonly at: number
      readonly kind: 'notice'
      readonly command: number
      readonly severity: string
      readonly message: string
      readonly hint?: string
    }
  // Something that went out is not here from this point on: beyond what the policy lets be recorded, or
  // the end of a recording that is cut short (`command` 0).
  | {
      readonly at: number
      readonly kind: 'cut'
      readonly command: number
      readonly why: string
    }

export type FilmState =
  // The session is open, and more may come.
  | 'live'
  // Closed as it should be: the last chunk says so.
  | 'finished'
  // The gateway ended, or the disk failed, before the session did.
  | 'cut_short'

export type Film = {
  readonly session: string
  readonly openedMs: number
  readonly subject: string
  readonly issuer: string
  readonly target: string
  readonly database: string
  readonly state: FilmState
  // Of the sealed file.
  readonly bytes: number
}

// Frames come in the order in which they were seen. What cannot be read ends the iteration with a
// GatewayError: `not_found` (never recorded, or deleted), `recording_locked` (no key for it),
// `recording_damaged` (not what was written). A film that ends early closes on a `cut` frame.
export type Recordings = {
  readonly read: (session: string) => AsyncIterable<Frame>
  readonly film: (session: string) => Promise<Film | undefined>
  readonly films: () => AsyncIterable<Film>
}
