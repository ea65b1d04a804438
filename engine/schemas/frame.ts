// One frame of a recording: the shape in which recordings, films, the API and the console hand on what a
// client sent and saw.

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
      readonly columns: readonly {
        readonly name: string
        readonly type: number
        // In films: the method of the mask that its values wear, which need not look like one.
        readonly masked?: string
      }[]
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
